import { create } from '@bufbuild/protobuf';
import { Bandwidth, QualityGauge } from '../call/quality';
import { type Capture, DeleteCaptureRequestSchema } from '../gen/atrium/v1/capture_pb';
import {
  CallProblem_Category,
  type CaptureReady,
  type JoinResponse_CaptureBitrate,
  type PeerSignal,
  StartCaptureSchema,
} from '../gen/atrium/v1/live_pb';
import type { Said } from '../link/codec';
import { CaptureConnection, type CaptureLine, type Screens } from './connection';
import { AgentConsent, type Consent } from './consent';
import {
  type CaptureProblem,
  cardProblem,
  GONE,
  isPassing,
  pickProblem,
  startProblem,
} from './problems';
import { SendRate } from './rate';
import { titleOf } from './title';
import { waitMs } from './waits';

/** Where this page's own screen stands. */
export type ShownPhase = 'idle' | 'asking' | 'starting' | 'showing';

/** The server's part, and whether what it said last is of now. */
export interface ShownLine extends CaptureLine {
  /** Connected, and the whole state came since. */
  readonly isCurrent: boolean;
}

export interface ShownListener {
  onShownChanged(): void;
  /** It cannot be shown, or its showing ended by itself. */
  onShownProblem(problem: CaptureProblem): void;
  /** It does badly, which people see in the bar. */
  onShownTrouble(category: CallProblem_Category): void;
}

const CONNECT_WITHIN_MS = 15_000;
const GAUGE_EVERY_MS = 2000;
/** What a screen needs to be read. */
const SCREEN_BPS = 300_000;
/** The server sees a failed connection too, and may want another one by itself. */
const SERVER_FIRST_MS = 5000;
/** Control that was started anew learns from media what is shown. */
const FORGOTTEN_AFTER_MS = 3000;

/**
 * The screen that this page shows: picked once, by a person, and sent over one peer
 * connection at a time. Another epoch, or a connection that failed, costs the person
 * nothing; whatever ends the showing also stops the picture at its source.
 */
export class ShownCapture {
  // Given.
  private readonly screens: Screens;
  private readonly line: ShownLine;
  private readonly listener: ShownListener;
  // State.
  private connection: CaptureConnection | undefined;
  private rate: SendRate | undefined;
  private failures = 0;
  /** What the server said last of how much is to be sent, and of which capture. */
  private bitrate: JoinResponse_CaptureBitrate | undefined;
  private warned = false;
  private readonly gauge = new QualityGauge();
  private readonly bandwidth = new Bandwidth(SCREEN_BPS);
  private wasConnected = false;
  private gaugeTimer: ReturnType<typeof setInterval> | undefined;
  private connectTimer: ReturnType<typeof setTimeout> | undefined;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private forgottenTimer: ReturnType<typeof setTimeout> | undefined;
  phase: ShownPhase = 'idle';
  /** The capture's name, once the server gave it one. */
  name = '';
  title = '';
  private readonly consent = new AgentConsent();
  /** To be shown anew as soon as it is known what was taken back meanwhile. */
  private isDue = false;
  /** The agent's card that the showing answers. */
  private approval = '';
  /** Until a card is answered with what was shown before: whether the agent saw that. */
  private sawBefore: boolean | undefined;
  stream: MediaStream | undefined;
  /** Peer connections made in this page's life. */
  peers = 0;

  constructor(screens: Screens, line: ShownLine, listener: ShownListener) {
    this.screens = screens;
    this.line = line;
    this.listener = listener;
  }

  get peer(): RTCPeerConnection | undefined {
    return this.connection?.peer;
  }

  /** True from the pick on until the end, whatever the network does. */
  get isShowing(): boolean {
    return this.stream !== undefined;
  }

  /** The agent may see it: a click here said so, and nothing took it back since. */
  get agentSees(): boolean {
    return this.consent.isGiven;
  }

  /** True while a connection that was there has to be made again. */
  get isLate(): boolean {
    return this.isShowing && this.failures > 0;
  }

  /** The link is too weak for what is shown, and has been for a while. */
  get isLow(): boolean {
    return this.isShowing && this.bandwidth.isLow;
  }

  /** Shows the same picture as the answer to the agent's card, without a question. */
  answer(approval: string): void {
    if (!this.name || this.phase !== 'showing') return;
    this.sawBefore = this.agentSees;
    this.consent.begin(true);
    this.approval = approval;
    this.dropConnection();
    this.startAnew();
  }

  /** The person says whether the agent may see it. Only to be called from a click. */
  allow(agentSees: boolean): void {
    this.consent.allow(agentSees);
  }

  /** The state says this of a screen, which may be this one. */
  heed({ name, agentSees }: Capture): void {
    if (name === this.name) this.consent.heed(agentSees);
  }

  /** Lets the person pick a screen and shows it. Only to be called from a click. */
  async start({ agentSees = false, approval = '' }: Consent = {}): Promise<void> {
    if (this.phase !== 'idle') return;
    this.consent.begin(agentSees);
    this.approval = approval;
    this.setPhase('asking');
    let stream: MediaStream;
    try {
      stream = await this.screens.pick();
    } catch (error) {
      this.end();
      this.listener.onShownProblem(pickProblem(error));
      return;
    }
    if ((this.phase as ShownPhase) !== 'asking') {
      stopTracks(stream);
      return;
    }
    this.take(stream);
    await this.ask(stream);
  }

  /** Ends the showing: nothing leaves this machine any more. */
  stop(): void {
    const { name } = this;
    this.end();
    this.letGo(name);
  }

  /** The page goes: there is no time to wait for an answer. */
  leave(): void {
    const { name } = this;
    this.end();
    if (name) this.line.say(stopOf(name));
  }

  /** The server wants a new peer connection. */
  onReady(ready: CaptureReady): void {
    const { stream } = this;
    if (!stream || ready.capture !== this.name) {
      this.letGo(ready.capture);
      return;
    }
    if (ready.epoch === this.connection?.epoch) return;
    clearTimeout(this.retryTimer);
    this.dropConnection();
    this.peers++;
    const connection = new CaptureConnection(
      ready,
      this.screens,
      this.line,
      {
        onConnected: () => connection === this.connection && this.onConnected(),
        onFailed: () => connection === this.connection && this.onFailed(),
        onPicture: () => {},
      },
      stream,
    );
    this.connection = connection;
    this.rate = new SendRate(connection.sender, (error) => {
      if (connection === this.connection) this.warn(error);
    });
    this.limit();
    this.watchConnecting();
    this.listener.onShownChanged();
  }

  onSignal(signal: PeerSignal): void {
    if (signal.capture === this.name) this.connection?.onSignal(signal);
  }

  /** The links of those who watch bear so much; holds until it is said anew. */
  onBitrate(bitrate: JoinResponse_CaptureBitrate): void {
    if (!this.name || bitrate.capture !== this.name) return;
    this.bitrate = bitrate;
    this.limit();
  }

  /** The state has these screens now; `whole` if none of them is still to come. */
  onState(captures: ReadonlyMap<string, Capture>, whole: boolean): void {
    const own = captures.get(this.name);
    if (own) this.heed(own);
    if (this.isDue) {
      // Of a screen that is gone nobody knows what was taken back before.
      if (!own) this.consent.begin(false);
      this.startAnew();
    }
    if (!this.name || own) {
      clearTimeout(this.forgottenTimer);
      return;
    }
    const { name } = this;
    clearTimeout(this.forgottenTimer);
    if (whole) this.onGone(name);
    else this.forgottenTimer = setTimeout(() => this.onGone(name), FORGOTTEN_AFTER_MS);
  }

  /** A screen is not shown any more. */
  onGone(name: string): void {
    if (!name || name !== this.name) return;
    this.end();
    this.listener.onShownProblem(GONE);
  }

  /** A new socket: a negotiation that the old one carried is lost. */
  onRejoined(): void {
    if (this.connection && !this.connection.isConnected) this.onFailed();
  }

  /** Stops everything at once, without a word to the server. */
  end(): void {
    clearTimeout(this.retryTimer);
    clearTimeout(this.forgottenTimer);
    this.dropConnection();
    if (this.stream) stopTracks(this.stream);
    this.stream = undefined;
    this.name = '';
    this.sawBefore = undefined;
    this.failures = 0;
    this.setPhase('idle');
  }

  private take(stream: MediaStream): void {
    const track = stream.getVideoTracks()[0];
    this.stream = stream;
    this.wasConnected = false;
    if (!track) return;
    track.contentHint = 'detail';
    this.title = titleOf(track);
    track.onended = () => {
      if (stream === this.stream) this.stop();
    };
  }

  private async ask(stream: MediaStream): Promise<void> {
    this.setPhase('starting');
    const { title, agentSees, approval } = this;
    const value = create(StartCaptureSchema, { title, agentSees, approval });
    // It is answered once; another connection of the same screen answers no card.
    this.approval = '';
    try {
      const { result } = await this.line.ask({ case: 'startCapture', value }, false);
      const capture = result.case === 'capture' ? result.value : undefined;
      if (stream === this.stream) this.onStarted(capture);
      else this.letGo(capture?.name ?? '');
    } catch (error) {
      if (stream === this.stream) this.onRefused(error);
    }
  }

  private onStarted(capture: Capture | undefined): void {
    this.name = capture?.name ?? '';
    this.sawBefore = undefined;
    if (capture) this.heed(capture);
    this.watchConnecting();
    this.setPhase('showing');
  }

  private onRefused(error: unknown): void {
    if (this.sawBefore !== undefined) this.onCardRefused(error, this.sawBefore);
    else if (this.failures > 0 && isPassing(error)) this.onFailed();
    else {
      this.end();
      this.listener.onShownProblem(startProblem(error));
    }
  }

  /** What was shown goes on as it was, and is late until it is connected again. */
  private onCardRefused(error: unknown, sawBefore: boolean): void {
    this.sawBefore = undefined;
    this.consent.begin(sawBefore);
    this.failures ||= 1;
    this.listener.onShownProblem(cardProblem(error));
    this.onDue();
  }

  private onConnected(): void {
    clearTimeout(this.connectTimer);
    this.failures = 0;
    this.wasConnected = true;
    this.limit();
    clearInterval(this.gaugeTimer);
    this.gaugeTimer = setInterval(() => void this.measure(), GAUGE_EVERY_MS);
    this.listener.onShownChanged();
  }

  /** Sends no more than was said of this capture; of another one it means nothing. */
  private limit(): void {
    const { bitrate } = this;
    if (bitrate?.capture === this.name) void this.rate?.limit(Number(bitrate.maxBps));
  }

  private warn(error: unknown): void {
    if (this.warned) return;
    this.warned = true;
    console.warn('The bitrate of the shown screen cannot be set.', error);
  }

  private async measure(): Promise<void> {
    const { connection } = this;
    const report = await connection?.peer.getStats().catch(() => undefined);
    if (!report || connection !== this.connection) return;
    const reading = this.gauge.reading(report);
    if (!reading || !this.bandwidth.take(reading)) return;
    if (this.bandwidth.isLow) this.listener.onShownTrouble(CallProblem_Category.LOW_BANDWIDTH);
    this.listener.onShownChanged();
  }

  /** Waits for the server's word, then shows the same picture as another capture. */
  private onFailed(): void {
    const { CONNECTION_LOST, HANDSHAKE_FAILED } = CallProblem_Category;
    this.listener.onShownTrouble(this.wasConnected ? CONNECTION_LOST : HANDSHAKE_FAILED);
    this.dropConnection();
    clearTimeout(this.retryTimer);
    const delayMs = Math.max(SERVER_FIRST_MS, waitMs(this.failures++));
    this.retryTimer = setTimeout(() => this.onDue(), delayMs);
    this.listener.onShownChanged();
  }

  private onDue(): void {
    if (this.line.isCurrent) this.startAnew();
    else this.isDue = true;
  }

  private startAnew(): void {
    const { name, stream } = this;
    clearTimeout(this.retryTimer);
    this.isDue = false;
    if (!stream) return;
    this.name = '';
    this.letGo(name);
    void this.ask(stream);
  }

  private watchConnecting(): void {
    clearTimeout(this.connectTimer);
    this.connectTimer = setTimeout(() => this.onFailed(), CONNECT_WITHIN_MS);
  }

  /** Takes a capture back that this page does not show. */
  private letGo(name: string): void {
    if (name) this.line.ask(stopOf(name)).catch(() => {});
  }

  private dropConnection(): void {
    this.isDue = false;
    clearTimeout(this.connectTimer);
    clearInterval(this.gaugeTimer);
    this.gauge.reset();
    this.bandwidth.reset();
    this.connection?.close();
    this.connection = undefined;
    this.rate = undefined;
  }

  private setPhase(phase: ShownPhase): void {
    this.phase = phase;
    this.listener.onShownChanged();
  }
}

/** What ends the showing of a screen. */
export function stopOf(name: string): Said {
  return { case: 'stopCapture', value: create(DeleteCaptureRequestSchema, { name }) };
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
}
