import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { participant, tab } from '../../test/support/make';
import { SizePolicy, type Tab } from '../gen/atrium/v1/tab_pb';
import type { Said } from '../link/codec';
import { WindowSize } from './window_size';

const ben = participant('ben');
const ada = participant('ada');
const WIDE = { columns: 100, rows: 30 };
const NARROW = { columns: 80, rows: 24 };

let tabs: Map<string, Tab>;
let told: string[];
let room: ConstructorParameters<typeof WindowSize>[0];
let size: WindowSize;
let link: { joins: number };

/** The tab looks like this now, and the page hears of it. */
function becomes(fields: Parameters<typeof tab>[1], id = 't'): Tab {
  const now = tab(id, fields);
  tabs.set(now.name, now);
  size.follow();
  return now;
}

beforeEach(() => {
  vi.useFakeTimers();
  tabs = new Map();
  told = [];
  link = { joins: 1 };
  const say = (said: Said) => {
    if (said.case !== 'resize') return false;
    const { tab, size } = said.value;
    told.push(`${tab.split('/').at(-1)} ${size?.columns}x${size?.rows}`);
    return true;
  };
  room = { say, store: { tabs }, self: ben, isFrontWindow: true, link } as unknown as typeof room;
  size = new WindowSize(room);
});

afterEach(() => vi.useRealTimers());

describe('N8: the window of whoever took control last', () => {
  it('is told once, and again when control comes back from somebody else', () => {
    size.fit(becomes({ sizeOwner: ben.name, size: NARROW }), WIDE);
    size.fit(becomes({ sizeOwner: ben.name, size: NARROW }), WIDE);
    expect(told).toEqual(['t 100x30']);
    size.fit(becomes({ sizeOwner: ben.name, size: WIDE }), WIDE);
    size.fit(becomes({ sizeOwner: ada.name, size: WIDE }), WIDE);
    size.fit(becomes({ sizeOwner: ada.name, size: NARROW }), WIDE);
    expect(told).toEqual(['t 100x30']);
    size.fit(becomes({ sizeOwner: ben.name, size: NARROW }), WIDE);
    expect(told).toEqual(['t 100x30', 't 100x30']);
  });

  it('is told anew though nothing was drawn while somebody else had control', () => {
    size.fit(becomes({ sizeOwner: ben.name, size: NARROW }), WIDE);
    becomes({ sizeOwner: ada.name, size: NARROW });
    size.fit(becomes({ sizeOwner: ben.name, size: NARROW }), WIDE);
    expect(told).toEqual(['t 100x30', 't 100x30']);
  });

  it('is not told where it is the size already, or where another window is in front', () => {
    size.fit(becomes({ sizeOwner: ben.name, size: WIDE }), WIDE);
    Object.assign(room, { isFrontWindow: false });
    size.fit(becomes({ sizeOwner: ben.name, size: NARROW }), WIDE);
    expect(told).toEqual([]);
  });

  it('does not quarrel with another window of the same person', () => {
    size.fit(becomes({ sizeOwner: ben.name, size: NARROW }), WIDE);
    size.fit(becomes({ sizeOwner: ben.name, size: WIDE }), WIDE);
    for (let i = 0; i < 9; i++) size.fit(becomes({ sizeOwner: ben.name, size: NARROW }), WIDE);
    expect(told).toEqual(['t 100x30']);
  });

  it('is told again a little later if the host did not know yet whose it is', () => {
    size.fit(becomes({ sizeOwner: ben.name, size: NARROW }), WIDE);
    vi.advanceTimersByTime(1000);
    expect(told).toEqual(['t 100x30', 't 100x30']);
    becomes({ sizeOwner: ben.name, size: WIDE });
    vi.advanceTimersByTime(60_000);
    expect(told).toHaveLength(2);
  });

  it('N4: is told over a new socket, and to a host that was started anew', () => {
    size.fit(becomes({ sizeOwner: ben.name, size: NARROW }), WIDE);
    link.joins++;
    size.fit(becomes({ sizeOwner: ben.name, size: NARROW }), WIDE);
    size.fit(becomes({ sizeOwner: ben.name, size: NARROW, incarnation: 'i2' }), WIDE);
    expect(told).toHaveLength(3);
  });
});

describe('N8: the smallest window', () => {
  const smallest = { sizePolicy: SizePolicy.SMALLEST, sizeOwner: ada.name };

  it('is that of everybody who shows the tab, whatever its size is', () => {
    size.fit(becomes({ ...smallest, size: WIDE }), WIDE);
    expect(told).toEqual(['t 100x30']);
  });

  it('is told when that is chosen, also by whoever told it before', () => {
    size.fit(becomes({ sizeOwner: ben.name, size: NARROW }), WIDE);
    size.fit(becomes({ ...smallest, size: WIDE }), WIDE);
    becomes({ sizePolicy: SizePolicy.FIXED, size: WIDE });
    size.fit(becomes({ ...smallest, size: WIDE }), WIDE);
    expect(told).toEqual(['t 100x30', 't 100x30', 't 100x30']);
    vi.advanceTimersByTime(60_000);
    expect(told).toHaveLength(5);
  });

  it('does not count a window that shows another tab, and counts it when it is back', () => {
    size.fit(becomes({ ...smallest, size: WIDE }), WIDE);
    size.show('sessions/s/tabs/t');
    expect(told).toEqual(['t 100x30']);
    size.show('sessions/s/tabs/other');
    expect(told).toEqual(['t 100x30', 't 0x0']);
    size.show('sessions/s/tabs/t');
    size.fit(becomes({ ...smallest, size: WIDE }), WIDE);
    expect(told).toEqual(['t 100x30', 't 0x0', 't 100x30']);
    size.show(undefined);
    expect(told.at(-1)).toBe('t 0x0');
  });

  it('is the only one that is told of a tab that is not shown any more', () => {
    size.fit(becomes({ sizeOwner: ben.name, size: NARROW }), WIDE);
    size.show('sessions/s/tabs/other');
    size.fit(becomes({ ...smallest, size: WIDE }), WIDE);
    tabs.clear();
    size.show('sessions/s/tabs/other');
    expect(told).toEqual(['t 100x30', 't 100x30']);
  });
});
