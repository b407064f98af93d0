import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  bitrateOf,
  captureReady,
  FakeScreens,
  FakeTrack,
  streamOf,
} from '../../test/support/screens';
import { CaptureSchema } from '../gen/atrium/v1/capture_pb';
import { ShownCapture } from './shown';

const ONE = 'sessions/s/captures/1';
const TWO = 'sessions/s/captures/2';
const MAX_BPS = 2_500_000;

let screens: FakeScreens;
let shown: ShownCapture;
let problems: string[];
let warnings: unknown[];

const turn = () => vi.advanceTimersByTimeAsync(0);
const sender = (at = -1) => screens.peers.at(at)!.sender;
const bound = () => sender().encodings?.map((one) => one.maxBitrate);

async function showing(name = ONE): Promise<void> {
  await shown.start();
  shown.onReady(captureReady(name, 1, true));
  await turn();
  screens.peers.at(-1)!.become('connected');
}

beforeEach(() => {
  vi.useFakeTimers();
  problems = [];
  warnings = [];
  vi.spyOn(console, 'warn').mockImplementation((text) => void warnings.push(text));
  const names = [ONE, TWO];
  screens = new FakeScreens();
  screens.pick = async () => streamOf(new FakeTrack());
  screens.answer = async ({ case: what }) =>
    what === 'startCapture'
      ? { case: 'capture', value: create(CaptureSchema, { name: names.shift() }) }
      : { case: undefined };
  shown = new ShownCapture(screens, screens, {
    onShownChanged: () => {},
    onShownProblem: ({ text }) => problems.push(text),
    onShownTrouble: () => {},
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe('L13: a shown screen sends what the links of those who watch bear', () => {
  it('obeys each word, and tells the browser only what is new', async () => {
    await showing();
    expect(bound()).toEqual([MAX_BPS]);
    for (const bps of [600_000, 600_000, 4_000_000]) {
      shown.onBitrate(bitrateOf(ONE, bps));
      await turn();
      expect(bound()).toEqual([bps]);
    }
    expect(sender().set).toEqual([600_000, 4_000_000]);
  });

  it('leaves the encoding’s other parameters as they are', async () => {
    await showing();
    sender().encodings = [{ maxBitrate: MAX_BPS, maxFramerate: 15 }, { active: false }];
    shown.onBitrate(bitrateOf(ONE, 600_000));
    await turn();
    const kept = [{ maxBitrate: 600_000, maxFramerate: 15 }, { active: false }];
    expect(sender().encodings).toEqual(kept);
  });

  it('keeps to it over another connection, before that one sends', async () => {
    await showing();
    shown.onBitrate(bitrateOf(ONE, 600_000));
    shown.onReady(captureReady(ONE, 2, true));
    expect(sender().set).toEqual([600_000]);
    await turn();
    expect(bound()).toEqual([600_000]);
    screens.peers[1]!.become('connected');
    await turn();
    expect(sender(1).set).toEqual([600_000]);
  });

  it('takes no word on a capture that this page does not show, or no longer', async () => {
    shown.onBitrate(bitrateOf('', 600_000));
    shown.onBitrate(bitrateOf(ONE, 600_000));
    await showing();
    shown.onBitrate(bitrateOf(TWO, 700_000));
    await turn();
    expect(sender().set).toEqual([]);
    shown.onBitrate(bitrateOf(ONE, 600_000));
    shown.stop();
    await showing(TWO);
    await turn();
    expect([screens.peers.length, bound()]).toEqual([2, [MAX_BPS]]);
  });
});

describe('L13: the bitrate of a shown screen, in browsers as they are', () => {
  it('obeys the last of several words that come while the browser is at the first', async () => {
    await showing();
    let done = () => {};
    sender().onSet = () => new Promise((resolve) => (done = resolve));
    for (const bps of [600_000, 700_000, 800_000]) shown.onBitrate(bitrateOf(ONE, bps));
    await turn();
    expect(sender().set).toEqual([600_000]);
    done();
    await turn();
    done();
    await turn();
    expect(sender().set).toEqual([600_000, 800_000]);
    expect([bound(), warnings]).toEqual([[800_000], []]);
  });

  it('obeys in a browser whose senders have no encodings before they negotiated', async () => {
    screens.haveEncodings = false;
    await shown.start();
    shown.onReady(captureReady(ONE, 1, true));
    shown.onBitrate(bitrateOf(ONE, 600_000));
    await turn();
    expect([bound(), warnings]).toEqual([[600_000], []]);
    sender().encodings = [{}];
    screens.peers[0]!.become('connected');
    await turn();
    expect(bound()).toEqual([600_000]);
  });

  it('warns once of a browser that refuses, goes on showing, and tries again', async () => {
    await showing();
    const refuse = () => Promise.reject(new Error('InvalidModificationError'));
    sender().onSet = refuse;
    for (const bps of [600_000, 700_000]) {
      shown.onBitrate(bitrateOf(ONE, bps));
      await turn();
    }
    expect(warnings).toEqual(['The bitrate of the shown screen cannot be set.']);
    expect([shown.phase, bound(), problems]).toEqual(['showing', [MAX_BPS], []]);
    sender().getParameters = () => {
      throw new Error('InvalidStateError');
    };
    shown.onBitrate(bitrateOf(ONE, 800_000));
    shown.onReady(captureReady(ONE, 2, true));
    await turn();
    expect([bound(), warnings.length]).toEqual([[800_000], 1]);
  });
});
