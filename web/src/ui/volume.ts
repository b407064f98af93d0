import { create } from '@bufbuild/protobuf';
import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { type Participant, SetParticipantVolumeRequestSchema } from '../gen/atrium/v1/session_pb';
import type { Topic } from '../room/changes';
import { RoomElement } from './element';

const LOUDEST = 200;

/** Sets how loud all people hear somebody; "close" asks to be put away. */
class AtriumVolume extends RoomElement {
  static override properties = { participant: { attribute: false } };
  protected readonly topics: readonly Topic[] = ['state'];
  declare participant: Participant | undefined;
  /** Where the hand has put it, until it is so, or is refused, or the hand leaves. */
  private held: number | undefined;

  protected override willUpdate(): void {
    if (this.participant && this.room.volume.of(this.participant) === this.held)
      this.held = undefined;
  }

  override render(): TemplateResult | typeof nothing {
    if (!this.participant) return nothing;
    const { displayName } = this.participant;
    const percent = this.held ?? this.room.volume.of(this.participant);
    return html`<label class="person__volume">
      <span>Volume</span>
      <input type="range" min="0" max=${LOUDEST} step="10" aria-label=${`Volume of ${displayName} for everybody`} aria-valuetext=${`${percent} percent`} .value=${live(String(percent))} @input=${this.onInput} @change=${this.onChange} @blur=${this.letGo} @keydown=${this.onKey} />
      <output>${percent} %</output>
    </label>`;
  }

  private readonly onInput = (event: Event) => {
    this.held = percentOf(event);
    this.requestUpdate();
  };

  private readonly letGo = () => {
    this.held = undefined;
    this.requestUpdate();
  };

  private readonly onChange = (event: Event) => {
    const { name = '' } = this.participant ?? {};
    const volumePercent = percentOf(event);
    const value = create(SetParticipantVolumeRequestSchema, { name, volumePercent });
    this.room.ask({ case: 'setParticipantVolume', value }).catch((error) => {
      if (this.held === volumePercent) this.letGo();
      this.room.notices.failed(error);
    });
  };

  private readonly onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    this.dispatchEvent(new Event('close'));
  };
}

function percentOf({ target }: Event): number {
  return Number((target as HTMLInputElement).value);
}

customElements.define('atrium-volume', AtriumVolume);
