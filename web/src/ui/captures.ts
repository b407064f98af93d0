import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Capture } from '../gen/atrium/v1/capture_pb';
import type { Topic } from '../room/changes';
import { RoomElement } from './element';

/** The screens that are shown, above the timeline or, on a phone, the terminal. */
class AtriumCaptures extends RoomElement {
  static override properties = { place: {} };
  protected readonly topics: readonly Topic[] = ['captures', 'state'];
  declare place: 'side' | 'phone';
  /** The screen whose tile has the focus. */
  private focused = '';

  override render(): TemplateResult | typeof nothing {
    const all = this.room.captures.all();
    if (all.length === 0) return nothing;
    const away = all.filter((one) => this.room.captures.isPutAway(one.name));
    const tiles = all.filter((one) => !away.includes(one));
    const many = tiles.length > 1 ? 'captures__tiles--many' : '';
    return html`<section class="captures captures--${this.place}" aria-label="Shown screens">
      <div class="captures__tiles ${many}">${this.list(tiles)}</div>
      <div class="captures__away">${this.list(away)}</div>
    </section>`;
  }

  protected override willUpdate(): void {
    const tile = document.activeElement?.closest<HTMLElement>('.captures [data-capture]');
    this.focused = tile?.dataset.capture ?? '';
  }

  protected override updated(): void {
    if (this.room.captures.all().length > 0) void import('./capture');
    if (this.focused) requestAnimationFrame(() => this.keepFocus());
  }

  /** A tile that became a line, or was one, is at another place; the focus follows. */
  private keepFocus(): void {
    if (document.activeElement !== document.body) return;
    const caption = `[data-capture="${this.focused}"] .capture__caption button`;
    this.querySelector<HTMLElement>(caption)?.focus();
  }

  private list(captures: Capture[]): unknown {
    return repeat(
      captures,
      (one) => one.name,
      (one) => html`<atrium-capture .name=${one.name} .place=${this.place}></atrium-capture>`,
    );
  }
}

customElements.define('atrium-captures', AtriumCaptures);
