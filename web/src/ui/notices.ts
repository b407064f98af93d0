import { html, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Topic } from '../room/changes';
import type { Notice } from '../room/notices';
import { RoomElement } from './element';
import { icon } from './icons';

/** Short messages at the edge of the page. */
class AtriumNotices extends RoomElement {
  protected readonly topics: readonly Topic[] = ['notices'];

  override render(): TemplateResult {
    return html`<div class="notices" role="status" aria-label="Notices">
      ${repeat(
        this.room.notices.shown,
        (one) => one.id,
        (one) => this.notice(one),
      )}
    </div>`;
  }

  private notice(one: Notice): TemplateResult {
    return html`<div class="notice notice--${one.tone}">
      <span class="notice__text">${one.text}</span>
      ${one.actions.map(
        (action) =>
          html`<button class="link" @click=${() => this.run(one, action.run)}>${action.label}</button>`,
      )}
      <button class="notice__close" aria-label="Dismiss" title="Dismiss" @click=${() => this.room.notices.remove(one.id)}>${icon('close')}</button>
    </div>`;
  }

  private run(notice: Notice, act: () => void): void {
    this.room.notices.remove(notice.id);
    act();
  }
}

customElements.define('atrium-notices', AtriumNotices);
