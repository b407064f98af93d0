import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Attention } from './attention';

let page: { hidden: boolean; pictureInPictureElement: Element | null };
let attention: Attention;
let changes: boolean[];
let look: () => void;

const hide = (hidden: boolean) => {
  page.hidden = hidden;
  look();
};

beforeEach(() => {
  vi.useFakeTimers();
  changes = [];
  page = { hidden: false, pictureInPictureElement: null };
  const seen = Object.assign(page, {
    addEventListener: (_: string, listener: () => void) => {
      look = listener;
    },
  });
  attention = new Attention(seen, () => changes.push(attention.isThere));
});
afterEach(() => vi.useRealTimers());

describe('L6: screens are watched where somebody looks', () => {
  it('and a while longer, so that a glance elsewhere costs nothing', () => {
    hide(true);
    vi.advanceTimersByTime(29_000);
    hide(false);
    vi.advanceTimersByTime(60_000);
    expect(changes).toEqual([]);
    hide(true);
    vi.advanceTimersByTime(30_000);
    hide(false);
    expect(changes).toEqual([false, true]);
  });

  it('and as long as a picture floats over other windows', () => {
    page.pictureInPictureElement = {} as Element;
    hide(true);
    vi.advanceTimersByTime(300_000);
    expect(attention.isThere).toBe(true);
    page.pictureInPictureElement = null;
    vi.advanceTimersByTime(30_000);
    expect(attention.isThere).toBe(false);
  });
});
