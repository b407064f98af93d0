import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Capture } from '../gen/atrium/v1/capture_pb';
import { act, returnToTerminal } from '../room/actions';
import type { Topic } from '../room/changes';
import { chordsOf, showChord } from '../room/shortcuts';
import { RoomElement } from './element';
import { icon } from './icons';

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

/** Shares a screen; while one is shared, says so and ends it. */
class AtriumShare extends RoomElement {
  protected readonly topics: readonly Topic[] = ['captures', 'state', 'settings'];
  private hadFocus = false;

  override render(): TemplateResult | typeof nothing {
    const { shown, obstacle } = this.room.captures;
    if (shown.isShowing) return this.sharing();
    if (obstacle || !this.room.self) return nothing;
    const picking = shown.phase === 'asking';
    const chord = showChord(chordsOf('capture.toggle', this.room.settings)[0] ?? '');
    return html`<button class="button button--quiet share" title=${`Share screen ${chord}`} aria-busy=${picking} @click=${this.onClick}>${icon('screen')}<span class="share__word">Share screen</span></button>`;
  }

  protected override willUpdate(): void {
    this.hadFocus = this.contains(document.activeElement);
  }

  protected override updated(): void {
    if (this.hadFocus && !this.contains(document.activeElement))
      this.querySelector('button')?.focus();
  }

  private readonly onClick = (event: MouseEvent) => {
    act(this.room, 'capture.toggle');
    if (event.detail > 0) returnToTerminal(this.room);
  };

  private sharing(): TemplateResult {
    const { shown } = this.room.captures;
    const how = shown.isLate ? html` <span class="sharing__late">connecting again</span>` : nothing;
    return html`<div class="sharing" role="group" aria-label="Your screen">
      ${icon('screen')}<span class="sharing__text" role="status" title=${shown.title}>You are sharing: <b>${shown.title}</b>${how}</span>
      <button class="button sharing__stop" @click=${this.onClick}>Stop sharing</button>
    </div>`;
  }
}

customElements.define('atrium-captures', AtriumCaptures);
customElements.define('atrium-share', AtriumShare);
