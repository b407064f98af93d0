import { create } from '@bufbuild/protobuf';
import {
  type CaptureReady,
  LeaveCaptureSchema,
  type PeerSignal,
  WatchCaptureSchema,
} from '../gen/atrium/v1/live_pb';
import type { Said } from '../link/codec';
import { CaptureConnection, type CaptureLine, type Screens } from './connection';
import { waitMs } from './waits';

/** How the picture comes. */
export type WatchedPhase = 'connecting' | 'seen' | 'late';

const LOOK_EVERY_MS = 1000;
const LATE_AFTER_MS = 10_000;

/**
 * A screen that somebody else shows, watched by this page until it is left. A
 * connection that fails, or brings nothing for a while, is asked for again; the last
 * picture stays until the next one comes.
 */
export class WatchedCapture {
  // Given.
  readonly name: string;
  private readonly screens: Screens;
  private readonly line: CaptureLine;
  private readonly onChanged: () => void;
  // State.
  private connection: CaptureConnection | undefined;
  private ended = false;
  /** `watch_capture` was said and waits for its outcome. */
  private asking = false;
  private attempts = 0;
  private frames = 0;
  private frameMs = 0;
  private readonly lookTimer: ReturnType<typeof setInterval>;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  phase: WatchedPhase = 'connecting';
  /** What is to be seen; the last of it while another one is on its way. */
  stream: MediaStream | undefined;
  /** Peer connections made for it. */
  peers = 0;

  constructor(name: string, screens: Screens, line: CaptureLine, onChanged: () => void) {
    this.name = name;
    this.screens = screens;
    this.line = line;
    this.onChanged = onChanged;
    this.lookTimer = setInterval(() => void this.look(), LOOK_EVERY_MS);
    void this.ask();
  }

  get peer(): RTCPeerConnection | undefined {
    return this.connection?.peer;
  }

  /** A new peer connection is to be made. */
  onReady(ready: CaptureReady): void {
    if (this.ended || ready.epoch === this.connection?.epoch) return;
    clearTimeout(this.retryTimer);
    this.connection?.close();
    this.peers++;
    this.frames = 0;
    this.frameMs = Date.now();
    const connection = new CaptureConnection(ready, this.screens, this.line, {
      onConnected: () => {},
      onFailed: () => connection === this.connection && this.again(),
      onPicture: (track) => this.onTrack(track),
    });
    this.connection = connection;
  }

  onSignal(signal: PeerSignal): void {
    this.connection?.onSignal(signal);
  }

  /** The server's side of the connection failed. */
  onEnded(): void {
    this.again();
  }

  /** A new socket: what did not connect over the old one is asked for again. */
  onRejoined(): void {
    if (this.connection?.isConnected || this.asking) return;
    clearTimeout(this.retryTimer);
    void this.ask();
  }

  /** A frame is to be seen. */
  onFrame(): void {
    this.frameMs = Date.now();
    this.attempts = 0;
    this.setPhase('seen');
  }

  /** Stops watching; `gone` if the capture is, and nobody needs to be told. */
  end(gone: boolean): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.lookTimer);
    clearTimeout(this.retryTimer);
    this.dropConnection();
    this.stream = undefined;
    if (gone) return;
    this.line.ask(leaveOf(this.name)).catch(() => {});
  }

  private async ask(): Promise<void> {
    this.asking = true;
    this.frameMs = Date.now();
    const value = create(WatchCaptureSchema, { capture: this.name });
    try {
      await this.line.ask({ case: 'watchCapture', value });
      this.asking = false;
    } catch {
      this.asking = false;
      this.again();
    }
  }

  /** The connection failed, or was refused: another one, a little later. */
  private again(): void {
    if (this.ended) return;
    this.dropConnection();
    this.frameMs = Number.POSITIVE_INFINITY;
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => void this.ask(), waitMs(this.attempts++));
    this.setPhase('late');
  }

  /** Looks whether frames came since the last time. */
  private async look(): Promise<void> {
    const { connection } = this;
    const report = await connection?.peer.getStats().catch(() => undefined);
    const frames = report ? framesIn(report) : 0;
    if (this.ended || connection !== this.connection) return;
    if (frames > this.frames) {
      this.frames = frames;
      this.onFrame();
    } else if (!this.asking && Date.now() - this.frameMs >= LATE_AFTER_MS) this.again();
  }

  private onTrack(track: MediaStreamTrack): void {
    const show = () => {
      if (this.ended) return;
      this.stream = new MediaStream([track]);
      this.onChanged();
    };
    if (track.muted && this.stream) track.onunmute = show;
    else show();
  }

  private dropConnection(): void {
    this.connection?.close();
    this.connection = undefined;
  }

  private setPhase(phase: WatchedPhase): void {
    if (phase === this.phase) return;
    this.phase = phase;
    this.onChanged();
  }
}

/** What ends the watching of a screen. */
export function leaveOf(capture: string): Said {
  return { case: 'leaveCapture', value: create(LeaveCaptureSchema, { capture }) };
}

function framesIn(report: RTCStatsReport): number {
  let frames = 0;
  for (const one of report.values()) {
    if (one.type === 'inbound-rtp') frames += one.framesDecoded ?? one.packetsReceived ?? 0;
  }
  return frames;
}
