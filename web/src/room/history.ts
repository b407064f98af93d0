import { create } from '@bufbuild/protobuf';
import type { JoinResponse_Outcome } from '../gen/atrium/v1/live_pb';
import {
  ListTimelineEntriesRequestSchema,
  SearchTimelineRequestSchema,
  type SearchTimelineResponse_Match,
  type TimelineEntry,
} from '../gen/atrium/v1/timeline_pb';
import type { Said } from '../link/codec';
import { Refused } from '../link/link';

const PAGE = 100;
/** While somebody types, the server is asked once they pause for this long. */
export const TYPING_PAUSE_MS = 150;

type Ask = (message: Said) => Promise<JoinResponse_Outcome>;

/**
 * Asks page after page as fast as the server lets it: where that says when to try
 * again, it waits and does. Rejects as asking does otherwise.
 */
export async function askPatiently(ask: Ask, message: Said): Promise<JoinResponse_Outcome> {
  for (;;) {
    try {
      return await ask(message);
    } catch (error) {
      const wait = error instanceof Refused ? Number(error.outcome.retryAfterMs) : 0;
      if (wait <= 0) throw error;
      await new Promise((done) => setTimeout(done, wait));
    }
  }
}

/** The whole timeline, oldest first, read page by page. Rejects as asking does. */
export async function readTimeline(ask: Ask): Promise<TimelineEntry[]> {
  const newest: TimelineEntry[] = [];
  let pageToken = '';
  do {
    const value = create(ListTimelineEntriesRequestSchema, { pageSize: PAGE, pageToken });
    const { result } = await askPatiently(ask, { case: 'listEntries', value });
    if (result.case !== 'entries') break;
    newest.push(...result.value.entries);
    pageToken = result.value.nextPageToken;
  } while (pageToken);
  return newest.reverse();
}

/** What is looked for in the timeline, and what the server found. */
export class TimelineSearch {
  query = '';
  matches: SearchTimelineResponse_Match[] = [];
  /** Waits for an answer. */
  busy = false;
  /** Why nothing was found, if not for lack of matches. */
  problem = '';
  private readonly ask: Ask;
  private readonly changed: () => void;
  private token = '';
  private turn = 0;
  /** One question is under way at a time: an answer may be large, and a link slow. */
  private asking = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  /** `changed` is called whenever there is something else to show. */
  constructor(ask: Ask, changed: () => void) {
    this.ask = ask;
    this.changed = changed;
  }

  get hasMore(): boolean {
    return this.token !== '';
  }

  /** Looks for other words, once nobody types; for none, it ends. */
  find(query: string): void {
    if (query === this.query && !this.problem) return;
    clearTimeout(this.timer);
    this.turn++;
    this.query = query;
    this.problem = '';
    this.token = '';
    this.busy = query !== '';
    if (query) this.timer = setTimeout(() => this.asking || void this.read(), TYPING_PAUSE_MS);
    else this.matches = [];
    this.changed();
  }

  /** Reads the next page of what was found. */
  async more(): Promise<void> {
    if (this.busy || !this.hasMore) return;
    this.busy = true;
    this.changed();
    await this.read();
  }

  private async read(): Promise<void> {
    const { turn, token } = this;
    const value = create(SearchTimelineRequestSchema, { query: this.query, pageToken: token });
    this.asking = true;
    let problem = '';
    let matches: SearchTimelineResponse_Match[] = [];
    let next = '';
    try {
      const { result } = await this.ask({ case: 'searchTimeline', value });
      if (result.case === 'found') {
        matches = result.value.matches;
        next = result.value.nextPageToken;
      }
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    this.asking = false;
    if (turn !== this.turn) {
      // Other words were typed meanwhile.
      clearTimeout(this.timer);
      if (this.query) void this.read();
      return;
    }
    this.busy = false;
    this.problem = problem;
    // After a failure the rest is still there to be asked for.
    this.token = problem ? token : next;
    this.matches = token ? [...this.matches, ...matches] : matches;
    this.changed();
  }
}
