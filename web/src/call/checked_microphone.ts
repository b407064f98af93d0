import type { Devices } from './call';
import { type CallTrouble, microphoneProblem } from './problems';

export interface CheckedMicrophoneListener {
  onMicrophoneChanged(): void;
  onMicrophoneTrouble(trouble: CallTrouble): void;
}

/**
 * The microphone that is open for the check of devices: never beside the call's own,
 * which is looked at while there is one.
 */
export class CheckedMicrophone {
  // Given.
  private readonly devices: Pick<Devices, 'microphone'>;
  private readonly listener: CheckedMicrophoneListener;
  // State.
  private opening = 0;
  stream: MediaStream | undefined;
  /** Why there is none, for people. */
  problem = '';
  /** The browser asks the person, or opens it. */
  isAsking = false;

  constructor(devices: Pick<Devices, 'microphone'>, listener: CheckedMicrophoneListener) {
    this.devices = devices;
    this.listener = listener;
  }

  /** Opens one where the call has none, and leaves it to the call where it has. */
  async follow(isLive: boolean, deviceId: string): Promise<void> {
    const { stream, isAsking, problem } = this;
    const isIdle = !stream && !isAsking && !problem;
    if (isLive && !isIdle) {
      this.close();
      this.listener.onMicrophoneChanged();
    } else if (!isLive && isIdle) await this.open(deviceId);
  }

  /** Opens this one instead of what was open. */
  async open(deviceId: string): Promise<void> {
    this.close();
    const turn = this.opening;
    this.isAsking = true;
    this.listener.onMicrophoneChanged();
    let stream: MediaStream | undefined;
    let trouble: CallTrouble | undefined;
    try {
      stream = await this.devices.microphone(deviceId);
    } catch (error) {
      trouble = microphoneProblem(error, 'try again');
    }
    if (turn !== this.opening) {
      stop(stream);
      return;
    }
    this.isAsking = false;
    this.stream = stream;
    this.problem = trouble?.text ?? '';
    if (trouble) this.listener.onMicrophoneTrouble(trouble);
    this.listener.onMicrophoneChanged();
  }

  /** Hands it over, open as it is. */
  take(): MediaStream | undefined {
    const { stream } = this;
    this.stream = undefined;
    return stream;
  }

  /** Closes it, or what the browser still asks for, and forgets what was wrong. */
  close(): void {
    this.opening++;
    stop(this.take());
    this.isAsking = false;
    this.problem = '';
  }
}

function stop(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
