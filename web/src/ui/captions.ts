import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import type { Caption } from '../gen/atrium/v1/conversation_pb';
import { act, callObstacle } from '../room/actions';
import type { Topic } from '../room/changes';
import { chordsOf, showChord } from '../room/shortcuts';
import { CAPTION_ROOM_STAYS_MS, CAPTION_STAYS_MS } from '../state/captions';
import { RoomElement } from './element';
import { icon } from './icons';

/** The last two utterances, while they are said and a little longer. */
class AtriumCaptions extends RoomElement {
  protected readonly topics: readonly Topic[] = ['captions', 'settings', 'call', 'link', 'state'];
  private timer: ReturnType<typeof setTimeout> | undefined;

  override render(): TemplateResult {
    const lines = this.room.captions.visible(Date.now());
    const isRecent = this.room.captions.isRecent(Date.now());
    clearTimeout(this.timer);
    if (isRecent) {
      const wait = lines.length > 0 ? CAPTION_STAYS_MS : CAPTION_ROOM_STAYS_MS;
      this.timer = setTimeout(() => this.requestUpdate(), wait);
    }
    const large = this.room.settings.largeCaptions ? 'captions--large' : '';
    return html`<div class="captions ${large} ${isRecent ? 'captions--recent' : ''}">
        <div class="captions__lines" aria-hidden="true">
          ${lines.length === 0 ? this.hint() : nothing}
          ${lines.map(
            (one) => html`<p class="caption ${one.final ? '' : 'caption--open'}">
              <b>${this.speakers(one)}</b> ${one.text}
            </p>`,
          )}
        </div>
        ${this.sizeButton()}
      </div>
      <div class="sr-only" role="log" aria-label="Captions">
        ${repeat(
          this.room.captions.readOut(),
          (one) => one.utterance,
          (one) => html`<p>${this.speakers(one)}: ${one.text}</p>`,
        )}
      </div>`;
  }

  private sizeButton(): TemplateResult {
    const { settings } = this.room;
    const chord = showChord(chordsOf('captions.large', settings)[0] ?? '');
    return html`<button class="button button--icon captions__size" title=${`Large captions ${chord}`} aria-label="Large captions" aria-pressed=${settings.largeCaptions} @click=${() => act(this.room, 'captions.large')}>${icon('captions')}</button>`;
  }

  /** The strip keeps its height, so that nobody's terminal changes its size. */
  private hint(): TemplateResult | typeof nothing {
    const { room } = this;
    if (!room.store.known || room.linkState.kind !== 'open' || room.linkState.controlAway)
      return nothing;
    const talk =
      room.call.phase === 'idle' && !callObstacle(room) ? ' Start live audio to talk along.' : '';
    return html`<p class="captions__hint">What is said appears here.${talk}</p>`;
  }

  private speakers(caption: Caption): string {
    return caption.speakers.map((name) => this.room.nameOf(name)).join(', ');
  }
}

customElements.define('atrium-captions', AtriumCaptions);
