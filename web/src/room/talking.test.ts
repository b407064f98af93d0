import { beforeEach, describe, expect, it } from 'vitest';
import { Talking } from './talking';

const NONE = { altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, repeat: false };
const key = (code: string, name: string, held: Partial<typeof NONE> = {}) => ({
  ...NONE,
  ...held,
  code,
  key: name,
});

let call: { phase: 'idle' | 'live'; hold(held: boolean): void };
let held: boolean[];
let talking: Talking;

beforeEach(() => {
  held = [];
  call = { phase: 'live', hold: (one) => held.push(one) };
  talking = new Talking({ call });
});

describe('N5: the talk key', () => {
  it('opens the microphone once while it repeats, and closes it once', () => {
    talking.onKeyDown(key('F8', 'F8'));
    talking.onKeyDown(key('F8', 'F8', { repeat: true }));
    expect(held).toEqual([true]);
    talking.onKeyUp(key('F8', 'F8'));
    talking.onKeyUp(key('F8', 'F8'));
    expect(held).toEqual([true, false]);
  });

  it('ends with its letter, whatever that is called when it is let go', () => {
    talking.onKeyDown(key('KeyK', '˚', { altKey: true }));
    talking.onKeyUp(key('KeyK', 'k', { altKey: true }));
    expect(held).toEqual([true, false]);
    talking.onKeyDown(key('', 'K', { shiftKey: true }));
    talking.onKeyUp(key('', 'k', { shiftKey: true }));
    expect(held).toEqual([true, false, true, false]);
  });

  it('ends when a key that is held with it is let go first', () => {
    talking.onKeyDown(key('KeyK', 'k', { altKey: true }));
    talking.onKeyUp(key('KeyJ', 'j', { altKey: true }));
    expect(held).toEqual([true]);
    talking.onKeyUp(key('AltLeft', 'Alt'));
    expect(held).toEqual([true, false]);
  });

  it('opens nothing without a call, and is closed by a call that ends', () => {
    call.phase = 'idle';
    talking.onKeyDown(key('F8', 'F8'));
    talking.onKeyUp(key('F8', 'F8'));
    expect(held).toEqual([]);
    call.phase = 'live';
    talking.onKeyDown(key('F8', 'F8'));
    call.phase = 'idle';
    talking.end();
    expect(held).toEqual([true, false]);
  });
});

describe('N5: the talk button', () => {
  it('keeps the pointer, so that it hears of its end outside', () => {
    const kept: number[] = [];
    const currentTarget = { setPointerCapture: (id: number) => kept.push(id) };
    const event = { button: 0, pointerId: 7, currentTarget: currentTarget as unknown as Element };
    talking.onPointerDown({ ...event, button: 2 });
    expect([kept, held]).toEqual([[], []]);
    talking.onPointerDown(event);
    expect([kept, held]).toEqual([[7], [true]]);
    talking.end();
    talking.end();
    expect(held).toEqual([true, false]);
  });
});
