import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CallPeer, FakeTrack } from '../../test/support/microphone';
import { JoinResponse_OutcomeSchema, LiveReadySchema } from '../gen/atrium/v1/live_pb';
import type { Said } from '../link/codec';
import { Refused } from '../link/link';
import { Call } from './call';

const DENIED = 7;
const UNAVAILABLE = 14;

let call: Call;
let peers: CallPeer[];
let track: FakeTrack;
let said: Said[];
let problems: string[];
/** With what the server refuses the call; 0 if it does not. */
let code: number;
let isOpen: boolean;

const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const words = () => said.map((one) => one.case);
const connect = async (epoch: number) => {
  call.onReady(create(LiveReadySchema, { epoch: BigInt(epoch) }));
  await pass();
  peers.at(-1)!.become('connected');
};
const live = async () => {
  await call.start('');
  await connect(1);
  said.length = 0;
};
/** The connection fails, and the server does not take the page back. */
const lose = async (because: number) => {
  code = because;
  peers.at(-1)!.become('failed');
  await pass();
};

beforeEach(() => {
  vi.useFakeTimers();
  peers = [];
  track = new FakeTrack();
  said = [];
  problems = [];
  code = 0;
  isOpen = true;
  const stream = { getAudioTracks: () => [track], getTracks: () => [track] };
  const say = (message: Said) => isOpen && said.push(message) > 0;
  call = new Call(
    {
      microphone: async () => stream as unknown as MediaStream,
      peer: () => {
        peers.push(new CallPeer());
        return peers.at(-1) as unknown as RTCPeerConnection;
      },
      play: () => {},
      silence: () => {},
    },
    {
      say,
      ask: async (message) => {
        say(message);
        if (code) throw new Refused(create(JoinResponse_OutcomeSchema, { code, message: 'no' }));
      },
    },
    {
      onCallChanged: () => {},
      onCallProblem: ({ text }) => text && problems.push(text),
      onCallRefused: (error) => problems.push((error as Error).message),
    },
  );
});
afterEach(() => vi.useRealTimers());

describe('N4: whoever was in the call and is not taken back', () => {
  it('asks ever later while the refusal is passing, however long, and goes on', async () => {
    await live();
    await lose(UNAVAILABLE);
    const at: number[] = [];
    for (let tries = 1; tries < 8; tries++) {
      const since = Date.now();
      while (words().length === tries) await pass(100);
      at.push(Date.now() - since);
    }
    expect(at).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    expect([call.isReconnecting, track.stopped, problems]).toEqual([true, false, []]);
    expect(new Set(words())).toEqual(new Set(['goLive']));
    code = 0;
    await pass(30_000);
    await connect(2);
    expect([call.phase, call.epoch]).toEqual(['live', 2n]);
  });

  it('takes the connection that the server offers meanwhile, and asks no more', async () => {
    await live();
    await lose(UNAVAILABLE);
    await connect(2);
    said.length = 0;
    await pass(60_000);
    expect([call.phase, words()]).toEqual(['live', []]);
  });

  it('asks no more after hanging up', async () => {
    await live();
    await lose(UNAVAILABLE);
    call.hangUp();
    await pass(60_000);
    expect([call.phase, words()]).toEqual(['idle', ['goLive', 'hangUp']]);
  });

  it('leaves it in word too where the refusal stands, so that nobody sees it as live', async () => {
    await live();
    await lose(DENIED);
    expect([call.phase, track.stopped, words()]).toEqual(['idle', true, ['goLive', 'hangUp']]);
    expect(problems).toEqual(['no']);
  });

  it('says so over the next socket, if there was none', async () => {
    await live();
    isOpen = false;
    call.hangUp();
    isOpen = true;
    call.onRejoined(true);
    call.onRejoined(true);
    expect(words()).toEqual(['hangUp']);
  });
});

describe('L10: whoever was never in the call', () => {
  it('is told at once why it is not taken, and has nothing to leave', async () => {
    code = UNAVAILABLE;
    await call.start('');
    await pass(60_000);
    expect([call.phase, track.stopped, words()]).toEqual(['idle', true, ['goLive']]);
    expect(problems).toEqual(['no']);
  });
});
