import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { entry } from '../../test/support/make';
import { type JoinResponse_Outcome, JoinResponse_OutcomeSchema } from '../gen/atrium/v1/live_pb';
import {
  ListTimelineEntriesResponseSchema,
  SearchTimelineResponseSchema,
} from '../gen/atrium/v1/timeline_pb';
import type { Said } from '../link/codec';
import { Refused } from '../link/link';
import { readTimeline, TimelineSearch, TYPING_PAUSE_MS } from './history';

const outcome = (result: JoinResponse_Outcome['result']) =>
  create(JoinResponse_OutcomeSchema, { result });
const found = (names: string[], nextPageToken = '') =>
  outcome({
    case: 'found',
    value: create(SearchTimelineResponseSchema, {
      matches: names.map((name) => ({ entry: entry(name, 0), snippet: name })),
      nextPageToken,
    }),
  });

/** Asks that wait to be answered by hand. */
class Asked {
  readonly said: Said[] = [];
  private readonly answers: ((outcome: JoinResponse_Outcome | Error) => void)[] = [];
  readonly ask = (message: Said) => {
    this.said.push(message);
    return new Promise<JoinResponse_Outcome>((resolve, reject) => {
      this.answers.push((one) => (one instanceof Error ? reject(one) : resolve(one)));
    });
  };
  answer(index: number, outcome: JoinResponse_Outcome | Error): void {
    this.answers[index]?.(outcome);
  }
}

const settle = () => vi.advanceTimersByTimeAsync(0);
const pause = () => vi.advanceTimersByTimeAsync(TYPING_PAUSE_MS);
const names = (search: TimelineSearch) => search.matches.map((one) => one.snippet);

describe('L14: the timeline is searched', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('once nobody types, for the words that stand there then', async () => {
    const asked = new Asked();
    const search = new TimelineSearch(asked.ask, () => undefined);
    for (const words of ['m', 'ma', 'make']) search.find(words);
    expect(asked.said).toHaveLength(0);
    await pause();
    expect(asked.said.map((one) => one.case === 'searchTimeline' && one.value.query)).toEqual([
      'make',
    ]);
    expect(search.busy).toBe(true);
    asked.answer(0, found(['one']));
    await settle();
    expect([search.busy, ...names(search)]).toEqual([false, 'one']);
  });

  it('and an answer to other words is not shown', async () => {
    const asked = new Asked();
    const search = new TimelineSearch(asked.ask, () => undefined);
    search.find('old');
    await pause();
    search.find('new');
    await pause();
    search.find('newer');
    await pause();
    // One question at a time, then the newest one.
    expect(asked.said).toHaveLength(1);
    asked.answer(0, found(['old']));
    await settle();
    expect([search.busy, ...names(search)]).toEqual([true]);
    expect(asked.said.map((one) => one.case === 'searchTimeline' && one.value.query)).toEqual([
      'old',
      'newer',
    ]);
    asked.answer(1, found(['newer']));
    await settle();
    expect(names(search)).toEqual(['newer']);
    search.find('');
    expect(names(search)).toEqual([]);
  });
});

describe('L14: what was found is read', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('page by page, and what fails is said', async () => {
    const asked = new Asked();
    const search = new TimelineSearch(asked.ask, () => undefined);
    search.find('make');
    await pause();
    asked.answer(0, found(['two'], '2'));
    await settle();
    expect(search.hasMore).toBe(true);
    void search.more();
    void search.more();
    expect(asked.said).toHaveLength(2);
    asked.answer(1, new Error('no answer'));
    await settle();
    expect([search.problem, search.hasMore, ...names(search)]).toEqual(['no answer', true, 'two']);
    void search.more();
    asked.answer(2, found(['one']));
    await settle();
    expect(names(search)).toEqual(['two', 'one']);
    expect(search.hasMore).toBe(false);
    search.find('broken');
    await pause();
    asked.answer(3, new Error('query is longer than 256 bytes'));
    await settle();
    expect([search.problem, search.busy]).toEqual(['query is longer than 256 bytes', false]);
    search.find('broken');
    expect([search.problem, search.busy]).toEqual(['', true]);
  });
});

describe('L14: the whole timeline is read for a file', () => {
  it('oldest first, over all pages', async () => {
    const pages = new Map([
      ['', { entries: [entry('4', 4), entry('3', 3)], nextPageToken: '3' }],
      ['3', { entries: [entry('2', 2)], nextPageToken: '' }],
    ]);
    const ask = async (message: Said) => {
      const page = message.case === 'listEntries' ? pages.get(message.value.pageToken) : undefined;
      const value = create(ListTimelineEntriesResponseSchema, page);
      return outcome({ case: 'entries', value });
    };
    expect((await readTimeline(ask)).map((one) => one.text)).toEqual(['2', '3', '4']);
  });

  it('as fast as the server lets it; what cannot be mended by waiting is said', async () => {
    vi.useFakeTimers();
    const refused = (retryAfterMs: bigint) =>
      new Refused(create(JoinResponse_OutcomeSchema, { code: 8, message: 'no', retryAfterMs }));
    const empty = outcome({
      case: 'entries',
      value: create(ListTimelineEntriesResponseSchema, {}),
    });
    const answers = [refused(300n), refused(200n), empty];
    let asked = 0;
    const ask = async () => {
      const answer = answers[asked++];
      if (answer instanceof Error) throw answer;
      return answer as JoinResponse_Outcome;
    };
    const whole = readTimeline(ask);
    await vi.advanceTimersByTimeAsync(499);
    expect(asked).toBe(2);
    await vi.advanceTimersByTimeAsync(1);
    expect(await whole).toEqual([]);
    await expect(readTimeline(() => Promise.reject(refused(0n)))).rejects.toThrow('no');
    vi.useRealTimers();
  });
});
