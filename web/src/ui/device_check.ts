import { html, nothing, type TemplateResult } from 'lit';
import { BrowserDevices, Meter, microphones, playTestTone } from '../call/devices';
import { InsecureOriginError, microphoneProblem } from '../call/problems';
import type { Topic } from '../room/changes';
import { RoomDialog } from './dialog';
import { icon } from './icons';

const METER_BARS = 16;

/** Lets a person choose and see the microphone before being heard. */
class AtriumDeviceCheck extends RoomDialog {
  protected readonly topics: readonly Topic[] = ['call'];
  protected readonly heading = 'Microphone';
  private choices: MediaDeviceInfo[] = [];
  private stream: MediaStream | undefined;
  private meter: Meter | undefined;
  private frame = 0;
  private problem = '';
  private opening = 0;

  override connectedCallback(): void {
    super.connectedCallback();
    void this.open(this.room.settings.microphone);
  }

  override disconnectedCallback(): void {
    this.opening++;
    this.release();
    super.disconnectedCallback();
  }

  protected content(): TemplateResult {
    const live = this.room.call.phase !== 'idle';
    return html`
      ${this.problem ? html`<p class="dialog__problem" role="alert">${icon('warn')} ${this.problem}</p>` : nothing}
      <label class="field">
        <span>Microphone</span>
        <select @change=${this.onChoose} ?disabled=${this.choices.length === 0}>
          ${this.choices.length === 0 ? html`<option>The browser's choice</option>` : nothing}
          ${this.choices.map(
            (
              one,
              index,
            ) => html`<option value=${one.deviceId} ?selected=${one.deviceId === this.room.settings.microphone}>
              ${one.label || `Microphone ${index + 1}`}
            </option>`,
          )}
        </select>
      </label>
      <div class="field">
        <span id="meter-name">Level</span>
        <div class="meter" role="img" aria-labelledby="meter-name">${Array.from({ length: METER_BARS }, () => html`<i></i>`)}</div>
      </div>
      <p class="dialog__note">Say something: the bars should move. Headphones keep the others from hearing themselves.</p>
      <div class="dialog__acts">
        <button class="button" @click=${playTestTone}>${icon('speaker')} Play a test tone</button>
        <button class="button button--main" ?disabled=${!!this.problem && !live} @click=${() => this.done(live)}>
          ${live ? 'Done' : html`${icon('phone')} Start live audio`}
        </button>
      </div>
    `;
  }

  private async open(deviceId: string): Promise<void> {
    const turn = ++this.opening;
    this.release();
    try {
      if (!navigator.mediaDevices) throw new InsecureOriginError();
      const stream = await BrowserDevices.prototype.microphone(deviceId);
      if (turn !== this.opening) {
        for (const track of stream.getTracks()) track.stop();
        return;
      }
      this.stream = stream;
      this.meter = new Meter(stream);
      this.problem = '';
      this.choices = await microphones();
      this.draw();
    } catch (error) {
      this.problem = microphoneProblem(error);
    }
    this.requestUpdate();
  }

  private draw(): void {
    const level = (this.meter?.read() ?? 0) * METER_BARS;
    this.querySelectorAll('.meter i').forEach((bar, index) => {
      bar.classList.toggle('on', index < level);
    });
    this.frame = requestAnimationFrame(() => this.draw());
  }

  private release(): void {
    cancelAnimationFrame(this.frame);
    this.meter?.stop();
    this.meter = undefined;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
  }

  private readonly onChoose = (event: Event) => {
    const microphone = (event.target as HTMLSelectElement).value;
    this.room.setSettings({ microphone });
    void this.open(microphone);
  };

  private done(live: boolean): void {
    this.release();
    this.room.setSettings({ checked: true });
    const { microphone } = this.room.settings;
    if (live) void this.room.call.changeMicrophone(microphone);
    else void this.room.call.start(microphone);
    this.close();
  }
}

customElements.define('atrium-device-check', AtriumDeviceCheck);
