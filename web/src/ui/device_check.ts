import { html, nothing, type TemplateResult } from 'lit';
import { CheckedMicrophone } from '../call/checked_microphone';
import { canChooseSpeaker, devicesOf, Meter, playTestTone } from '../call/devices';
import { returnToTerminal } from '../room/actions';
import type { Topic } from '../room/changes';
import { RoomElement } from './element';
import { icon } from './icons';

const METER_BARS = 24;
/** Screen readers are told of the level no more often. */
const TELL_EVERY_MS = 500;

/**
 * Lets a person choose, see and hear their devices before they are heard, and later
 * on. It stands beside what else is shown and blocks nothing.
 */
class AtriumDeviceCheck extends RoomElement {
  protected readonly topics: readonly Topic[] = ['call', 'settings'];
  private inputs: MediaDeviceInfo[] = [];
  private outputs: MediaDeviceInfo[] = [];
  /** Opened here, for the meter; in a call the call's own is looked at. */
  private readonly own = new CheckedMicrophone(this.room.devices, {
    onMicrophoneChanged: () => this.requestUpdate(),
    onMicrophoneTrouble: ({ category }) => this.room.troubles.count(category, false),
  });
  private measured: MediaStream | undefined;
  private meter: Meter | undefined;
  private frame = 0;
  private toldMs = 0;
  private sounding = false;
  private back: Element | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.back = document.activeElement;
    navigator.mediaDevices?.addEventListener('devicechange', this.list);
    void this.list();
  }

  override disconnectedCallback(): void {
    navigator.mediaDevices?.removeEventListener('devicechange', this.list);
    this.own.close();
    this.measure(undefined);
    super.disconnectedCallback();
  }

  override render(): TemplateResult {
    const live = this.isLive;
    const { problem } = this.own;
    const name = this.maySpeak ? 'Microphone and loudspeaker' : 'Loudspeaker';
    return html`<section class="check" aria-label=${name} @keydown=${this.onKey}>
      <div class="check__head">
        <h2 tabindex="-1">${live || !this.maySpeak ? name : 'Before you go live'}</h2>
        <button class="button button--icon" aria-label="Close" title="Close" @click=${() => this.close()}>${icon('close')}</button>
      </div>
      ${problem ? html`<p class="check__problem" role="alert">${icon('warn')}<span>${problem}</span></p>` : nothing}
      ${this.maySpeak ? this.microphone() : nothing} ${this.speaker()}
      <div class="check__acts">
        <p class="check__note" role="status">${this.note(live)}</p>
        ${
          problem && !this.hasMicrophone
            ? html`<button class="button" @click=${() => void this.own.open(this.room.settings.microphone)}>Try again</button>`
            : nothing
        }
        ${this.goButton(live)}
      </div>
    </section>`;
  }

  protected override firstUpdated(): void {
    this.querySelector('h2')?.focus();
  }

  protected override updated(): void {
    if (!this.isConnected) return;
    const { own, room } = this;
    if (this.maySpeak) void own.follow(this.hasMicrophone, room.settings.microphone);
    if (own.stream && own.stream !== this.measured) void this.onOpened();
    this.measure(own.stream ?? room.call.microphone);
  }

  private get isLive(): boolean {
    return this.room.call.phase !== 'idle';
  }

  /** The call has one, or this person needs none. */
  private get hasMicrophone(): boolean {
    return this.isLive && !this.room.call.listensOnly;
  }

  private get maySpeak(): boolean {
    return this.room.mayType;
  }

  /** Goes on with what there is: a microphone, or none. */
  private goButton(live: boolean): TemplateResult {
    const { problem, stream } = this.own;
    if (live || !this.maySpeak) {
      const word = stream && this.room.call.listensOnly ? html`${icon('mic')} Use it` : 'Done';
      return html`<button class="button button--main check__go" @click=${() => this.go()}>${word}</button>`;
    }
    return problem
      ? html`<button class="button check__go" @click=${() => this.go()}>${icon('phone')} Listen only</button>`
      : html`<button class="button button--main check__go" ?disabled=${!stream} @click=${() => this.go()}>${icon('phone')} Go live</button>`;
  }

  private note(live: boolean): string {
    if (!this.maySpeak) return '';
    if (this.own.isAsking) return 'The browser asks whether this page may use the microphone.';
    if (this.own.problem) return '';
    if (live && this.room.call.muted) return 'You are muted: the bars rest.';
    return 'Say something: the bars should move.';
  }

  private microphone(): TemplateResult {
    return html`<label class="check__row">
        ${icon('mic')}<span class="sr-only">Microphone</span>
        ${choice(this.inputs, this.room.settings.microphone, 'Microphone', this.onMicrophone)}
      </label>
      <div class="meter" role="meter" aria-label="Level of the microphone" aria-valuemin="0" aria-valuemax="100" aria-valuenow="0">
        ${Array.from({ length: METER_BARS }, () => html`<i></i>`)}
      </div>`;
  }

  private speaker(): TemplateResult {
    return html`<div class="check__row">
      ${icon('speaker')}
      ${
        canChooseSpeaker()
          ? html`<label class="check__choice"><span class="sr-only">Loudspeaker</span>${choice(this.outputs, this.room.settings.speaker, 'Loudspeaker', this.onSpeaker)}</label>`
          : html`<span class="check__choice">The system's loudspeaker</span>`
      }
      <button class="button" aria-disabled=${this.sounding} @click=${() => void this.sound()}>Test tone</button>
    </div>`;
  }

  /** Devices have names now, and the next thing to do is to go live. */
  private async onOpened(): Promise<void> {
    await this.list();
    await this.updateComplete;
    if (this.contains(document.activeElement))
      this.querySelector<HTMLElement>('.check__go')?.focus();
  }

  private readonly list = async () => {
    [this.inputs, this.outputs] = await Promise.all([
      devicesOf('audioinput'),
      devicesOf('audiooutput'),
    ]);
    this.requestUpdate();
  };

  /** Looks at the microphone that is open now, if one is. */
  private measure(stream: MediaStream | undefined): void {
    if (stream === this.measured) return;
    cancelAnimationFrame(this.frame);
    this.meter?.stop();
    this.measured = stream;
    this.meter = stream && new Meter(stream);
    if (this.meter) this.draw();
  }

  private draw(): void {
    const level = this.meter?.read() ?? 0;
    this.querySelectorAll('.meter i').forEach((bar, index) => {
      bar.classList.toggle('on', index < level * METER_BARS);
    });
    if (Date.now() - this.toldMs > TELL_EVERY_MS) {
      this.toldMs = Date.now();
      this.querySelector('.meter')?.setAttribute('aria-valuenow', String(Math.round(level * 100)));
    }
    this.frame = requestAnimationFrame(() => this.draw());
  }

  private readonly onMicrophone = (microphone: string) => {
    this.room.setSettings({ microphone });
    if (this.hasMicrophone) void this.room.call.changeMicrophone(microphone);
    else void this.own.open(microphone);
  };

  private readonly onSpeaker = (speaker: string) => {
    this.room.setSettings({ speaker });
    void this.room.devices.useSpeaker(speaker);
  };

  private async sound(): Promise<void> {
    if (this.sounding) return;
    this.sounding = true;
    this.requestUpdate();
    await playTestTone(this.room.settings.speaker).catch((error) =>
      this.room.notices.failed(error),
    );
    this.sounding = false;
    this.requestUpdate();
  }

  private go(): void {
    const { own, room } = this;
    const { problem } = own;
    const stream = own.take();
    if (this.maySpeak) room.setSettings({ checked: true });
    if (stream && this.isLive) void room.call.speak(stream);
    else if (stream) void room.call.start(room.settings.microphone, stream);
    else if (!this.isLive && problem) {
      void room.call.listen(problem);
      // It was just read.
      room.troubles.dismissListening();
    }
    this.close();
  }

  private close(): void {
    this.room.show({ checkingDevices: false });
    if (this.back instanceof HTMLElement && this.back.isConnected) this.back.focus();
    else returnToTerminal(this.room);
  }

  private readonly onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    this.close();
  };
}

function choice(
  devices: readonly MediaDeviceInfo[],
  chosen: string,
  kind: string,
  choose: (deviceId: string) => void,
): TemplateResult {
  const onChange = (event: Event) => choose((event.target as HTMLSelectElement).value);
  return html`<select ?disabled=${devices.length === 0} @change=${onChange}>
    ${devices.length === 0 ? html`<option>The browser's choice</option>` : nothing}
    ${devices.map(
      (one, index) => html`<option value=${one.deviceId} .selected=${one.deviceId === chosen}>
        ${one.label || `${kind} ${index + 1}`}
      </option>`,
    )}
  </select>`;
}

customElements.define('atrium-device-check', AtriumDeviceCheck);
