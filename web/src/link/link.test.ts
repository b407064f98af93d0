import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import WebSocket from 'ws';
import { FakeGateway } from '../../test/fake/gateway';
import { TerminalInputSchema } from '../gen/atrium/v1/live_pb';
import { SayRequestSchema } from '../gen/atrium/v1/timeline_pb';
import { decode, encode, type Heard, request, type Said } from './codec';
import { Link, type LinkState, Refused } from './link';
import { Refusal } from './ticket';

let gateway: FakeGateway;
let port: number;
let link: Link;
let refuse: Error | undefined;
let tickets: number;
const states: LinkState[] = [];
const heard: Heard[] = [];
let otherBuilds = 0;
let rejoining: (say: (message: Said) => void) => void;

function newLink(pageId = 'page-of-the-test-1'): Link {
  const doors = {
    buyTicket: async () => {
      if (refuse) throw refuse;
      return {
        ticket: `ada.${++tickets}`,
        session: 'sessions/demo',
        participant: 'sessions/demo/participants/ada',
      };
    },
    openSocket: (protocols: string[]) =>
      new WebSocket(`ws://127.0.0.1:${port}/ws`, protocols) as unknown as globalThis.WebSocket,
    random: () => 0.5,
  };
  const listener = {
    onLinkState: (state: LinkState) => states.push(state),
    onWelcome: () => {},
    onRejoining: (say: (message: Said) => void) => rejoining(say),
    onHeard: (message: Heard) => heard.push(message),
    onOtherBuild: () => otherBuilds++,
    introduce: () => ({ displayName: 'Ada', muted: true }),
  };
  return new Link(doors, listener, pageId, undefined);
}

const opened = (joins: number) => vi.waitFor(() => expect(link.joins).toBe(joins), 3000);
const says = (text: string) => ({
  case: 'say' as const,
  value: create(SayRequestSchema, { text }),
});

beforeEach(async () => {
  gateway = new FakeGateway();
  gateway.session.participant('ada', {});
  port = await gateway.listen();
  refuse = undefined;
  tickets = 0;
  otherBuilds = 0;
  rejoining = () => {};
  states.length = 0;
  heard.length = 0;
  link = newLink();
});

afterEach(() => {
  link.close();
  gateway.close();
});

describe('P1: joining', () => {
  it('says hello with its page, then hears the state', async () => {
    link.connect();
    await opened(1);
    await vi.waitFor(() => expect(heard[0]?.case).toBe('snapshot'));
    expect([...gateway.pages][0]?.pageId).toBe('page-of-the-test-1');
    expect(states.map((one) => one.kind)).toEqual(['connecting', 'open']);
  });

  it('is told by the refusal that it has no credential', async () => {
    refuse = new Refusal(401, 'UNAUTHENTICATED', 'No credential.', '', 0);
    link.connect();
    await vi.waitFor(() => expect(link.state.kind).toBe('ended'));
    expect(link.state).toMatchObject({ reason: 'no-credential' });
    await expect(link.ask(says('x'))).rejects.toThrow('No credential.');
  });

  it('tries again while the server cannot be reached', async () => {
    refuse = new TypeError('fetch failed');
    link.connect();
    await vi.waitFor(() => expect(link.state.kind).toBe('waiting'));
    refuse = undefined;
    await opened(1);
  });
});

describe('T6, N4: a lost socket', () => {
  it('is followed by another with a new ticket, within half a second', async () => {
    link.connect();
    await opened(1);
    const before = Date.now();
    gateway.dropAll();
    await opened(2);
    expect(Date.now() - before).toBeLessThan(500);
    expect(tickets).toBe(2);
  });

  it('does not lose what was asked for meanwhile', async () => {
    link.connect();
    await opened(1);
    gateway.dropAll();
    await vi.waitFor(() => expect(link.isOpen).toBe(false));
    await link.ask(says('written while offline'));
    expect(gateway.session.entries.map((one) => one.text)).toEqual(['written while offline']);
  });

  it('fails what must not be said twice', async () => {
    link.connect();
    await opened(1);
    const [page] = gateway.pages;
    page!.onRequest = () => page!.socket.terminate();
    await expect(link.ask(says('once'), false)).rejects.toThrow('lost');
  });

  it('is final when access was taken back or the session ended', async () => {
    link.connect();
    await opened(1);
    gateway.dropAll(4403);
    await vi.waitFor(() =>
      expect(link.state).toMatchObject({ kind: 'ended', reason: 'forbidden' }),
    );
    link = newLink();
    link.connect();
    await opened(1);
    gateway.dropAll(4404);
    await vi.waitFor(() =>
      expect(link.state).toMatchObject({ kind: 'ended', reason: 'session-ended' }),
    );
  });

  it('makes the page load another build', async () => {
    link.connect();
    await opened(1);
    gateway.dropAll(4409);
    await vi.waitFor(() => expect(otherBuilds).toBe(1));
  });

  it('buys a new ticket when the old one was refused', async () => {
    link.connect();
    await opened(1);
    gateway.dropAll(4401);
    await opened(2);
    expect(tickets).toBe(2);
  });

  it('reads everything again after a gap', async () => {
    link.connect();
    await opened(1);
    link.rejoin();
    await opened(2);
    await vi.waitFor(() => expect(heard.filter((one) => one.case === 'snapshot')).toHaveLength(2));
  });
});

describe('R16: a socket in the place of another', () => {
  it('R16: says what goes on as before behind its hello, before it is welcomed, and not at first', async () => {
    const joins: number[] = [];
    rejoining = (say) => {
      joins.push(link.joins);
      say({ case: 'pingTimeUs', value: 7n });
    };
    link.connect();
    await opened(1);
    expect(joins).toEqual([]);
    gateway.dropAll();
    await opened(2);
    expect(joins).toEqual([1]);
  });
});

describe('requests', () => {
  it('answer with the outcome', async () => {
    link.connect();
    await opened(1);
    const outcome = await link.ask(says('hello'));
    expect(outcome.code).toBe(0);
  });

  it('reject with what was refused', async () => {
    gateway.session.participant('ada', { role: 1 });
    link.connect();
    await opened(1);
    await expect(link.ask(says('hello'))).rejects.toBeInstanceOf(Refused);
  });
});

describe('frames', () => {
  it('are text for words and binary for bytes, and either is understood', () => {
    const input = create(TerminalInputSchema, {
      tab: 't',
      sequence: 1n,
      data: new Uint8Array([255]),
    });
    expect(encode(request({ case: 'input', value: input }))).toBeInstanceOf(Uint8Array);
    expect(typeof encode(request(says('x')))).toBe('string');
    const text = '{"pongTimeUs":"5","unknownField":1}';
    expect(decode(text).message).toEqual({ case: 'pongTimeUs', value: 5n });
    expect(decode(new Uint8Array([0x78, 5]).buffer).message).toEqual({
      case: 'pongTimeUs',
      value: 5n,
    });
  });
});

describe('R7, P8: silence', () => {
  const typed = () =>
    link.say({
      case: 'input',
      value: create(TerminalInputSchema, { tab: 't', sequence: 1n, data: new Uint8Array([97]) }),
    });
  const silent = () => link.state.kind === 'open' && link.state.silent;

  it('is said within 3 s of a key that nobody answers, and taken back with the answer', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    try {
      link.connect();
      await opened(1);
      const [page] = [...gateway.pages];
      await vi.waitFor(() => expect(link.roundTripMs).toBeGreaterThan(0));
      const answer = page!.onRequest;
      page!.onRequest = () => {};
      vi.advanceTimersByTime(2000);
      expect(silent(), 'nothing is owed').toBe(false);
      typed();
      vi.advanceTimersByTime(1000);
      expect(silent(), 'that may be a slow line').toBe(false);
      vi.advanceTimersByTime(1500);
      expect(silent()).toBe(true);
      expect(states.filter((one) => one.kind === 'open' && one.silent).length).toBe(1);
      page!.onRequest = answer;
      page!.send({ case: 'pongTimeUs', value: 1n });
      await vi.waitFor(() => expect(silent()).toBe(false));
      expect([link.joins, tickets]).toEqual([1, 1]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('asks once a second while somebody types, and every five else', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    try {
      link.connect();
      await opened(1);
      const asked = () =>
        [...gateway.pages][0]!.heard.filter(({ message }) => message.case === 'pingTimeUs').length;
      // In real time: what waits for it must not move the clock.
      const answered = async () => {
        while (link.isOwedAnswer) await new Promise((done) => setTimeout(done, 1));
      };
      await answered();
      for (let i = 0; i < 40; i++) {
        vi.advanceTimersByTime(100);
        typed();
        await answered();
      }
      expect(asked()).toBe(5);
      for (let i = 0; i < 120; i++) {
        vi.advanceTimersByTime(100);
        await answered();
      }
      expect(asked()).toBe(7);
    } finally {
      vi.useRealTimers();
    }
  });

  it('drops a socket that answers nothing for 12 s', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    try {
      link.connect();
      await opened(1);
      for (const page of gateway.pages) page.onRequest = () => {};
      for (let second = 0; second < 14; second++) vi.advanceTimersByTime(1000);
      await opened(2);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('N4: control restarts while the socket stays', () => {
  const asked = (text: string) =>
    [...gateway.pages][0]!.heard.filter(
      ({ message }) => message.case === 'say' && message.value.text === text,
    ).length;

  it('says so, asks again what was lost, and once what was asked meanwhile', async () => {
    link.connect();
    await opened(1);
    gateway.control = 'dying';
    const lost = link.ask(says('lost'));
    await vi.waitFor(() => expect(asked('lost')).toBe(1));
    gateway.loseControl();
    await vi.waitFor(() => expect(link.state).toMatchObject({ kind: 'open', controlAway: true }));
    const kept = link.ask(says('kept'));
    await vi.waitFor(() => expect(asked('kept')).toBe(1));
    gateway.regainControl();
    await Promise.all([lost, kept]);
    expect(link.state).toMatchObject({ kind: 'open', controlAway: false });
    expect(asked('lost')).toBe(2);
    expect(gateway.session.entries.map((one) => one.text).sort()).toEqual(['kept', 'lost']);
    expect([link.joins, tickets]).toEqual([1, 1]);
    expect(heard.some((one) => one.case === 'outcome')).toBe(false);
  });

  it('keeps the socket however long that takes', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    try {
      link.connect();
      await opened(1);
      gateway.loseControl();
      await vi.waitFor(() => expect(link.state).toMatchObject({ controlAway: true }));
      for (let second = 0; second < 60; second++) vi.advanceTimersByTime(1000);
      link.wake();
      expect(link.state).toMatchObject({ kind: 'open', controlAway: true });
      gateway.regainControl();
      await vi.waitFor(() => expect(link.state).toMatchObject({ controlAway: false }));
      expect(tickets).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });
});
