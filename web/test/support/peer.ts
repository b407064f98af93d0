import { create } from '@bufbuild/protobuf';
import type { CaptureLine, Screens } from '../../src/capture/connection';
import {
  type CaptureReady,
  CaptureReadySchema,
  type JoinResponse_Outcome,
  PeerSignalSchema,
} from '../../src/gen/atrium/v1/live_pb';
import type { Said } from '../../src/link/codec';

/** A pretended track of a picture. */
export class FakeTrack {
  kind = 'video';
  contentHint = '';
  stopped = false;
  muted = false;
  onended: (() => void) | null = null;
  onunmute: (() => void) | null = null;
  constructor(
    readonly label = 'screen:0:0',
    private readonly displaySurface = 'monitor',
  ) {}
  getSettings() {
    return { displaySurface: this.displaySurface };
  }
  stop() {
    this.stopped = true;
  }
}

export const streamOf = (track: FakeTrack) =>
  ({ getVideoTracks: () => [track], getTracks: () => [track] }) as unknown as MediaStream;

/** A pretended peer connection; tests say what becomes of it. */
export class FakePeer {
  connectionState = 'new';
  signalingState = 'stable';
  localDescription: { sdp: string } | null = null;
  answer = '';
  closed = false;
  frames = 0;
  codecs: string[] = [];
  transceivers: { what: unknown; init: RTCRtpTransceiverInit }[] = [];
  onicecandidate: ((event: { candidate: object | null }) => void) | null = null;
  ontrack: ((event: { track: FakeTrack }) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  constructor(readonly configuration: RTCConfiguration) {}
  addTransceiver(what: unknown, init: RTCRtpTransceiverInit) {
    this.transceivers.push({ what, init });
    return {
      setCodecPreferences: (codecs: RTCRtpCodec[]) => {
        this.codecs = codecs.map((one) => one.mimeType);
      },
    };
  }
  async createOffer() {
    return { type: 'offer', sdp: 'offer' };
  }
  async setLocalDescription(offer: { sdp: string }) {
    this.onicecandidate?.({ candidate: { candidate: 'early', sdpMLineIndex: 0 } });
    this.localDescription = offer;
    this.signalingState = 'have-local-offer';
  }
  async setRemoteDescription({ sdp }: { sdp: string }) {
    this.answer = sdp;
    this.signalingState = 'stable';
  }
  async getStats() {
    return new Map([['v', { type: 'inbound-rtp', framesDecoded: this.frames }]]);
  }
  close() {
    this.closed = true;
  }
  become(state: string) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

/** A pretended browser and a pretended server, for screens. */
export class FakeScreens implements Screens, CaptureLine {
  readonly peers: FakePeer[] = [];
  readonly said: Said[] = [];
  picks = 0;
  pick: () => Promise<MediaStream> = async () => {
    throw new Error('no screen');
  };
  /** What becomes of a question. */
  answer: (message: Said) => Promise<JoinResponse_Outcome['result']> = async () => ({
    case: undefined,
  });
  peer(configuration: RTCConfiguration) {
    this.peers.push(new FakePeer(configuration));
    return this.peers.at(-1) as unknown as RTCPeerConnection;
  }
  codecs() {
    const names = ['video/VP8', 'video/rtx', 'video/VP9', 'video/H264'];
    return names.map((mimeType) => ({ mimeType, clockRate: 90_000 }));
  }
  say(message: Said) {
    this.said.push(message);
    return true;
  }
  async ask(message: Said) {
    this.said.push(message);
    return { result: await this.answer(message) } as JoinResponse_Outcome;
  }
  /** What was said, in order. */
  get words() {
    return this.said.map((one) => one.case);
  }
  /** The steps of negotiations that were said. */
  get signals() {
    return this.said.flatMap((one) => (one.case === 'signal' ? [one.value] : []));
  }
}

export const captureReady = (capture: string, epoch: number, shows: boolean): CaptureReady =>
  create(CaptureReadySchema, { capture, epoch: BigInt(epoch), shows });

export const answerTo = (capture: string, epoch: number) =>
  create(PeerSignalSchema, {
    capture,
    epoch: BigInt(epoch),
    signal: { case: 'answerSdp', value: 'answer' },
  });
