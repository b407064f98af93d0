import { create } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import {
  CallProblem_Category,
  LiveEndedSchema,
  LiveReadySchema,
  PeerSignalSchema,
} from '../gen/atrium/v1/live_pb';
import type { Said } from '../link/codec';
import { Call } from './call';

class FakeTrack {
  enabled = true;
  kind = 'audio';
  stopped = false;
  onended: (() => void) | null = null;
  stop() {
    this.stopped = true;
  }
}

class FakePeer {
  connectionState = 'new';
  signalingState = 'stable';
  localDescription: { sdp: string } | null = null;
  answer = '';
  closed = false;
  tracks: unknown[] = [];
  onicecandidate: ((event: { candidate: object | null }) => void) | null = null;
  ontrack: ((event: object) => void) | null = null;
  onconnectionstatechange: (() => void) | null = null;
  addTransceiver(track: unknown) {
    this.tracks.push(track);
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
  getSenders() {
    return [];
  }
  async getStats() {
    return stats;
  }
  close() {
    this.closed = true;
  }
  become(state: string) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }
}

let call: Call;
let peers: FakePeer[];
let track: FakeTrack;
let prompts: number;
let refusal: Error | undefined;
let problems: string[];
let told: CallProblem_Category[];
let stats: Map<string, object>;
let said: Said[];
let playing: unknown;

const turn = () => new Promise((resolve) => setTimeout(resolve));
const ready = async (epoch: number) => {
  call.onReady(create(LiveReadySchema, { epoch: BigInt(epoch) }));
  await turn();
};
const words = () => said.map((one) => one.case);
const live = async () => {
  await call.start('');
  await ready(1);
  peers[0]!.become('connected');
};

beforeEach(() => {
  peers = [];
  track = new FakeTrack();
  prompts = 0;
  refusal = undefined;
  problems = [];
  told = [];
  stats = new Map();
  said = [];
  playing = undefined;
  const stream = { getAudioTracks: () => [track], getTracks: () => [track] };
  call = new Call(
    {
      microphone: async () => {
        prompts++;
        if (refusal) throw refusal;
        return stream as unknown as MediaStream;
      },
      peer: () => {
        peers.push(new FakePeer());
        return peers.at(-1) as unknown as RTCPeerConnection;
      },
      play: (sound) => {
        playing = sound;
      },
      silence: () => {},
    },
    {
      say: (message) => said.push(message) > 0,
      ask: async (message) => said.push(message),
    },
    {
      onCallChanged: () => {},
      onCallProblem: ({ text, category }) => {
        if (text) problems.push(text);
        if (category) told.push(category);
      },
      onCallRefused: (error) => problems.push((error as Error).message),
    },
  );
});

describe('L1: going live', () => {
  it('asks for the microphone only when it is started', async () => {
    expect(prompts).toBe(0);
    expect(call.phase).toBe('idle');
    const starting = call.start('');
    expect(call.phase).toBe('asking');
    await starting;
    expect(call.phase).toBe('connecting');
    await ready(1);
    peers[0]!.become('connected');
    expect(call.phase).toBe('live');
    expect(prompts).toBe(1);
  });

  it('offers, sends candidates after the offer, and takes the answer of its epoch only', async () => {
    await call.start('');
    await ready(3);
    const signals = said.flatMap((one) => (one.case === 'signal' ? [one.value] : []));
    expect(signals.map((one) => one.signal.case)).toEqual(['offerSdp', 'candidate']);
    expect(signals.every((one) => one.epoch === 3n)).toBe(true);
    const answer = (epoch: bigint) =>
      call.onSignal(
        create(PeerSignalSchema, { epoch, signal: { case: 'answerSdp', value: 'answer' } }),
      );
    answer(2n);
    expect(peers[0]!.answer).toBe('');
    answer(3n);
    expect(peers[0]!.answer).toBe('answer');
  });

  it('L10: says what to do when the microphone is refused', async () => {
    refusal = Object.assign(new Error(), { name: 'NotAllowedError' });
    await call.start('');
    expect(call.phase).toBe('idle');
    expect(problems[0]).toMatch(/Allow it/);
    refusal = Object.assign(new Error(), { name: 'NotFoundError' });
    await call.start('');
    expect(problems[1]).toMatch(/No microphone/);
  });
});

describe('N4: another epoch', () => {
  it('makes a new peer connection with the same track and no new prompt', async () => {
    await live();
    await ready(2);
    expect(peers).toHaveLength(2);
    expect(peers[0]!.closed).toBe(true);
    expect(peers[1]!.tracks).toEqual([track]);
    expect(track.stopped).toBe(false);
    expect(prompts).toBe(1);
    expect(call.epoch).toBe(2n);
  });

  it('leaves the connection alone if the epoch is the one it has', async () => {
    await live();
    await ready(1);
    expect(peers).toHaveLength(1);
    expect(peers[0]!.closed).toBe(false);
  });

  it('keeps the connection over a lost socket, and enters anew if the server forgot it', async () => {
    await live();
    said.length = 0;
    call.onRejoined(true);
    expect(words()).toEqual([]);
    call.onRejoined(false);
    expect(words()).toEqual(['goLive']);
    expect(peers[0]!.closed).toBe(false);
  });

  it('tries again when the connection fails', async () => {
    await live();
    said.length = 0;
    peers[0]!.become('failed');
    expect(peers[0]!.closed).toBe(true);
    expect(words()).toContain('goLive');
  });
});

describe('L12: no orphans', () => {
  it('stops every track and closes the connection on hanging up', async () => {
    await live();
    call.hangUp();
    expect(track.stopped).toBe(true);
    expect(peers[0]!.closed).toBe(true);
    expect(playing).toBeNull();
    expect(call.peer).toBeNull();
    expect(words()).toContain('hangUp');
  });

  it('does the same when the server ends it, and says why', async () => {
    await live();
    call.onEnded(
      create(LiveEndedSchema, { reason: 'REVOKED', message: 'An owner ended your call.' }),
    );
    expect(track.stopped).toBe(true);
    expect(call.phase).toBe('idle');
    expect(problems).toEqual(['An owner ended your call.']);
  });

  it('stops a microphone that arrives after hanging up', async () => {
    const starting = call.start('');
    call.hangUp();
    await starting;
    expect(track.stopped).toBe(true);
    expect(peers).toHaveLength(0);
  });

  it('refuses a call that it did not ask for', async () => {
    await ready(1);
    expect(peers).toHaveLength(0);
    expect(words()).toEqual(['hangUp']);
  });

  it('ends when the microphone is unplugged', async () => {
    await live();
    track.onended?.();
    expect(call.phase).toBe('idle');
    expect(problems[0]).toMatch(/unplugged/);
  });
});

describe('L10, L12: another microphone in the running call', () => {
  it('one that is not to be had leaves the call as it is, and what to do is no new start', async () => {
    await live();
    refusal = Object.assign(new Error(), { name: 'NotReadableError' });
    await call.changeMicrophone('busy');
    expect([call.phase, track.stopped]).toEqual(['live', false]);
    expect(problems).toEqual([expect.stringMatching(/Close that, then choose it again/)]);
  });

  it('one that comes after hanging up is stopped, and nothing is said', async () => {
    await live();
    const changing = call.changeMicrophone('late');
    call.hangUp();
    track.stopped = false;
    await changing;
    expect([call.phase, track.stopped, problems]).toEqual(['idle', true, []]);
  });
});

describe('V8: muting', () => {
  it('is instant, told to the others, and independent of the playback', async () => {
    await live();
    said.length = 0;
    call.setMuted(true);
    expect(track.enabled).toBe(false);
    expect(said[0]).toMatchObject({ case: 'updateSelf', value: { muted: true } });
    expect(call.deafened).toBe(false);
    call.setDeafened(true);
    expect(said[1]).toMatchObject({ case: 'updateSelf', value: { deafened: true } });
    expect(call.muted).toBe(true);
  });

  it('holds for the next call too', async () => {
    call.setMuted(true);
    await live();
    expect(track.enabled).toBe(false);
  });
});

describe('L9, L10: what goes wrong is counted, and said', () => {
  const { CONNECTION_LOST, HANDSHAKE_FAILED, LOW_BANDWIDTH, NO_DEVICE, PERMISSION_DENIED } =
    CallProblem_Category;

  it.each([
    ['NotAllowedError', PERMISSION_DENIED],
    ['NotFoundError', NO_DEVICE],
    ['NotReadableError', NO_DEVICE],
    ['InsecureOriginError', PERMISSION_DENIED],
    ['', NO_DEVICE],
  ])('a microphone: %s', async (name, category) => {
    refusal = Object.assign(new Error(), { name });
    await call.start('');
    expect(told).toEqual([category]);
    expect(problems).toHaveLength(1);
  });

  it('a connection that was lost is made again, and told of', async () => {
    await live();
    peers[0]!.become('failed');
    expect(told).toEqual([CONNECTION_LOST]);
    expect(call.isReconnecting).toBe(true);
    expect(problems).toEqual([]);
    await ready(2);
    peers[1]!.become('connected');
    expect(call.isReconnecting).toBe(false);
  });

  it('one that never came about is given up in the end, with what to do', async () => {
    await call.start('');
    for (let epoch = 1; epoch <= 5; epoch++) {
      await ready(epoch);
      peers.at(-1)!.become('failed');
    }
    expect(call.phase).toBe('idle');
    expect(told).toEqual([HANDSHAKE_FAILED]);
    expect(problems).toEqual([expect.stringMatching(/firewall.*another network/)]);
    expect(track.stopped).toBe(true);
  });

  it('a link that is too weak for a while', async () => {
    vi.useFakeTimers();
    const starting = call.start('');
    await starting;
    call.onReady(create(LiveReadySchema, { epoch: 1n }));
    await vi.advanceTimersByTimeAsync(0);
    peers[0]!.become('connected');
    let received = 0;
    const pass = async (loss: number) => {
      received += 100;
      const lost = ((received / 100) * 100 * loss) / (1 - loss);
      stats = new Map([
        ['a', { type: 'inbound-rtp', packetsReceived: received, packetsLost: lost }],
      ]);
      await vi.advanceTimersByTimeAsync(2000);
    };
    for (let i = 0; i < 3; i++) await pass(0.3);
    expect(call.isLow).toBe(false);
    await pass(0.3);
    expect([call.isLow, call.quality]).toEqual([true, 'poor']);
    expect(told).toEqual([LOW_BANDWIDTH]);
    call.hangUp();
    expect(call.isLow).toBe(false);
    vi.useRealTimers();
  });
});
