import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { act } from '../room/actions';
import type { Topic } from '../room/changes';
import { chordsOf, showChord } from '../room/shortcuts';
import { RoomElement } from './element';
import { icon } from './icons';
import './capture';

/** The screens that are shown, above the timeline or, on a phone, the terminal. */
class AtriumCaptures extends RoomElement {
  static override properties = { place: {} };
  protected readonly topics: readonly Topic[] = ['captures', 'state'];
  declare place: 'side' | 'phone';

  override render(): TemplateResult | typeof nothing {
    const all = this.room.captures.all();
    if (all.length === 0) return nothing;
    const many = all.length > 1 ? 'captures--many' : '';
    return html`<section class="captures captures--${this.place} ${many}" aria-label="Shown screens">
      ${repeat(
        all,
        (one) => one.name,
        (one) => html`<atrium-capture .name=${one.name} .place=${this.place}></atrium-capture>`,
      )}
    </section>`;
  }
}

/** Shares a screen; while one is shared, says so and ends it. */
class AtriumShare extends RoomElement {
  protected readonly topics: readonly Topic[] = ['captures', 'state', 'settings'];

  override render(): TemplateResult | typeof nothing {
    const { shown, obstacle } = this.room.captures;
    if (shown.isShowing) return this.sharing();
    if (obstacle || !this.room.self) return nothing;
    const picking = shown.phase === 'asking';
    const chord = showChord(chordsOf('capture.toggle', this.room.settings)[0] ?? '');
    return html`<button class="button button--quiet share" title=${`Share screen ${chord}`} aria-busy=${picking} @click=${() => act(this.room, 'capture.toggle')}>${icon('screen')}<span class="share__word">Share screen</span></button>`;
  }

  private sharing(): TemplateResult {
    const { shown } = this.room.captures;
    const how = shown.isLate ? html` <span class="sharing__late">connecting again</span>` : nothing;
    return html`<div class="sharing" role="group" aria-label="Your screen">
      ${icon('screen')}<span class="sharing__text" role="status" title=${shown.title}>You are sharing: <b>${shown.title}</b>${how}</span>
      <button class="button sharing__stop" @click=${() => act(this.room, 'capture.toggle')}>Stop sharing</button>
    </div>`;
  }
}

customElements.define('atrium-captures', AtriumCaptures);
customElements.define('atrium-share', AtriumShare);
