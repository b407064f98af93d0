import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { participant } from '../../test/support/make';
import { AudioLevelsSchema } from '../gen/atrium/v1/live_pb';
import { Participant_Role } from '../gen/atrium/v1/session_pb';
import { best } from './palette';
import { afterClose, CLOSE, RETRY_DELAYS_MS, retryDelay } from './reconnect';
import { Requests } from './requests';
import { isOwner, loudness, mayType, sortRoster } from './roster';
import { visibleBytes } from './visible';

const half = () => 0.5;

describe('T6: sockets reconnect by themselves', () => {
  it('waits longer each time, 2 s at most, with some jitter', () => {
    expect(RETRY_DELAYS_MS.map((_, attempt) => retryDelay(attempt, half))).toEqual([
      100, 250, 500, 1000, 2000,
    ]);
    expect(retryDelay(99, half)).toBe(2000);
    expect(retryDelay(1, () => 0)).toBeLessThan(retryDelay(1, () => 1));
  });

  it('knows which ends are final', () => {
    expect(afterClose(CLOSE.forbidden, 0, half)).toEqual({ kind: 'final', reason: 'forbidden' });
    expect(afterClose(CLOSE.sessionEnded, 0, half)).toEqual({ kind: 'final', reason: 'ended' });
    expect(afterClose(CLOSE.otherBuild, 0, half)).toEqual({ kind: 'reload' });
  });

  it('retries all others, and does not hammer after a breach of policy', () => {
    for (const code of [1000, 1001, 1006, 1011, CLOSE.tokenRefused]) {
      expect(afterClose(code, 0, half)).toEqual({ kind: 'retry', delayMs: 100 });
    }
    expect(afterClose(CLOSE.policy, 0, half)).toEqual({ kind: 'retry', delayMs: 2000 });
  });
});

describe('N4: requests over a lost socket', () => {
  it('says again what may be said twice, and fails the rest', async () => {
    const requests = new Requests<string, number>();
    const [, again] = requests.add((id) => `say ${id}`, true);
    const [, once] = requests.add((id) => `invite ${id}`, false);
    requests.lose(new Error('lost'));
    await expect(once).rejects.toThrow('lost');
    expect(requests.unanswered()).toEqual(['say 1']);
    expect(requests.settle(1, 42)).toBe(true);
    await expect(again).resolves.toBe(42);
    expect(requests.settle(1, 42)).toBe(false);
  });
});

describe('S12: an approval shows the exact bytes', () => {
  const shown = (bytes: string | number[]) =>
    visibleBytes(
      typeof bytes === 'string' ? new TextEncoder().encode(bytes) : new Uint8Array(bytes),
    );

  it('leaves plain text alone', () => {
    expect(shown('make test')).toEqual([{ text: 'make test', control: false }]);
  });

  it('makes control, invisible and turning characters visible', () => {
    const signs = (text: string) =>
      shown(text)
        .filter((one) => one.control)
        .map((one) => one.text);
    expect(signs('a\r\n\t\x1b\x03\x7f')).toEqual(['↵', '⏎', '⇥', 'ESC', '^C', 'DEL']);
    expect(signs('a\u202eb\u200bc\u0085\u{e0041}')).toEqual([
      'U+202E',
      'U+200B',
      'U+0085',
      'U+E0041',
    ]);
  });

  it('shows bytes that are no UTF-8 as they are', () => {
    expect(shown([0x61, 0xff])).toEqual([
      { text: 'a', control: false },
      { text: '\\xff', control: true },
    ]);
  });
});

describe('the roster', () => {
  it('puts oneself first, then by role and name', () => {
    const people = [
      participant('zoe', Participant_Role.OWNER),
      participant('bob'),
      participant('abe'),
      participant('me', Participant_Role.VIEWER),
    ];
    const names = sortRoster(people, 'sessions/s/participants/me').map((one) => one.displayName);
    expect(names).toEqual(['me', 'zoe', 'abe', 'bob']);
  });

  it('S4: knows who may type', () => {
    expect(mayType(participant('v', Participant_Role.VIEWER))).toBe(false);
    expect(mayType(participant('e'))).toBe(true);
    expect(mayType(undefined)).toBe(false);
    expect(isOwner(participant('e'))).toBe(false);
  });

  it('reads loudness from the levels', () => {
    const levels = create(AudioLevelsSchema, {
      levels: [{ speaker: 'a', dbfs: -20, speaking: true }],
    });
    expect(loudness(levels, 'a')).toBeGreaterThan(0.5);
    expect(loudness(levels, 'b')).toBe(0);
    expect(loudness(undefined, 'a')).toBe(0);
  });
});

describe('finding', () => {
  it('lists the best actions first', () => {
    const all = [{ title: 'Close this tab' }, { title: 'Tab bar' }, { title: 'Invite people' }];
    expect(best('tab', all).map((one) => one.title)).toEqual(['Tab bar', 'Close this tab']);
    expect(best('', all)).toHaveLength(3);
  });
});
