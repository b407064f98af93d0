import { html, nothing, type TemplateResult } from 'lit';
import type { Caption } from '../gen/atrium/v1/conversation_pb';
import { callObstacle } from '../room/actions';
import type { Topic } from '../room/changes';
import { CAPTION_STAYS_MS } from '../state/captions';
import { RoomElement } from './element';

/** The last two utterances, while they are said and a little longer. */
class AtriumCaptions extends RoomElement {
  protected readonly topics: readonly Topic[] = ['captions', 'settings', 'call', 'link', 'state'];
  private timer: ReturnType<typeof setTimeout> | undefined;

  override render(): TemplateResult {
    const lines = this.room.captions.visible(Date.now());
    clearTimeout(this.timer);
    if (lines.length > 0) this.timer = setTimeout(() => this.requestUpdate(), CAPTION_STAYS_MS);
    const large = this.room.settings.largeCaptions ? 'captions--large' : '';
    return html`<div class="captions ${large}"  aria-hidden="true">
      ${lines.length === 0 ? this.hint() : nothing}
      ${lines.map(
        (one) => html`<p class="caption ${one.final ? '' : 'caption--open'}">
          <b>${this.speakers(one)}</b> ${one.text}
        </p>`,
      )}
      </div>
      <div class="sr-only" role="log" aria-label="Captions">
        ${lines.filter((one) => one.final).map((one) => html`<p>${this.speakers(one)}: ${one.text}</p>`)}
      </div>`;
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
