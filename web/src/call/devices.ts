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
}

/** The microphones that can be chosen. */
export async function microphones(): Promise<MediaDeviceInfo[]> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  return all.filter((one) => one.kind === 'audioinput' && one.deviceId !== '');
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

/** A short tone, to hear whether the loudspeaker works. */
export function playTestTone(): void {
  const context = new AudioContext();
  const tone = context.createOscillator();
  const volume = context.createGain();
  tone.frequency.value = 660;
  volume.gain.setValueAtTime(0.0001, context.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.2, context.currentTime + 0.05);
  volume.gain.exponentialRampToValueAtTime(0.0001, context.currentTime + 0.6);
  tone.connect(volume).connect(context.destination);
  tone.start();
  tone.stop(context.currentTime + 0.65);
  tone.onended = () => void context.close();
}
