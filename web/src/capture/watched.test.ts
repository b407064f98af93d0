import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answerTo, captureReady, FakeScreens, FakeTrack } from '../../test/support/screens';
import { WatchedCapture } from './watched';

const ONE = 'sessions/s/captures/1';

let screens: FakeScreens;
let watched: WatchedCapture;

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const asked = () => screens.words.filter((one) => one === 'watchCapture').length;
const peer = () => screens.peers.at(-1)!;

async function connect(epoch: number): Promise<void> {
  watched.onReady(captureReady(ONE, epoch, false));
  await pass(0);
  peer().become('connected');
}

/** Frames come for so long. */
async function see(seconds: number): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    peer().frames++;
    await pass(1000);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal(
    'MediaStream',
    class {
      constructor(readonly tracks: FakeTrack[]) {}
    },
  );
  screens = new FakeScreens();
  watched = new WatchedCapture(ONE, screens, screens, () => {});
});
afterEach(() => {
  watched.end(true);
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('L6: a shown screen is watched', () => {
  it('asks at once, receives one video of VP8, and shows it', async () => {
    expect(screens.words).toEqual(['watchCapture']);
    await connect(4);
    expect(peer().transceivers).toEqual([{ what: 'video', init: { direction: 'recvonly' } }]);
    expect(peer().codecs).toEqual(['video/VP8']);
    expect(screens.signals.map((one) => [one.capture, one.epoch, one.signal.case])).toEqual([
      [ONE, 4n, 'offerSdp'],
      [ONE, 4n, 'candidate'],
    ]);
    watched.onSignal(answerTo(ONE, 3));
    expect(peer().answer).toBe('');
    watched.onSignal(answerTo(ONE, 4));
    expect(peer().answer).toBe('answer');
    peer().ontrack?.({ track: new FakeTrack() });
    expect(watched.stream).toBeDefined();
    expect(watched.phase).toBe('connecting');
    await see(1);
    expect(watched.phase).toBe('seen');
  });

  it('N4: is asked for again when the server lost this page’s view of it', async () => {
    await connect(1);
    await see(1);
    const before = asked();
    watched.onEnded();
    expect([watched.phase, peer().closed]).toEqual(['late', true]);
    await pass(1000);
    expect(asked()).toBe(before + 1);
    await connect(2);
    await see(1);
    expect(watched.phase).toBe('seen');
  });

  it('is left when the person hides it, and dropped without a word when it is gone', async () => {
    await connect(1);
    watched.end(false);
    expect(screens.words.at(-1)).toBe('leaveCapture');
    expect(peer().closed).toBe(true);
    const other = new WatchedCapture(ONE, screens, screens, () => {});
    screens.said.length = 0;
    other.end(true);
    await pass(120_000);
    expect(screens.words).toEqual([]);
  });
});

describe('N4: a picture that does not come is asked for again', () => {
  it('after ten seconds without a frame, then with longer waits', async () => {
    await connect(1);
    await see(3);
    await pass(9000);
    expect([watched.phase, asked()]).toEqual(['seen', 1]);
    await pass(1000);
    expect([watched.phase, peer().closed]).toEqual(['late', true]);
    const waits = [1, 2, 4, 8, 16, 30, 30];
    for (const [index, seconds] of waits.entries()) {
      await pass(seconds * 1000 - 1);
      expect(asked()).toBe(index + 1);
      await pass(1);
      expect(asked()).toBe(index + 2);
      await connect(index + 2);
      peer().become('failed');
    }
  });

  it('begins with short waits again once it was seen', async () => {
    await connect(1);
    peer().become('failed');
    await pass(1000);
    await connect(2);
    await see(1);
    expect(watched.phase).toBe('seen');
    peer().become('failed');
    await pass(1000);
    expect(asked()).toBe(3);
  });

  it('also when the server does not answer, or refuses', async () => {
    await pass(11_000);
    expect(asked()).toBe(2);
    screens.answer = () => Promise.reject(new Error('UNAVAILABLE'));
    await pass(10_000);
    await pass(2000);
    expect(asked()).toBe(3);
    await pass(4000);
    expect(asked()).toBe(4);
  });

  it('keeps the last picture until the next one comes', async () => {
    await connect(1);
    peer().ontrack?.({ track: new FakeTrack() });
    const before = watched.stream;
    peer().become('failed');
    await pass(1000);
    await connect(2);
    const track = new FakeTrack();
    track.muted = true;
    peer().ontrack?.({ track });
    expect(watched.stream).toBe(before);
    track.onunmute?.();
    expect(watched.stream).not.toBe(before);
  });

  it('takes another epoch unasked, and keeps its connection over a lost socket', async () => {
    await connect(1);
    await see(1);
    watched.onReady(captureReady(ONE, 1, false));
    expect(screens.peers).toHaveLength(1);
    watched.onRejoined();
    expect([asked(), peer().closed]).toEqual([1, false]);
    await connect(2);
    expect([screens.peers.length, screens.peers[0]!.closed]).toEqual([2, true]);
    peer().become('failed');
    watched.onRejoined();
    expect(asked()).toBe(2);
  });
});
