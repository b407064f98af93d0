import { create } from '@bufbuild/protobuf';
import type { Screens } from '../../src/capture/connection';
import type { ShownLine } from '../../src/capture/shown';
import {
  type CaptureReady,
  CaptureReadySchema,
  JoinResponse_CaptureBitrateSchema,
  type JoinResponse_Outcome,
  PeerSignalSchema,
} from '../../src/gen/atrium/v1/live_pb';
import type { Said } from '../../src/link/codec';
import { FakePeer } from './peer';

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

/** A pretended sender, as strict as browsers are: parameters are good for one change. */
export class FakeSender {
  encodings: RTCRtpEncodingParameters[] | undefined;
  /** What was set, in order. */
  readonly set: (number | undefined)[] = [];
  /** What becomes of a change. */
  onSet: () => Promise<void> = async () => {};
  private read: object | undefined;
  constructor(encodings: RTCRtpEncodingParameters[] | undefined) {
    this.encodings = structuredClone(encodings);
  }
  getParameters() {
    const read = { codecs: [], encodings: structuredClone(this.encodings) };
    this.read = read;
    return read;
  }
  async setParameters(parameters: { encodings?: RTCRtpEncodingParameters[] }) {
    if (parameters !== this.read) throw new Error('getParameters() was not called');
    this.set.push(parameters.encodings?.[0]?.maxBitrate);
    try {
      await this.onSet();
      this.encodings = structuredClone(parameters.encodings);
    } finally {
      this.read = undefined;
    }
  }
}

/** A pretended connection of a screen; tests say what becomes of it. */
export class ScreenPeer extends FakePeer {
  frames = 0;
  codecs: string[] = [];
  sender = new FakeSender([{}]);
  transceivers: { what: unknown; init: RTCRtpTransceiverInit }[] = [];
  ontrack: ((event: { track: FakeTrack }) => void) | null = null;
  constructor(
    readonly configuration: RTCConfiguration,
    private readonly hasEncodings: boolean,
  ) {
    super();
  }
  addTransceiver(what: unknown, init: RTCRtpTransceiverInit) {
    this.transceivers.push({ what, init });
    this.sender = new FakeSender(this.hasEncodings ? init.sendEncodings : undefined);
    return {
      sender: this.sender,
      setCodecPreferences: (codecs: RTCRtpCodec[]) => {
        this.codecs = codecs.map((one) => one.mimeType);
      },
    };
  }
  async getStats() {
    return new Map([['v', { type: 'inbound-rtp', framesDecoded: this.frames }]]);
  }
}

/** A pretended browser and a pretended server, for screens. */
export class FakeScreens implements Screens, ShownLine {
  readonly peers: ScreenPeer[] = [];
  readonly said: Said[] = [];
  picks = 0;
  isCurrent = true;
  /** Senders have encodings before they negotiated; not everywhere. */
  haveEncodings = true;
  pick: () => Promise<MediaStream> = async () => {
    throw new Error('no screen');
  };
  /** What becomes of a question. */
  answer: (message: Said) => Promise<JoinResponse_Outcome['result']> = async () => ({
    case: undefined,
  });
  peer(configuration: RTCConfiguration) {
    this.peers.push(new ScreenPeer(configuration, this.haveEncodings));
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

export const bitrateOf = (capture: string, maxBps: number) =>
  create(JoinResponse_CaptureBitrateSchema, { capture, maxBps: BigInt(maxBps) });

export const answerTo = (capture: string, epoch: number) =>
  create(PeerSignalSchema, {
    capture,
    epoch: BigInt(epoch),
    signal: { case: 'answerSdp', value: 'answer' },
  });
