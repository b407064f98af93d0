import { create } from '@bufbuild/protobuf';
import type { PeerSignal } from '../gen/atrium/v1/live_pb';
import { IceCandidateSchema } from '../gen/atrium/v1/live_pb';

export interface NegotiationListener {
  /** To be said to the other side. */
  onSignal(signal: PeerSignal['signal']): void;
  onSound(stream: MediaStream): void;
  onConnected(): void;
  onFailed(): void;
}

/**
 * One peer connection of a call, and how it comes about: an offer, the candidates behind
 * it, one answer. Nothing is told of it once it is closed.
 */
export class Negotiation {
  readonly connection: RTCPeerConnection;
  private readonly listener: NegotiationListener;
  private offered = false;
  private closed = false;
  private early: RTCIceCandidate[] = [];

  constructor(connection: RTCPeerConnection, listener: NegotiationListener) {
    this.connection = connection;
    this.listener = listener;
    connection.onicecandidate = ({ candidate }) => {
      if (!candidate?.candidate) return;
      if (this.offered) this.sendCandidate(candidate);
      else this.early.push(candidate);
    };
    connection.ontrack = ({ track, streams }) =>
      listener.onSound(streams[0] ?? new MediaStream([track]));
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === 'connected') listener.onConnected();
      if (connection.connectionState === 'failed') listener.onFailed();
    };
  }

  /** Offers to send this microphone's track, or only to receive. */
  async offer(microphone: MediaStream | undefined): Promise<void> {
    const { connection } = this;
    const track = microphone?.getAudioTracks()[0];
    if (track && microphone) {
      connection.addTransceiver(track, { direction: 'sendrecv', streams: [microphone] });
    } else connection.addTransceiver('audio', { direction: 'recvonly' });
    const offer = await connection.createOffer();
    await connection.setLocalDescription(offer);
    if (this.closed) return;
    const value = connection.localDescription?.sdp ?? offer.sdp ?? '';
    this.listener.onSignal({ case: 'offerSdp', value });
    this.offered = true;
    for (const candidate of this.early) this.sendCandidate(candidate);
    this.early = [];
  }

  /** The other side's answer; one that nothing was offered for is none. */
  async answer(sdp: string): Promise<void> {
    if (this.connection.signalingState !== 'have-local-offer') return;
    await this.connection.setRemoteDescription({ type: 'answer', sdp });
  }

  close(): void {
    const { connection } = this;
    this.closed = true;
    connection.onicecandidate = null;
    connection.ontrack = null;
    connection.onconnectionstatechange = null;
    connection.close();
  }

  private sendCandidate({ sdpMLineIndex, candidate }: RTCIceCandidate): void {
    const value = create(IceCandidateSchema, { sdpMlineIndex: sdpMLineIndex ?? 0, candidate });
    this.listener.onSignal({ case: 'candidate', value });
  }
}
