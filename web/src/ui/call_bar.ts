import { html, nothing, type TemplateResult } from 'lit';
import { act } from '../room/actions';
import type { Topic } from '../room/changes';
import { RoomElement } from './element';
import { icon } from './icons';

const QUALITY = { unknown: 0, poor: 1, fair: 2, good: 3 } as const;

/** The call's controls, shown while this page is in it. */
class AtriumCallBar extends RoomElement {
  protected readonly topics: readonly Topic[] = ['call'];

  override render(): TemplateResult | typeof nothing {
    const { call } = this.room;
    if (call.phase === 'idle') return nothing;
    return html`<div class="call" role="toolbar" aria-label="Live audio">
      ${this.toggle(call.muted, call.muted ? 'micOff' : 'mic', call.muted ? 'Unmute' : 'Mute', () => call.setMuted(!call.muted))}
      ${this.toggle(call.deafened, call.deafened ? 'speakerOff' : 'speaker', call.deafened ? 'Hear the others' : 'Silence the others', () => call.setDeafened(!call.deafened))}
      <button
        class="button button--icon"
        title="Hold to talk"
        aria-label="Hold to talk"
        @pointerdown=${() => call.hold(true)}
        @pointerup=${() => call.hold(false)}
        @pointercancel=${() => call.hold(false)}
        @keydown=${(event: KeyboardEvent) => this.onTalkKey(event, true)}
        @keyup=${(event: KeyboardEvent) => this.onTalkKey(event, false)}
      >
        ${icon('talk')}
      </button>
      ${this.quality()}
      <button class="button button--icon call__end" title="Hang up" aria-label="Hang up" @click=${() => act(this.room, 'call.toggle')}>${icon('phoneOff')}</button>
    </div>`;
  }

  private onTalkKey(event: KeyboardEvent, held: boolean): void {
    if (event.key !== ' ' && event.key !== 'Enter') return;
    event.preventDefault();
    if (!event.repeat) this.room.call.hold(held);
  }

  private toggle(pressed: boolean, sign: string, title: string, run: () => void): TemplateResult {
    return html`<button class="button button--icon ${pressed ? 'button--off' : ''}" title=${title} aria-label=${title} @click=${run}>${icon(sign)}</button>`;
  }

  private quality(): TemplateResult {
    const { phase, quality } = this.room.call;
    const word = phase === 'live' ? (quality === 'unknown' ? 'live' : quality) : 'connecting';
    const bars = phase === 'live' ? QUALITY[quality] || 3 : 0;
    return html`<span class="quality quality--${quality}" title=${`Connection: ${word}`}>
      <span class="quality__bars" aria-hidden="true">${[1, 2, 3].map((one) => html`<i class=${one <= bars ? 'on' : ''}></i>`)}</span>
      <span>${word}</span>
    </span>`;
  }
}

customElements.define('atrium-call-bar', AtriumCallBar);
