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

  override render(): TemplateResult | typeof nothing {
    if (!this.participant) return nothing;
    const { displayName } = this.participant;
    const percent = this.room.volume.of(this.participant);
    return html`<label class="person__volume">
      <span>Volume</span>
      <input type="range" min="0" max=${LOUDEST} step="10" aria-label=${`Volume of ${displayName} for everybody`} aria-valuetext=${`${percent} percent`} .value=${live(String(percent))} @change=${this.onChange} @keydown=${this.onKey} />
      <output>${percent} %</output>
    </label>`;
  }

  private readonly onChange = (event: Event) => {
    const { name = '' } = this.participant ?? {};
    const volumePercent = Number((event.target as HTMLInputElement).value);
    const value = create(SetParticipantVolumeRequestSchema, { name, volumePercent });
    this.room
      .ask({ case: 'setParticipantVolume', value })
      .catch((error) => this.room.notices.failed(error));
  };

  private readonly onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    this.dispatchEvent(new Event('close'));
  };
}

customElements.define('atrium-volume', AtriumVolume);
