import { create } from '@bufbuild/protobuf';
import { iceServersOf } from '../call/ice';
import {
  type CaptureReady,
  IceCandidateSchema,
  type JoinResponse_Outcome,
  type PeerSignal,
  PeerSignalSchema,
} from '../gen/atrium/v1/live_pb';
import type { Said } from '../link/codec';

/** The browser's part. */
export interface Screens {
  /** Lets the person pick a screen. Only to be called from a click. */
  pick(): Promise<MediaStream>;
  peer(configuration: RTCConfiguration): RTCPeerConnection;
  /** What this browser can make of a picture, or can read. */
  codecs(direction: 'sendonly' | 'recvonly'): RTCRtpCodec[];
}

/** The server's part. */
export interface CaptureLine {
  say(message: Said): boolean;
  ask(message: Said, again?: boolean): Promise<JoinResponse_Outcome>;
}

export interface CaptureConnectionListener {
  onConnected(): void;
  onFailed(): void;
  onPicture(track: MediaStreamTrack): void;
}

const MAX_BITRATE = 2_500_000;

/**
 * The peer connection of one screen under one epoch: it sends what is shown, or
 * receives it. Another epoch is another connection.
 */
export class CaptureConnection {
  // Given.
  private readonly ready: CaptureReady;
  private readonly line: CaptureLine;
  private readonly listener: CaptureConnectionListener;
  // Owned.
  readonly peer: RTCPeerConnection;
  /** Of what is shown. */
  readonly sender: RTCRtpSender;
  // State.
  private offered = false;
  private closed = false;
  private early: RTCIceCandidate[] = [];

  /** With a stream it is sent, without one a picture is received. */
  constructor(
    ready: CaptureReady,
    screens: Screens,
    line: CaptureLine,
    listener: CaptureConnectionListener,
    stream?: MediaStream,
  ) {
    this.ready = ready;
    this.line = line;
    this.listener = listener;
    this.peer = screens.peer({
      iceServers: iceServersOf(ready.iceServers),
      bundlePolicy: 'max-bundle',
    });
    this.listen();
    this.sender = this.addVideo(screens, stream);
    void this.offer().catch(() => this.fail());
  }

  get epoch(): bigint {
    return this.ready.epoch;
  }

  get isConnected(): boolean {
    return this.peer.connectionState === 'connected';
  }

  /** A step of the negotiation; steps of other epochs are not this one's. */
  onSignal(signal: PeerSignal): void {
    if (signal.epoch !== this.epoch || signal.signal.case !== 'answerSdp') return;
    if (this.closed || this.peer.signalingState !== 'have-local-offer') return;
    this.peer
      .setRemoteDescription({ type: 'answer', sdp: signal.signal.value })
      .catch(() => this.fail());
  }

  close(): void {
    this.closed = true;
    this.peer.onicecandidate = null;
    this.peer.ontrack = null;
    this.peer.onconnectionstatechange = null;
    this.peer.close();
  }

  private addVideo(screens: Screens, stream: MediaStream | undefined): RTCRtpSender {
    const track = stream?.getVideoTracks()[0];
    const direction = track ? 'sendonly' : 'recvonly';
    const transceiver =
      track && stream
        ? this.peer.addTransceiver(track, {
            direction,
            streams: [stream],
            sendEncodings: [{ maxBitrate: MAX_BITRATE }],
          })
        : this.peer.addTransceiver('video', { direction });
    const vp8 = screens
      .codecs(direction)
      .filter(({ mimeType }) => mimeType.toLowerCase() === 'video/vp8');
    if (vp8.length > 0) transceiver.setCodecPreferences?.(vp8);
    return transceiver.sender;
  }

  private async offer(): Promise<void> {
    const offer = await this.peer.createOffer();
    if (this.closed) return;
    await this.peer.setLocalDescription(offer);
    if (this.closed) return;
    this.signal({ case: 'offerSdp', value: this.peer.localDescription?.sdp ?? offer.sdp ?? '' });
    this.offered = true;
    for (const candidate of this.early) this.sendCandidate(candidate);
    this.early = [];
  }

  private listen(): void {
    this.peer.onicecandidate = ({ candidate }) => {
      if (!candidate?.candidate) return;
      if (this.offered) this.sendCandidate(candidate);
      else this.early.push(candidate);
    };
    this.peer.ontrack = ({ track }) => this.listener.onPicture(track);
    this.peer.onconnectionstatechange = () => {
      if (this.isConnected) this.listener.onConnected();
      if (this.peer.connectionState === 'failed') this.fail();
    };
  }

  private fail(): void {
    if (!this.closed) this.listener.onFailed();
  }

  private sendCandidate(candidate: RTCIceCandidate): void {
    const value = create(IceCandidateSchema, {
      sdpMlineIndex: candidate.sdpMLineIndex ?? 0,
      candidate: candidate.candidate,
    });
    this.signal({ case: 'candidate', value });
  }

  private signal(signal: PeerSignal['signal']): void {
    const { capture, epoch } = this.ready;
    this.line.say({ case: 'signal', value: create(PeerSignalSchema, { capture, epoch, signal }) });
  }
}
