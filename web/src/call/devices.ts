import type { Devices } from './call';
import { InsecureOriginError } from './problems';

/** The browser's microphones, peer connections and loudspeaker. */
export class BrowserDevices implements Devices {
  private readonly audio: HTMLAudioElement;
  private readonly onBlocked: (retry: () => void) => void;

  constructor(onBlocked: (retry: () => void) => void) {
    this.onBlocked = onBlocked;
    this.audio = document.createElement('audio');
    this.audio.autoplay = true;
    this.audio.setAttribute('playsinline', '');
    this.audio.hidden = true;
    document.body.append(this.audio);
  }

  microphone(deviceId: string): Promise<MediaStream> {
    if (!navigator.mediaDevices) return Promise.reject(new InsecureOriginError());
    return navigator.mediaDevices.getUserMedia({
      audio: {
        echoCancellation: true,
        noiseSuppression: true,
        autoGainControl: true,
        channelCount: 1,
        ...(deviceId ? { deviceId: { ideal: deviceId } } : {}),
      },
    });
  }

  peer(configuration: RTCConfiguration): RTCPeerConnection {
    return new RTCPeerConnection(configuration);
  }

  play(stream: MediaStream | null): void {
    this.audio.srcObject = stream;
    if (!stream) return;
    const start = () => void this.audio.play().catch(() => this.onBlocked(start));
    start();
  }

  silence(silent: boolean): void {
    this.audio.muted = silent;
  }

  /** Plays by this loudspeaker from now on; by the usual one if it is gone. */
  async useSpeaker(deviceId: string): Promise<void> {
    await sinkTo(this.audio, deviceId);
  }
}

/** True if this browser lets a page choose where sound comes out. */
export const canChooseSpeaker = (): boolean =>
  typeof HTMLMediaElement !== 'undefined' && 'setSinkId' in HTMLMediaElement.prototype;

/** The devices of one kind that can be chosen; they have names once one was allowed. */
export async function devicesOf(kind: 'audioinput' | 'audiooutput'): Promise<MediaDeviceInfo[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all.filter((one) => one.kind === kind && one.deviceId !== '');
}

/** Measures how loud a stream is until it is stopped. */
export class Meter {
  private readonly context = new AudioContext();
  private readonly analyser = this.context.createAnalyser();
  private readonly samples: Float32Array<ArrayBuffer>;

  constructor(stream: MediaStream) {
    this.analyser.fftSize = 1024;
    this.samples = new Float32Array(this.analyser.fftSize);
    this.context.createMediaStreamSource(stream).connect(this.analyser);
  }

  /** The loudness now, as a part of 1. */
  read(): number {
    this.analyser.getFloatTimeDomainData(this.samples);
    const power = this.samples.reduce((sum, one) => sum + one * one, 0) / this.samples.length;
    const dbfs = 10 * Math.log10(power + 1e-9);
    return Math.min(1, Math.max(0, (dbfs + 60) / 50));
  }

  stop(): void {
    void this.context.close();
  }
}

const TONE_S = 0.65;

/** A short tone, to hear whether a loudspeaker works; resolves when it is over. */
export async function playTestTone(deviceId: string): Promise<void> {
  const context = new AudioContext();
  const tone = context.createOscillator();
  const volume = context.createGain();
  const out = context.createMediaStreamDestination();
  const audio = new Audio();
  audio.srcObject = out.stream;
  await sinkTo(audio, deviceId);
  await audio.play();
  const now = context.currentTime;
  tone.frequency.value = 660;
  volume.gain.setValueAtTime(0.0001, now);
  volume.gain.exponentialRampToValueAtTime(0.2, now + 0.05);
  volume.gain.exponentialRampToValueAtTime(0.0001, now + TONE_S - 0.05);
  tone.connect(volume).connect(out);
  tone.start();
  tone.stop(now + TONE_S);
  await new Promise((over) => {
    tone.onended = over;
  });
  audio.srcObject = null;
  await context.close();
}

async function sinkTo(audio: HTMLAudioElement, deviceId: string): Promise<void> {
  if (!canChooseSpeaker() || (!deviceId && !audio.sinkId)) return;
  await audio.setSinkId(deviceId).catch(() => audio.setSinkId('').catch(() => {}));
}
