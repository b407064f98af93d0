import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CallPeer, FakeTrack } from '../../test/support/microphone';
import {
  CallProblem_Category,
  LiveEndedSchema,
  LiveReadySchema,
  PeerSignalSchema,
} from '../gen/atrium/v1/live_pb';
import type { Said } from '../link/codec';
import { Call } from './call';

let call: Call;
let peers: CallPeer[];
let track: FakeTrack;
let prompts: number;
let refusal: Error | undefined;
let problems: string[];
let told: CallProblem_Category[];
let stats: Map<string, object>;
let said: Said[];
let playing: unknown;
let changed: () => void;

const turn = () => new Promise((resolve) => setTimeout(resolve));
const ready = async (epoch: number) => {
  call.onReady(create(LiveReadySchema, { epoch: BigInt(epoch) }));
  await turn();
};
const words = () => said.map((one) => one.case);
const failThere = () =>
  call.onEnded(create(LiveEndedSchema, { reason: 'PEER_FAILED', message: 'go live again' }));
const goLives = () => words().filter((one) => one === 'goLive').length;
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
/** A connection of this epoch is made and stands, while time is ours. */
const connect = async (epoch: number) => {
  call.onReady(create(LiveReadySchema, { epoch: BigInt(epoch) }));
  await pass();
  peers.at(-1)!.become('connected');
};
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
  changed = () => {};
  const stream = { getAudioTracks: () => [track], getTracks: () => [track] };
  call = new Call(
    {
      microphone: async () => {
        prompts++;
        if (refusal) throw refusal;
        return stream as unknown as MediaStream;
      },
      peer: () => {
        peers.push(new CallPeer(() => stats));
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
      onCallChanged: () => changed(),
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

  it('offers to send and to receive', async () => {
    await live();
    expect(peers[0]!.directions).toEqual(['sendrecv']);
  });
});

const refuse = (name: string) => {
  refusal = Object.assign(new Error(), { name });
};
const mutes = () => said.flatMap((one) => (one.case === 'updateSelf' ? [one.value.muted] : []));

describe('L8, L12: whose microphone is missing, or taken', () => {
  it('the mute that others see is nobody’s wish', async () => {
    expect(call.isMutedForWant).toBe(false);
    refuse('NotFoundError');
    await live();
    expect(call.isMutedForWant).toBe(true);
    call.hangUp();
    expect(call.isMutedForWant).toBe(false);
  });

  it('S4: whoever may not speak any more stays to listen, and the track stops at once', async () => {
    await live();
    said.length = 0;
    const taken = call.onlyListen('Viewers listen.');
    expect([track.stopped, call.microphone]).toEqual([true, undefined]);
    await taken;
    expect([call.listensOnly, words(), mutes()]).toEqual(['Viewers listen.', ['goLive'], []]);
    expect(call.isReconnecting).toBe(false);
    await ready(2);
    expect([peers[0]!.closed, peers[1]!.directions]).toEqual([true, ['recvonly']]);
    await call.onlyListen('again');
    expect([call.listensOnly, words().length]).toEqual(['Viewers listen.', words().length]);
    call.hangUp();
    expect(call.listensOnly).toBe('');
  });

  it('S4: whoever may not speak any more once the browser gave it enters once, to listen', async () => {
    changed = () => {
      if (call.microphone) void call.onlyListen('Viewers listen.');
    };
    await call.start('');
    expect([goLives(), track.stopped, call.listensOnly]).toEqual([1, true, 'Viewers listen.']);
    await ready(1);
    expect([peers.length, peers[0]!.directions]).toEqual([1, ['recvonly']]);
  });
});

describe('L1, L10: without a microphone', () => {
  it.each([
    ['NotAllowedError', /Allow it.*then check your microphone/],
    ['NotFoundError', /No microphone.*then check your microphone/],
    ['InsecureOriginError', /https/],
  ])('one listens, seen as muted, and is told why and what to do: %s', async (name, why) => {
    refuse(name);
    await live();
    expect([call.phase, call.muted]).toEqual(['live', false]);
    expect(call.listensOnly).toMatch(why);
    expect([peers[0]!.tracks, peers[0]!.directions]).toEqual([['audio'], ['recvonly']]);
    expect(mutes()).toEqual([true]);
    expect(problems).toEqual([]);
  });

  it('nothing unmutes, and leaving takes the mute back that nobody asked for', async () => {
    refuse('NotFoundError');
    await live();
    said.length = 0;
    call.setMuted(false);
    call.hold(true);
    expect(said).toEqual([]);
    call.hangUp();
    expect([call.listensOnly, mutes()]).toEqual(['', [false]]);
  });

  it('nobody enters who hung up while the browser asked', async () => {
    refuse('NotAllowedError');
    const starting = call.start('');
    call.hangUp();
    await starting;
    expect([call.phase, words().includes('goLive')]).toEqual(['idle', false]);
  });

  it('one speaks once there is one, over another connection that is no trouble', async () => {
    refuse('NotFoundError');
    await live();
    said.length = 0;
    const track = new FakeTrack();
    const stream = { getAudioTracks: () => [track], getTracks: () => [track] };
    await call.speak(stream as unknown as MediaStream);
    expect([words(), mutes()]).toEqual([['updateSelf', 'goLive'], [false]]);
    expect([call.listensOnly, call.isReconnecting]).toEqual(['', false]);
    await ready(2);
    expect([peers[1]!.tracks, peers[1]!.directions]).toEqual([[track], ['sendrecv']]);
    call.hangUp();
    expect(track.stopped).toBe(true);
  });

  it('a microphone that comes after hanging up is stopped', async () => {
    const track = new FakeTrack();
    const stream = { getAudioTracks: () => [track], getTracks: () => [track] };
    await call.speak(stream as unknown as MediaStream);
    expect([track.stopped, call.phase]).toEqual([true, 'idle']);
  });

  it('N9: a viewer is asked for none, and says nothing of a mute that the server keeps', async () => {
    await call.listen('Viewers listen.', false);
    await ready(1);
    peers[0]!.become('connected');
    expect([call.phase, prompts, call.listensOnly]).toEqual(['live', 0, 'Viewers listen.']);
    expect(peers[0]!.directions).toEqual(['recvonly']);
    call.hangUp();
    expect(mutes()).toEqual([]);
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

describe('N4, L9: a connection that failed at the server’s end', () => {
  const { CONNECTION_LOST, HANDSHAKE_FAILED } = CallProblem_Category;

  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('is made anew at once, with the same microphone, and counted', async () => {
    await call.start('');
    await connect(1);
    said.length = 0;
    failThere();
    expect(words()).toEqual(['goLive']);
    expect([call.phase, call.isReconnecting, track.stopped]).toEqual(['connecting', true, false]);
    expect([told, problems, prompts]).toEqual([[CONNECTION_LOST], [], 1]);
    await pass();
    await connect(2);
    expect([call.phase, call.epoch]).toEqual(['live', 2n]);
  });

  it('is tried ever later, and in the end given up with what to do and no word to the server', async () => {
    await call.start('');
    const at: number[] = [];
    for (let epoch = 1; epoch < 5; epoch++) {
      await connect(epoch);
      said.length = 0;
      const since = Date.now();
      failThere();
      while (goLives() === 0) await pass(100);
      at.push(Date.now() - since);
      await pass();
    }
    expect(at).toEqual([0, 1000, 2000, 4000]);
    await connect(5);
    said.length = 0;
    failThere();
    expect([call.phase, track.stopped, words()]).toEqual(['idle', true, []]);
    expect(problems).toEqual([expect.stringMatching(/could not make another.*Start it again/)]);
    expect(told.at(-1)).toBe(HANDSHAKE_FAILED);
    await pass(60_000);
    expect(words()).toEqual([]);
  });

  it('begins anew to count tries once a connection stood for a while', async () => {
    await call.start('');
    for (let epoch = 1; epoch < 9; epoch++) {
      await connect(epoch);
      await pass(10_000);
      failThere();
      await pass();
    }
    expect([call.phase, problems]).toEqual(['connecting', []]);
  });
});

describe('N4: a failure at the server’s end', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  it('is one failure, whoever of both ends sees it first', async () => {
    await call.start('');
    await connect(1);
    said.length = 0;
    peers[0]!.become('failed');
    failThere();
    expect(goLives()).toBe(1);
    await pass();
    await connect(2);
    failThere();
    failThere();
    expect(goLives()).toBe(1);
    await pass(1000);
    expect(goLives()).toBe(2);
  });

  it('is not made anew after hanging up', async () => {
    await call.start('');
    for (const epoch of [1, 2]) {
      await connect(epoch);
      failThere();
      await pass();
    }
    said.length = 0;
    call.hangUp();
    await pass(60_000);
    expect([call.phase, goLives()]).toEqual(['idle', 0]);
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
    expect(call.listensOnly).not.toBe('');
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
    expect(told).toEqual(Array(5).fill(HANDSHAKE_FAILED));
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
