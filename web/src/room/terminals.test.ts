import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tab } from '../../test/support/make';
import { JoinResponse_OutcomeSchema } from '../gen/atrium/v1/live_pb';
import { type Tab, Tab_State } from '../gen/atrium/v1/tab_pb';
import type { Said } from '../link/codec';
import { Refused } from '../link/link';
import { OutputCursor } from '../state/output_cursor';
import { Terminals, type TerminalsListener } from './terminals';

let gaps: (() => void)[];

/** A terminal that draws nothing and knows how far its bytes have come. */
class FakeScreen {
  readonly feed = { cursor: new OutputCursor(), skips: 0 };
  readonly term = { onResize: () => {} };
  disposed = false;
  constructor(_looks: object, listener: { onGap(): void }) {
    gaps.push(() => listener.onGap());
  }
  dispose() {
    this.disposed = true;
  }
}

vi.mock('../terminal/screen', () => ({
  get TerminalScreen() {
    return FakeScreen;
  },
}));

const { RUNNING, UNREACHABLE } = Tab_State;
const nameOf = (id: string) => tab(id).name;

let terminals: Terminals;
let link: { isOpen: boolean; joins: number };
let told: string[];
let refusesOnce: boolean;
let mayType: boolean | undefined;

/** "t@5": subscribed from there; "-t": not any more. */
function tell(message: Said): boolean {
  if (!link.isOpen) return false;
  const short = (name: string) => name.split('/').at(-1);
  if (message.case === 'subscribe')
    told.push(`${short(message.value.tab)}@${message.value.offset}`);
  if (message.case === 'input') told.push(`typed ${new TextDecoder().decode(message.value.data)}`);
  if (message.case === 'unsubscribe') told.push(`-${short(message.value.tab)}`);
  return true;
}

/** What was told since it was asked last. */
function news(): string[] {
  const all = told;
  told = [];
  return all;
}

const has = (id: string, received: number) =>
  terminals.screen(nameOf(id))!.feed.cursor.endSnapshot(received);

function lose(): void {
  link.isOpen = false;
  terminals.unlink();
}

/** Another socket: what is said right behind hello, then what follows the state. */
function rejoin(tabs: Tab[]): { behindHello: string[]; afterState: string[] } {
  link.joins++;
  const behindHello: string[] = [];
  terminals.resume((message) => {
    link.isOpen = true;
    tell(message);
    link.isOpen = false;
    behindHello.push(...news());
  });
  link.isOpen = true;
  terminals.sync(tabs);
  return { behindHello, afterState: news() };
}

beforeEach(async () => {
  vi.useFakeTimers();
  gaps = [];
  told = [];
  refusesOnce = false;
  mayType = true;
  link = { isOpen: true, joins: 1 };
  const door = {
    get isOpen() {
      return link.isOpen;
    },
    get joins() {
      return link.joins;
    },
    roundTripMs: 0,
    say: tell,
    ask: async (message: Said) => {
      tell(message);
      if (!refusesOnce) return;
      refusesOnce = false;
      throw new Refused(create(JoinResponse_OutcomeSchema, { code: 14, message: 'not yet' }));
    },
  };
  const listener = { mayType: () => mayType, looks: () => ({}), onScreen: () => {} };
  terminals = new Terminals(
    () => door as unknown as ReturnType<ConstructorParameters<typeof Terminals>[0]>,
    listener as unknown as TerminalsListener,
  );
  await vi.dynamicImportSettled();
});

afterEach(() => vi.useRealTimers());

describe('N4, M4: a socket that takes the place of a lost one', () => {
  it('subscribes right behind hello where the bytes had come to, and not again', () => {
    terminals.sync([tab('a'), tab('b')]);
    expect(news()).toEqual(['a@-1', 'b@-1']);
    has('a', 500);
    has('b', 20);
    lose();
    expect(rejoin([tab('a'), tab('b')])).toEqual({
      behindHello: ['a@500', 'b@20'],
      afterState: [],
    });
    lose();
    has('a', 600);
    expect(rejoin([tab('a')]).behindHello).toEqual(['a@600', 'b@20']);
  });

  it('asks for a snapshot with the state where nothing had come yet', () => {
    terminals.sync([tab('a')]);
    news();
    lose();
    expect(rejoin([tab('a')])).toEqual({ behindHello: [], afterState: ['a@-1'] });
  });

  it('begins anew where the terminal is another one', () => {
    terminals.sync([tab('a', { incarnation: '1' })]);
    has('a', 500);
    news();
    lose();
    const { behindHello, afterState } = rejoin([tab('a', { incarnation: '2' })]);
    expect([behindHello, afterState]).toEqual([['a@500'], ['a@-1']]);
  });

  it('asks again where the host turned out to be away, once that is back', () => {
    terminals.sync([tab('a')]);
    has('a', 500);
    news();
    lose();
    expect(rejoin([tab('a', { state: UNREACHABLE })]).behindHello).toEqual(['a@500']);
    terminals.sync([tab('a', { state: RUNNING })]);
    expect(news()).toEqual(['a@500']);
  });

  it('has nothing to say of a tab that cannot be read', () => {
    terminals.sync([tab('a')]);
    has('a', 500);
    terminals.sync([tab('a', { state: UNREACHABLE })]);
    news();
    lose();
    expect(rejoin([tab('a', { state: UNREACHABLE })])).toEqual({ behindHello: [], afterState: [] });
  });
});

describe('M9, N4: what was typed while the socket was lost', () => {
  const type = (text: string) => terminals.type(nameOf('a'), new TextEncoder().encode(text));
  beforeEach(() => {
    terminals.sync([tab('a')]);
    has('a', 500);
    lose();
    type('one ');
    news();
  });

  it('is sent once it is known that this page may type, as is what is typed meanwhile', () => {
    mayType = undefined;
    expect(rejoin([tab('a')]).afterState).toEqual([]);
    type('two');
    expect(news()).toEqual([]);
    mayType = true;
    terminals.sync([tab('a')]);
    expect(news()).toEqual(['typed one ', 'typed two']);
  });

  it('is never sent where this page may not type any more', () => {
    mayType = false;
    expect(rejoin([tab('a')]).afterState).toEqual([]);
    mayType = true;
    terminals.sync([tab('a')]);
    expect(news()).toEqual(['typed ']);
  });
});

describe('N4: a socket that is lost again, and tabs that go meanwhile', () => {
  it('costs nothing before the welcome: the next one says it anew', () => {
    terminals.sync([tab('a')]);
    has('a', 500);
    news();
    lose();
    terminals.resume(() => {});
    lose();
    expect(rejoin([tab('a')])).toEqual({ behindHello: ['a@500'], afterState: [] });
  });

  it('in the middle of a snapshot, asks for another one', () => {
    terminals.sync([tab('a')]);
    has('a', 500);
    news();
    lose();
    terminals.resume(() => {});
    terminals.screen(nameOf('a'))!.feed.cursor.beginSnapshot();
    lose();
    expect(rejoin([tab('a')])).toEqual({ behindHello: [], afterState: ['a@-1'] });
  });

  it('takes back what it said of a tab that is gone by then', () => {
    terminals.sync([tab('a')]);
    has('a', 500);
    lose();
    news();
    link.isOpen = true;
    terminals.resume(tell);
    terminals.remove(nameOf('a'));
    expect(news()).toEqual(['a@500', '-a']);
  });
});

describe('N4: what is missing is asked for again', () => {
  it('by a gap and by a refusal alike, once a second at most', async () => {
    terminals.sync([tab('a')]);
    has('a', 500);
    news();
    gaps[0]!();
    gaps[0]!();
    await vi.advanceTimersByTimeAsync(1000);
    expect(news()).toEqual(['a@500']);
    lose();
    expect(rejoin([tab('a')]).behindHello).toEqual(['a@500']);
    refusesOnce = true;
    await vi.advanceTimersByTimeAsync(1000);
    gaps[0]!();
    await vi.advanceTimersByTimeAsync(0);
    expect(news()).toEqual(['a@500']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(news()).toEqual(['a@500']);
  });
});

describe('N4: terminals that rest', () => {
  const many = Array.from({ length: 20 }, (_, index) => tab(`t${index}`));
  const drawn = () => many.filter((one) => terminals.screen(one.name)).map((one) => one.title);

  /** Looked at, and drawn so far. */
  const look = (id: string, received: number) => {
    vi.advanceTimersByTime(1000);
    terminals.view(nameOf(id));
    has(id, received);
  };

  beforeEach(() => {
    terminals.view(nameOf('t0'));
    terminals.sync(many);
    for (let index = 0; index < 16; index++) look(`t${index}`, index);
    news();
  });

  it('are fed when they are looked at, in the place of the one looked at longest ago', () => {
    expect(drawn()).toHaveLength(16);
    look('t18', 7);
    expect([news(), drawn().length]).toEqual([['t18@-1', '-t0'], 16]);
    expect(terminals.screen(nameOf('t0'))).toBeUndefined();
  });

  it('are not blank when looked at after a reconnect, and say nothing before', () => {
    look('t18', 7);
    news();
    lose();
    const { behindHello, afterState } = rejoin(many);
    expect(behindHello).toHaveLength(16);
    expect(behindHello).toContain('t18@7');
    expect([behindHello.includes('t0@0'), afterState]).toEqual([false, []]);
    look('t0', 0);
    expect(news()).toEqual(['t0@-1', '-t1']);
    look('t1', 0);
    expect(news()).toEqual(['t1@-1', '-t2']);
  });

  it('are not blank when they were looked at while there was no socket', () => {
    lose();
    terminals.view(nameOf('t18'));
    expect(news()).toEqual([]);
    const { behindHello, afterState } = rejoin(many);
    expect(behindHello.some((one) => one.startsWith('t18'))).toBe(false);
    expect(afterState).toEqual(['t18@-1']);
  });

  it('are asked for anew when they come to rest between hello and the state', () => {
    lose();
    link.joins++;
    terminals.resume(() => {});
    terminals.view(nameOf('t18'));
    link.isOpen = true;
    terminals.sync(many);
    expect(news()).toEqual(['t18@-1']);
    terminals.view(nameOf('t0'));
    expect(news()[0]).toBe('t0@-1');
  });
});
