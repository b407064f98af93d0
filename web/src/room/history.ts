import { create } from '@bufbuild/protobuf';
import type { JoinResponse_Outcome } from '../gen/atrium/v1/live_pb';
import {
  ListTimelineEntriesRequestSchema,
  SearchTimelineRequestSchema,
  type SearchTimelineResponse_Match,
  type TimelineEntry,
} from '../gen/atrium/v1/timeline_pb';
import type { Said } from '../link/codec';

const PAGE = 100;
/** While somebody types, the server is asked once they pause for this long. */
export const TYPING_PAUSE_MS = 150;

type Ask = (message: Said) => Promise<JoinResponse_Outcome>;

/** The whole timeline, oldest first, read page by page. Rejects as asking does. */
export async function readTimeline(ask: Ask): Promise<TimelineEntry[]> {
  const newest: TimelineEntry[] = [];
  let pageToken = '';
  do {
    const value = create(ListTimelineEntriesRequestSchema, { pageSize: PAGE, pageToken });
    const { result } = await ask({ case: 'listEntries', value });
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
    if (query === this.query) return;
    clearTimeout(this.timer);
    this.turn++;
    this.query = query;
    this.problem = '';
    this.token = '';
    this.busy = query !== '';
    if (query) this.timer = setTimeout(() => void this.read(), TYPING_PAUSE_MS);
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
    if (turn !== this.turn) return;
    this.busy = false;
    this.problem = problem;
    this.token = next;
    this.matches = token ? [...this.matches, ...matches] : matches;
    this.changed();
  }
}
