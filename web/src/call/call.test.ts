import { create } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, it } from 'vitest';
import { LiveEndedSchema, LiveReadySchema, PeerSignalSchema } from '../gen/atrium/v1/live_pb';
import type { Said } from '../link/codec';
import { Call } from './call';
import { QualityGauge } from './quality';

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
    return new Map();
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
    { onCallChanged: () => {}, onCallProblem: (problem) => problems.push(problem) },
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

describe('L10: quality', () => {
  const report = (received: number, lost: number, roundTrip = 0.02) =>
    new Map<string, object>([
      ['a', { type: 'inbound-rtp', packetsReceived: received, packetsLost: lost }],
      ['b', { type: 'candidate-pair', nominated: true, currentRoundTripTime: roundTrip }],
    ]) as unknown as RTCStatsReport;

  it('is judged from one reading to the next', () => {
    const gauge = new QualityGauge();
    expect(gauge.read(report(100, 50))).toBe('unknown');
    expect(gauge.read(report(200, 50))).toBe('good');
    expect(gauge.read(report(300, 55))).toBe('fair');
    expect(gauge.read(report(400, 90))).toBe('poor');
    expect(gauge.read(report(500, 90, 0.9))).toBe('poor');
  });
});
