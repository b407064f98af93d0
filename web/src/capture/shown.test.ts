import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  answerTo,
  captureReady,
  FakeScreens,
  FakeTrack,
  streamOf,
} from '../../test/support/screens';
import { CaptureSchema } from '../gen/atrium/v1/capture_pb';
import { CallProblem_Category, JoinResponse_OutcomeSchema } from '../gen/atrium/v1/live_pb';
import { Refused } from '../link/link';
import { ShownCapture } from './shown';

const ONE = 'sessions/s/captures/1';
const TWO = 'sessions/s/captures/2';

let screens: FakeScreens;
let shown: ShownCapture;
let track: FakeTrack;
let picks: number;
let problems: string[];
let names: string[];
let troubles: CallProblem_Category[];

const turn = () => vi.advanceTimersByTimeAsync(0);
const refused = (code: number, message = '') =>
  new Refused(create(JoinResponse_OutcomeSchema, { code, message }));
const captureOf = (name: string, agentSees = false) => create(CaptureSchema, { name, agentSees });
/** The state of a session where these screens are shown. */
const state = (name?: string, agentSees = false) =>
  new Map(name ? [[name, captureOf(name, agentSees)]] : []);
/** What the server was told of the agent, each time. */
const told = () =>
  screens.said.flatMap((one) =>
    one.case === 'startCapture' ? [[one.value.agentSees, one.value.approval]] : [],
  );
const titles = () =>
  screens.said.flatMap((one) => (one.case === 'startCapture' ? [one.value.title] : []));
const stopped = () =>
  screens.said.flatMap((one) => (one.case === 'stopCapture' ? [one.value.name] : []));

async function showing(epoch = 1, consent = {}): Promise<void> {
  await shown.start(consent);
  shown.onReady(captureReady(ONE, epoch, true));
  await turn();
  screens.peers.at(-1)!.become('connected');
}

beforeEach(() => {
  vi.useFakeTimers();
  screens = new FakeScreens();
  track = new FakeTrack('budget.ods', 'window');
  picks = 0;
  problems = [];
  troubles = [];
  names = [ONE, TWO];
  screens.pick = async () => {
    picks++;
    return streamOf(track);
  };
  screens.answer = async ({ case: what, value }) =>
    what === 'startCapture'
      ? { case: 'capture', value: captureOf(names.shift()!, value.agentSees) }
      : { case: undefined };
  shown = new ShownCapture(screens, screens, {
    onShownChanged: () => {},
    onShownProblem: ({ text }) => problems.push(text),
    onShownTrouble: (category) => troubles.push(category),
  });
});
afterEach(() => vi.useRealTimers());

describe('L6: a screen is shown by explicit consent', () => {
  it('lets the person pick first, then tells the server what it is', async () => {
    expect(picks).toBe(0);
    const starting = shown.start();
    expect([shown.phase, picks, screens.words]).toEqual(['asking', 1, []]);
    await starting;
    expect(shown.phase).toBe('showing');
    expect(titles()).toEqual(['Window: budget.ods']);
    expect(track.contentHint).toBe('detail');
  });

  it('sends one video, VP8 without rtx, bounded, and takes the answer of its own', async () => {
    await shown.start();
    shown.onReady(captureReady(ONE, 3, true));
    await turn();
    const [peer] = screens.peers;
    expect(peer!.transceivers).toHaveLength(1);
    const [{ what, init }] = peer!.transceivers as [{ what: unknown; init: RTCRtpTransceiverInit }];
    expect(what).toBe(track);
    expect(init.direction).toBe('sendonly');
    expect(init.sendEncodings).toEqual([{ maxBitrate: 2_500_000 }]);
    expect(peer!.codecs).toEqual(['video/VP8']);
    expect(screens.signals.map((one) => one.signal.case)).toEqual(['offerSdp', 'candidate']);
    expect(screens.signals.every((one) => one.capture === ONE && one.epoch === 3n)).toBe(true);
    shown.onSignal(answerTo(ONE, 2));
    shown.onSignal(answerTo(TWO, 3));
    expect(peer!.answer).toBe('');
    shown.onSignal(answerTo(ONE, 3));
    expect(peer!.answer).toBe('answer');
  });

  it('never asks the person by itself', async () => {
    shown.onReady(captureReady(ONE, 1, true));
    await turn();
    expect(picks).toBe(0);
    expect(screens.peers).toHaveLength(0);
    expect(stopped()).toEqual([ONE]);
  });

  it('says what to do when nothing was picked, and when the system forbids it', async () => {
    const refuse = (message: string) =>
      Promise.reject(Object.assign(new Error(message), { name: 'NotAllowedError' }));
    screens.pick = () => refuse('Permission denied');
    await shown.start();
    screens.pick = () => refuse('Permission denied by system');
    await shown.start();
    expect(shown.phase).toBe('idle');
    expect(screens.words).toEqual([]);
    expect(problems[0]).toMatch(/no screen was picked/);
    expect(problems[1]).toMatch(/system’s settings/);
  });
});

describe('L6: a shown screen is stopped', () => {
  it('at the source, when it is stopped here, or by the browser’s own button', async () => {
    await showing();
    shown.stop();
    expect(track.stopped).toBe(true);
    expect(screens.peers[0]!.closed).toBe(true);
    expect(shown.isShowing).toBe(false);
    expect(stopped()).toEqual([ONE]);

    track = new FakeTrack();
    await shown.start();
    track.onended?.();
    expect(stopped()).toEqual([ONE, TWO]);
    expect(shown.phase).toBe('idle');
    expect(problems).toEqual([]);
  });

  it('also while the browser still asks, or the server has not answered', async () => {
    let pick = (_: MediaStream) => {};
    screens.pick = () => new Promise((resolve) => (pick = resolve));
    const asking = shown.start();
    shown.stop();
    pick(streamOf(track));
    await asking;
    expect([track.stopped, screens.words]).toEqual([true, []]);

    track = new FakeTrack();
    let answer = () => {};
    const { answer: usual } = screens;
    screens.answer = async (one) => {
      if (one.case === 'startCapture') await new Promise<void>((resolve) => (answer = resolve));
      return usual(one);
    };
    const starting = shown.start();
    pick(streamOf(track));
    await turn();
    shown.stop();
    answer();
    await starting;
    expect([track.stopped, shown.phase]).toEqual([true, 'idle']);
    expect(stopped()).toEqual([ONE]);
  });

  it('when the page goes, with a word to the server', async () => {
    await showing();
    shown.leave();
    expect(screens.words.at(-1)).toBe('stopCapture');
    expect(track.stopped).toBe(true);
  });

  it('when the state has it no more, and the person is told', async () => {
    await showing();
    shown.onGone(TWO);
    expect(shown.isShowing).toBe(true);
    shown.onGone(ONE);
    expect(track.stopped).toBe(true);
    expect(stopped()).toEqual([]);
    expect(problems[0]).toMatch(/not shown any more/);
  });
});

describe('L11: a screen that may not be shown', () => {
  it.each([
    [8, '', /Ask somebody to stop showing one/],
    [14, '', /comes back by itself/],
    [7, 'Screens are off for this deployment', /Screens are off for this deployment\. Nothing/],
    [13, 'Something broke', /was not shared\. Something broke\./],
  ])('says why and what to do: code %i', async (code, message, text) => {
    screens.answer = () => Promise.reject(refused(code, message));
    await shown.start();
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(text);
    expect(track.stopped).toBe(true);
    expect(shown.phase).toBe('idle');
  });
});

describe('N4: what fails under a shown screen costs the person nothing', () => {
  it('makes another connection with the same picture for another epoch', async () => {
    await showing(1);
    shown.onReady(captureReady(ONE, 1, true));
    expect(screens.peers).toHaveLength(1);
    shown.onReady(captureReady(ONE, 2, true));
    await turn();
    expect(screens.peers).toHaveLength(2);
    expect(screens.peers[0]!.closed).toBe(true);
    expect(screens.peers[1]!.transceivers[0]!.what).toBe(track);
    expect(screens.signals.at(-1)!.epoch).toBe(2n);
    expect([picks, track.stopped]).toEqual([1, false]);
  });

  it('is shown anew, unasked, if the server wants no other connection', async () => {
    await showing();
    screens.peers[0]!.become('failed');
    expect(shown.isLate).toBe(true);
    await vi.advanceTimersByTimeAsync(5000);
    expect(stopped()).toEqual([ONE]);
    shown.onGone(ONE);
    expect([shown.name, picks, track.stopped]).toEqual([TWO, 1, false]);
    shown.onReady(captureReady(TWO, 5, true));
    screens.peers.at(-1)!.become('connected');
    expect(shown.isLate).toBe(false);
  });

  it('leaves it to the server when that is quicker', async () => {
    await showing();
    screens.peers[0]!.become('failed');
    shown.onReady(captureReady(ONE, 2, true));
    screens.peers[1]!.become('connected');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(titles()).toHaveLength(1);
  });

  it('goes on trying while media is away', async () => {
    await showing();
    const { answer } = screens;
    screens.answer = (one) =>
      one.case === 'startCapture' ? Promise.reject(refused(14)) : answer(one);
    screens.peers[0]!.become('failed');
    await vi.advanceTimersByTimeAsync(20_000);
    expect([shown.isShowing, problems]).toEqual([true, []]);
    screens.answer = answer;
    await vi.advanceTimersByTimeAsync(30_000);
    expect([shown.phase, shown.name]).toEqual(['showing', TWO]);
  });

  it('keeps its connection over a lost socket', async () => {
    await showing();
    shown.onRejoined();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(screens.peers[0]!.closed).toBe(false);
    expect(titles()).toHaveLength(1);
  });

  it('waits a moment for a control that was started anew, and not for the same one', async () => {
    await showing();
    shown.onState(state(), false);
    await vi.advanceTimersByTimeAsync(2000);
    shown.onState(state(ONE), false);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(shown.isShowing).toBe(true);
    shown.onState(state(), false);
    await vi.advanceTimersByTimeAsync(3000);
    expect(shown.isShowing).toBe(false);

    await showing();
    shown.onState(state(ONE), true);
    expect(shown.isShowing).toBe(false);
  });
});

describe('S19: what the agent may see is given by clicks here alone', () => {
  it.each([
    ['taken back elsewhere', [false], false],
    ['taken back, and given again by no click here', [false, true], false],
    ['kept', [true], true],
  ])('L17: what the agent may see of the next connection: %s', async (_, news, sees) => {
    await showing(1, { agentSees: true });
    for (const one of news) shown.onState(state(ONE, one), true);
    screens.peers[0]!.become('failed');
    await vi.advanceTimersByTimeAsync(6000);
    expect(told()).toEqual([
      [true, ''],
      [sees, ''],
    ]);
  });

  it('a click here gives it, also if the state that follows is older', async () => {
    await showing();
    shown.onState(state(ONE, true), true);
    expect(shown.agentSees).toBe(false);
    shown.allow(true);
    for (const one of [false, true]) shown.onState(state(ONE, one), true);
    expect(shown.agentSees).toBe(true);
    for (const one of [false, true]) shown.onState(state(ONE, one), true);
    expect(shown.agentSees).toBe(false);
  });

  it('what the server did not grant is not asked for again', async () => {
    const { answer } = screens;
    screens.answer = async (one) =>
      one.case === 'startCapture' ? { case: 'capture', value: captureOf(ONE) } : answer(one);
    await showing(1, { agentSees: true });
    screens.peers[0]!.become('failed');
    await vi.advanceTimersByTimeAsync(6000);
    expect(told()[1]).toEqual([false, '']);
  });

  it.each([
    ['taken back', state(ONE, false), false],
    ['not known', state(), false],
    ['kept', state(ONE, true), true],
  ])('asks nothing while it hears nothing, in which consent was %s', async (_, news, sees) => {
    await showing(1, { agentSees: true });
    screens.isCurrent = false;
    screens.peers[0]!.become('failed');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told()).toHaveLength(1);
    screens.isCurrent = true;
    shown.onRejoined();
    shown.onState(news, true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(told().slice(1)).toEqual([[sees, '']]);
    expect([shown.name, picks, track.stopped]).toEqual([TWO, 1, false]);
  });
});

describe('L17: consent, and the agent’s card', () => {
  it('tells what was consented to; a card is answered once, the last word is kept', async () => {
    const approval = 'sessions/s/approvals/a1';
    await shown.start({ agentSees: true, approval });
    shown.onReady(captureReady(ONE, 1, true));
    await turn();
    expect(told()).toEqual([[true, approval]]);
    shown.allow(false);
    screens.peers[0]!.become('failed');
    await vi.advanceTimersByTimeAsync(6000);
    expect(told()[1]).toEqual([false, '']);
    shown.stop();
    await shown.start();
    expect(told()[2]).toEqual([false, '']);
  });

  it('shows the same picture again as the answer to a card, without a question', async () => {
    await showing();
    shown.answer('sessions/s/approvals/a1');
    await turn();
    expect(picks).toBe(1);
    expect(stopped()).toEqual([ONE]);
    const last = screens.said.findLast((one) => one.case === 'startCapture');
    expect(last?.value).toMatchObject({ agentSees: true, approval: 'sessions/s/approvals/a1' });
    expect(shown.name).toBe(TWO);
  });
});

describe('L17: a shown screen that is no answer to a card any more', () => {
  it.each([
    [9, 'It was denied by Bea', false],
    [9, 'It was denied by Bea', true],
    [14, 'Media is out of reach', false],
  ])('goes on as before: code %i, %s, %s', async (...what) => {
    const [code, message, sawBefore] = what;
    await showing(1, { agentSees: sawBefore });
    shown.onState(state(ONE, sawBefore), true);
    const { answer } = screens;
    screens.answer = async (one) => {
      if (one.case === 'startCapture' && one.value.approval) throw refused(code, message);
      return answer(one);
    };
    shown.answer('sessions/s/approvals/a1');
    await turn();
    expect(told().slice(1)).toEqual([
      [true, 'sessions/s/approvals/a1'],
      [sawBefore, ''],
    ]);
    expect([shown.phase, shown.name, picks, track.stopped]).toEqual(['showing', TWO, 1, false]);
    expect(problems).toEqual([expect.stringMatching(`${message}. It is shown as before.`)]);
  });

  it('asks for nothing while it hears nothing', async () => {
    await showing(1, { agentSees: true });
    const { answer } = screens;
    screens.answer = async () => {
      screens.isCurrent = false;
      throw new Error('The connection was lost before the answer came.');
    };
    shown.answer('sessions/s/approvals/a1');
    await turn();
    expect(told()).toHaveLength(2);
    [screens.answer, screens.isCurrent] = [answer, true];
    shown.onState(state(), true);
    await turn();
    expect([shown.phase, told().at(-1)]).toEqual(['showing', [false, '']]);
  });

  it('does not end if the server is out of reach right then', async () => {
    await showing();
    const { answer } = screens;
    screens.answer = (one) =>
      one.case === 'startCapture' ? Promise.reject(refused(14)) : answer(one);
    shown.answer('sessions/s/approvals/a1');
    await turn();
    expect([shown.isLate, track.stopped]).toEqual([true, false]);
    screens.answer = answer;
    await vi.advanceTimersByTimeAsync(6000);
    expect([shown.phase, told().at(-1)]).toEqual(['showing', [false, '']]);
  });
});

describe('L9: what fails under a shown screen is counted', () => {
  it('as a connection that never was, and one that was lost', async () => {
    await shown.start();
    shown.onReady(captureReady(ONE, 1, true));
    await turn();
    screens.peers[0]!.become('failed');
    expect(troubles).toEqual([CallProblem_Category.HANDSHAKE_FAILED]);
    await vi.advanceTimersByTimeAsync(6000);
    shown.onReady(captureReady(TWO, 2, true));
    await turn();
    screens.peers[1]!.become('connected');
    screens.peers[1]!.become('failed');
    expect(troubles[1]).toBe(CallProblem_Category.CONNECTION_LOST);
  });
});
