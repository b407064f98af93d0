import { create } from '@bufbuild/protobuf';
import { isPassing } from '../capture/problems';
import { waitMs } from '../capture/waits';
import {
  CallProblem_Category,
  GoLiveSchema,
  HangUpSchema,
  type LiveEnded,
  type LiveReady,
  type PeerSignal,
  PeerSignalSchema,
  UpdateSelfSchema,
} from '../gen/atrium/v1/live_pb';
import type { Said } from '../link/codec';
import { iceServersOf } from './ice';
import { Negotiation } from './negotiation';
import { type CallTrouble, microphoneProblem } from './problems';
import { Bandwidth, type Quality, QualityGauge, qualityOf } from './quality';

/** Where the call stands for this page. */
export type Phase = 'idle' | 'asking' | 'connecting' | 'live';

/** The browser's part. */
export interface Devices {
  /** Asks for a microphone; the browser may ask the person. */
  microphone(deviceId: string): Promise<MediaStream>;
  peer(configuration: RTCConfiguration): RTCPeerConnection;
  /** Plays what comes; null ends it. */
  play(stream: MediaStream | null): void;
  silence(silent: boolean): void;
}

/** The server's part. */
export interface Line {
  say(message: Said): boolean;
  ask(message: Said): Promise<unknown>;
}

export interface CallListener {
  onCallChanged(): void;
  /** The call cannot be, ended by itself, or does badly. */
  onCallProblem(trouble: CallTrouble): void;
  /** The server does not let this page into the call, now or at all. */
  onCallRefused(error: unknown): void;
}

const HANDSHAKE_WITHIN_MS = 15_000;
const MAX_HANDSHAKE_FAILURES = 5;
/** A connection that stood for so long was one, whatever was tried before. */
const STEADY_AFTER_MS = 10_000;
const GAUGE_EVERY_MS = 2000;
/** LiveEnded.reason where the server's side of the connection failed. */
const PEER_FAILED = 'PEER_FAILED';
/** What a voice needs to be clear. */
const VOICE_BPS = 40_000;
const { CONNECTION_LOST, HANDSHAKE_FAILED, LOW_BANDWIDTH, NO_DEVICE } = CallProblem_Category;
/** What to do at last where there is no microphone. */
const CHECK = 'check your microphone';
const NOT_MADE =
  'No audio connection could be made. A firewall may block UDP; try another network, then start live audio again.';
const NOT_MADE_AGAIN =
  'Live audio lost its connection and could not make another. Start it again once the network is back.';

/**
 * This page's part in the call: one microphone track, and one peer connection at
 * a time, named by its epoch. A new epoch makes a new peer connection with the
 * same track; the person notices nothing but a short silence.
 */
export class Call {
  // Given.
  private readonly devices: Devices;
  private readonly line: Line;
  private readonly listener: CallListener;
  // State.
  private stream: MediaStream | undefined;
  private negotiation: Negotiation | undefined;
  private failures = 0;
  /** `go_live` was said and waits for its outcome. */
  private asking = false;
  /** The server ended the call for this page, which has not asked for it anew. */
  private endedThere = false;
  /** The server took this page into this call. */
  private wasTaken = false;
  /** How often in a row it did not take it again, for now. */
  private refusals = 0;
  /** The server was out of reach when this page left the call. */
  private owesHangUp = false;
  private connectedMs = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private handshakeTimer: ReturnType<typeof setTimeout> | undefined;
  private gaugeTimer: ReturnType<typeof setInterval> | undefined;
  private readonly gauge = new QualityGauge();
  private readonly bandwidth = new Bandwidth(VOICE_BPS);
  phase: Phase = 'idle';
  epoch = 0n;
  muted = false;
  /** Why nobody hears this page, though it is in the call; empty if it has a microphone. */
  listensOnly = '';
  /** The others were told that it is muted because it has none. */
  private toldMuted = false;
  deafened = false;
  quality: Quality = 'unknown';
  startedMs = 0;
  /** Peer connections made in this page's life. */
  peers = 0;

  constructor(devices: Devices, line: Line, listener: CallListener) {
    this.devices = devices;
    this.line = line;
    this.listener = listener;
  }

  get peer(): RTCPeerConnection | null {
    return this.negotiation?.connection ?? null;
  }

  /** The link is too weak for a clear voice, and has been for a while. */
  get isLow(): boolean {
    return this.phase === 'live' && this.bandwidth.isLow;
  }

  /** The call went on already, and its connection is made again. */
  get isReconnecting(): boolean {
    return this.phase === 'connecting' && this.startedMs > 0;
  }

  get microphone(): MediaStream | undefined {
    return this.stream;
  }

  /** The others see a mute that nobody asked for: it stands for a microphone that is missing. */
  get isMutedForWant(): boolean {
    return this.toldMuted && !this.muted;
  }

  /**
   * Enters the call, with a microphone that is open already if one is given, or only to
   * listen if there is none to be had. Only to be called from a click: the browser may ask.
   */
  async start(deviceId: string, open?: MediaStream): Promise<void> {
    if (this.phase !== 'idle') return;
    this.setPhase('asking');
    let stream: MediaStream;
    try {
      stream = open ?? (await this.devices.microphone(deviceId));
    } catch (error) {
      if ((this.phase as Phase) !== 'asking') return;
      const { text, category } = microphoneProblem(error, CHECK);
      this.listener.onCallProblem({ text: '', category });
      await this.goLiveUnheard(text, true);
      return;
    }
    if ((this.phase as Phase) !== 'asking') {
      stopTracks(stream);
      return;
    }
    this.take(stream);
    await this.goLive();
  }

  /**
   * Enters the call without a microphone, for this reason. `tells`: the others see this
   * page as muted because it says so, not because of its role.
   */
  async listen(why: string, tells = true): Promise<void> {
    if (this.phase !== 'idle') return;
    this.setPhase('asking');
    await this.goLiveUnheard(why, tells);
  }

  /**
   * Lets the microphone go and stays in the call to listen, for this reason, over another
   * peer connection: of one that sends, media expects a voice.
   */
  async onlyListen(why: string): Promise<void> {
    const { stream } = this;
    if (!stream) return;
    this.stream = undefined;
    stopTracks(stream);
    this.listensOnly = why;
    // It is no connection that was lost.
    this.startedMs = 0;
    if (!this.asking) await this.goLive();
  }

  /** Goes on with this microphone, over another peer connection, where it only listened. */
  async speak(stream: MediaStream): Promise<void> {
    if (!this.listensOnly) {
      stopTracks(stream);
      return;
    }
    this.listensOnly = '';
    this.toldMuted = false;
    this.take(stream);
    this.sayMuted(this.muted);
    // It is no connection that was lost.
    this.startedMs = 0;
    await this.goLive();
  }

  /** Leaves the call; every track stops. */
  hangUp(): void {
    if (this.phase === 'idle') return;
    this.owesHangUp = !this.sayHangUp();
    this.stop();
  }

  setMuted(muted: boolean): void {
    if (this.listensOnly) return;
    this.muted = muted;
    this.applyMute();
    this.sayMuted(muted);
    this.listener.onCallChanged();
  }

  /** The talk key: held, the microphone is on, and the agent listens where it must be held. */
  hold(held: boolean): void {
    if (this.listensOnly) return;
    this.setMuted(!held);
    this.line.say({ case: 'updateSelf', value: create(UpdateSelfSchema, { talking: held }) });
  }

  setDeafened(deafened: boolean): void {
    this.deafened = deafened;
    this.devices.silence(deafened);
    this.line.say({ case: 'updateSelf', value: create(UpdateSelfSchema, { deafened }) });
    this.listener.onCallChanged();
  }

  /** Takes another microphone into the running call. */
  async changeMicrophone(deviceId: string): Promise<void> {
    if (!this.stream) return;
    try {
      const fresh = await this.devices.microphone(deviceId);
      const sender = this.peer?.getSenders().find((one) => one.track?.kind === 'audio');
      await sender?.replaceTrack(fresh.getAudioTracks()[0] ?? null);
      const { stream } = this;
      if (!stream) {
        stopTracks(fresh);
        return;
      }
      stopTracks(stream);
      this.take(fresh);
    } catch (error) {
      if (this.stream) this.listener.onCallProblem(microphoneProblem(error, 'choose it again'));
    }
  }

  /** The server wants a new peer connection. */
  onReady(ready: LiveReady): void {
    if (this.phase === 'idle' || this.phase === 'asking') {
      this.sayHangUp();
      return;
    }
    if (ready.epoch === this.epoch && this.negotiation) return;
    this.dropPeer();
    this.epoch = ready.epoch;
    void this.offer(ready).catch(() => this.onHandshakeFailed());
  }

  /** A step of the negotiation. */
  onSignal(signal: PeerSignal): void {
    if (signal.epoch !== this.epoch || signal.signal.case !== 'answerSdp') return;
    this.negotiation?.answer(signal.signal.value).catch(() => this.onHandshakeFailed());
  }

  /** The server ended the call for this page. */
  onEnded(ended: LiveEnded): void {
    if (this.phase === 'idle') return;
    if (ended.reason === PEER_FAILED) {
      // Another one may be under way already.
      if (this.asking) return;
      this.endedThere = true;
      if (!this.retryTimer) this.onHandshakeFailed();
      return;
    }
    this.stop();
    if (ended.reason) {
      const text = ended.message || `Live audio ended (${ended.reason}).`;
      this.listener.onCallProblem({ text });
    }
  }

  /** A new socket shows whether the server still counts this page as live. */
  onRejoined(liveThere: boolean): void {
    if (this.owesHangUp && liveThere && this.phase === 'idle') this.sayHangUp();
    this.owesHangUp = false;
    if (this.asking) return;
    if (this.phase === 'connecting' || (this.phase === 'live' && !liveThere)) void this.goLive();
  }

  /** Stops everything at once, without a word to the server. */
  stop(): void {
    this.dropPeer();
    if (this.stream) stopTracks(this.stream);
    this.stream = undefined;
    this.listensOnly = '';
    if (this.toldMuted) this.sayMuted(this.muted);
    this.toldMuted = false;
    this.epoch = 0n;
    this.failures = 0;
    this.refusals = 0;
    this.wasTaken = false;
    this.devices.play(null);
    this.setPhase('idle');
  }

  private async goLiveUnheard(why: string, tells: boolean): Promise<void> {
    this.listensOnly = why;
    this.toldMuted = tells;
    if (tells) this.sayMuted(true);
    await this.goLive();
  }

  private async goLive(): Promise<void> {
    this.endRetry();
    this.endedThere = false;
    // Whoever hears of the phase may let the microphone go.
    this.asking = true;
    this.setPhase('connecting');
    this.watchHandshake();
    try {
      await this.line.ask({ case: 'goLive', value: create(GoLiveSchema) }).finally(() => {
        this.asking = false;
      });
      this.wasTaken = (this.phase as Phase) !== 'idle';
    } catch (error) {
      this.onRefused(error);
    }
  }

  /** Whoever was in the call is taken back as soon as that can be: asks again, ever later. */
  private onRefused(error: unknown): void {
    if (this.phase === 'idle') return;
    if (this.wasTaken && isPassing(error)) {
      clearTimeout(this.handshakeTimer);
      this.retryTimer = setTimeout(() => void this.goLive(), waitMs(this.refusals++));
      return;
    }
    // The others may see this page as live still.
    if (this.wasTaken) this.hangUp();
    else this.stop();
    this.listener.onCallRefused(error);
  }

  private async offer(ready: LiveReady): Promise<void> {
    const connection = this.devices.peer({
      iceServers: iceServersOf(ready.iceServers),
      bundlePolicy: 'max-bundle',
    });
    const negotiation = new Negotiation(connection, {
      onSignal: (signal) => this.signal(signal),
      onSound: (sound) => this.devices.play(sound),
      onConnected: () => this.onConnected(connection),
      onFailed: () => this.onHandshakeFailed(),
    });
    this.negotiation = negotiation;
    this.peers++;
    this.setPhase('connecting');
    this.watchHandshake();
    await negotiation.offer(this.stream);
  }

  private onConnected(connection: RTCPeerConnection): void {
    clearTimeout(this.handshakeTimer);
    this.refusals = 0;
    this.connectedMs = Date.now();
    if (!this.startedMs) this.startedMs = Date.now();
    this.setPhase('live');
    clearInterval(this.gaugeTimer);
    this.gaugeTimer = setInterval(() => void this.measure(connection), GAUGE_EVERY_MS);
  }

  private async measure(connection: RTCPeerConnection): Promise<void> {
    const report = await connection.getStats();
    if (connection !== this.peer) return;
    const reading = this.gauge.reading(report);
    const turned = reading !== undefined && this.bandwidth.take(reading);
    if (turned && this.bandwidth.isLow)
      this.listener.onCallProblem({ text: '', category: LOW_BANDWIDTH });
    const quality = qualityOf(reading);
    if (quality === this.quality && !turned) return;
    this.quality = quality;
    this.listener.onCallChanged();
  }

  /** Tries a new peer connection, a few times and ever later, then gives up and says so. */
  private onHandshakeFailed(): void {
    if (this.phase === 'idle') return;
    const wasLive = this.startedMs > 0;
    const isLive = this.phase === 'live';
    if (isLive && Date.now() - this.connectedMs >= STEADY_AFTER_MS) this.failures = 0;
    this.dropPeer();
    this.failures++;
    if (this.failures < MAX_HANDSHAKE_FAILURES) {
      const category = isLive ? CONNECTION_LOST : HANDSHAKE_FAILED;
      this.listener.onCallProblem({ text: '', category });
      this.retry();
      return;
    }
    if (this.endedThere) this.stop();
    else this.hangUp();
    const category = HANDSHAKE_FAILED;
    this.listener.onCallProblem({ text: wasLive ? NOT_MADE_AGAIN : NOT_MADE, category });
  }

  /** Asks for another peer connection: the first time at once. */
  private retry(): void {
    if (this.failures === 1) {
      void this.goLive();
      return;
    }
    this.setPhase('connecting');
    this.retryTimer = setTimeout(() => void this.goLive(), waitMs(this.failures - 2));
  }

  private endRetry(): void {
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
  }

  private watchHandshake(): void {
    clearTimeout(this.handshakeTimer);
    this.handshakeTimer = setTimeout(() => {
      if (this.phase !== 'connecting') return;
      this.failures = MAX_HANDSHAKE_FAILURES;
      this.onHandshakeFailed();
    }, HANDSHAKE_WITHIN_MS);
  }

  private watchMicrophone(stream: MediaStream): void {
    const track = stream.getAudioTracks()[0];
    if (!track) return;
    track.onended = () => {
      if (stream !== this.stream) return;
      this.hangUp();
      const text =
        'The microphone was unplugged or taken away, and live audio stopped. Plug it in or choose another, then start again.';
      this.listener.onCallProblem({ text, category: NO_DEVICE });
    };
  }

  private signal(signal: PeerSignal['signal']): void {
    const value = create(PeerSignalSchema, { epoch: this.epoch, signal });
    this.line.say({ case: 'signal', value });
  }

  private take(stream: MediaStream): void {
    this.stream = stream;
    this.applyMute();
    this.watchMicrophone(stream);
  }

  private sayHangUp(): boolean {
    return this.line.say({ case: 'hangUp', value: create(HangUpSchema) });
  }

  private sayMuted(muted: boolean): void {
    this.line.say({ case: 'updateSelf', value: create(UpdateSelfSchema, { muted }) });
  }

  private applyMute(): void {
    for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !this.muted;
  }

  private dropPeer(): void {
    this.endRetry();
    clearTimeout(this.handshakeTimer);
    clearInterval(this.gaugeTimer);
    this.negotiation?.close();
    this.negotiation = undefined;
    this.gauge.reset();
    this.bandwidth.reset();
    this.quality = 'unknown';
  }

  private setPhase(phase: Phase): void {
    if (phase === 'idle') this.startedMs = 0;
    this.phase = phase;
    this.listener.onCallChanged();
  }
}

function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) {
    track.onended = null;
    track.stop();
  }
}
