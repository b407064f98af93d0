import { create } from '@bufbuild/protobuf';
import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import {
  Approval_State,
  ListTimelineEntriesRequestSchema,
  type TimelineEntry,
} from '../gen/atrium/v1/timeline_pb';
import type { Topic } from '../room/changes';
import { askPatiently, TimelineSearch } from '../room/history';
import { visibleBytes } from '../state/visible';
import { approvalCard, askText } from './approval';
import { RoomElement } from './element';
import { entryRow } from './entry';
import { icon } from './icons';
import { stepMenu } from './menu';

const PAGE = 100;
const AT_END_PX = 40;

/** What was said, done and decided, and the approvals that wait. */
class AtriumTimeline extends RoomElement {
  protected readonly topics: readonly Topic[] = ['state', 'view'];
  private readonly search = new TimelineSearch(
    (message) => this.room.ask(message, false),
    () => this.requestUpdate(),
  );
  private finding = false;
  private atEnd = true;
  private lastTop = 0;
  private hadCard = false;
  /** What comes and goes below must not push the newest entry out of sight. */
  private readonly observer = new ResizeObserver(() => this.atEnd && this.toEnd());
  private older: { token: string; ended: boolean; loading: boolean } = {
    token: '',
    ended: false,
    loading: false,
  };
  private clock: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.clock = setInterval(() => {
      if (this.pending().length > 0) this.requestUpdate();
    }, 1000);
  }

  override disconnectedCallback(): void {
    clearInterval(this.clock);
    this.observer.disconnect();
    super.disconnectedCallback();
  }

  override render(): TemplateResult {
    const { entries } = this.room.store;
    const { query } = this.search;
    return html`<section class="timeline" aria-label="Timeline">
      ${this.head()}
      ${query ? html`<atrium-found .search=${this.search} .show=${(entry: TimelineEntry) => void this.show(entry)} @keydown=${this.onFoundKey}></atrium-found>` : nothing}
      <div class="timeline__scroll" ?hidden=${query !== ''} tabindex="0" role="log" aria-label="Entries" @scroll=${this.onScroll}>
        ${this.olderButton()}
        ${entries.length === 0 ? html`<p class="empty">What is said, run and decided here will be listed in this place.</p>` : nothing}
        <ol class="entries">
          ${repeat(
            entries,
            (one) => one.name,
            (one) => entryRow(this.room, one),
          )}
        </ol>
        ${query ? nothing : this.cards()}
      </div>
      ${query ? this.cards() : nothing}
      <p class="sr-only" role="alert">${this.alarm()}</p>
      ${this.atEnd || query ? nothing : html`<button class="button timeline__newest" @click=${() => this.toEnd()}>${icon('down')} Newest</button>`}
    </section>`;
  }

  protected override firstUpdated(): void {
    const scroll = this.querySelector('.timeline__scroll');
    if (scroll) this.observer.observe(scroll);
  }

  protected override willUpdate(): void {
    this.hadCard = document.activeElement?.matches('.approval--pending') ?? false;
  }

  protected override updated(): void {
    if (this.atEnd) this.toEnd();
    if (this.hadCard) this.leaveDecided();
  }

  /** A card that had the keyboard is gone: back to where it came from, or stay beside. */
  private leaveDecided(): void {
    if (document.activeElement && document.activeElement !== document.body) return;
    if (this.room.focus.takeBorrowed()) this.room.focus.bring();
    else this.querySelector<HTMLElement>('.timeline__scroll')?.focus();
  }

  private head(): TemplateResult {
    return html`<div class="panel-head">
      <h2>Timeline</h2>
      <label title="Find in the timeline" class="timeline__find ${this.finding || this.search.query ? 'timeline__find--open' : ''}">
        ${icon('search')}
        <input type="search" aria-label="Find in the timeline" placeholder="Find" @focus=${() => this.setFinding(true)} @blur=${() => this.setFinding(false)} @input=${this.onQuery} @keydown=${this.onFindKey} />
      </label>
      <atrium-export></atrium-export>
    </div>`;
  }

  private cards(): TemplateResult {
    const decided = new Set(this.room.store.entries.map((one) => one.approval?.name));
    const cards = [...this.room.store.approvals.values()].filter((one) => !decided.has(one.name));
    return html`<div class="approvals">
      ${repeat(
        cards,
        (one) => one.name,
        (one, index) => approvalCard(this.room, one, Date.now(), index === 0),
      )}
    </div>`;
  }

  /** What a screen reader says of the newest card that waits, once. */
  private alarm(): string {
    const newest = this.pending().at(-1);
    if (!newest) return '';
    const text = visibleBytes(newest.input).map((one) => one.text);
    return `${askText(this.room, newest)}: ${text.join('')}`;
  }

  private pending() {
    return [...this.room.store.approvals.values()].filter(
      (one) => one.state === Approval_State.PENDING,
    );
  }

  private olderButton(): TemplateResult | typeof nothing {
    const mayBeMore = this.room.store.entries.length >= PAGE && !this.older.ended;
    if (!mayBeMore) return nothing;
    return html`<button class="button button--quiet timeline__older" ?disabled=${this.older.loading} @click=${() => void this.readOlder()}>Earlier entries</button>`;
  }

  /** False if it failed, which people are told. */
  private async readOlder(): Promise<boolean> {
    this.older.loading = true;
    this.requestUpdate();
    const known = this.room.store.entries.length;
    let good = true;
    try {
      while (!this.older.ended && this.room.store.entries.length === known) await this.readPage();
    } catch (error) {
      good = false;
      this.room.notices.failed(error);
    }
    this.older.loading = false;
    this.requestUpdate();
    return good;
  }

  private async readPage(): Promise<void> {
    const value = create(ListTimelineEntriesRequestSchema, {
      pageSize: PAGE,
      pageToken: this.older.token,
    });
    const { result } = await askPatiently((message) => this.room.ask(message), {
      case: 'listEntries',
      value,
    });
    if (result.case !== 'entries') {
      this.older.ended = true;
      return;
    }
    this.room.store.addEntries(result.value.entries);
    this.older.token = result.value.nextPageToken;
    this.older.ended = this.older.token === '';
  }

  private toEnd(): void {
    const scroll = this.querySelector('.timeline__scroll');
    if (scroll) scroll.scrollTop = scroll.scrollHeight;
    this.setAtEnd(true);
  }

  private setAtEnd(atEnd: boolean): void {
    if (atEnd === this.atEnd) return;
    this.atEnd = atEnd;
    this.requestUpdate();
  }

  private setFinding(finding: boolean): void {
    this.finding = finding;
    this.requestUpdate();
  }

  private readonly onScroll = (event: Event) => {
    const { scrollTop, scrollHeight, clientHeight } = event.target as HTMLElement;
    const atEnd = scrollHeight - scrollTop - clientHeight < AT_END_PX;
    // Only who scrolls up leaves the end; a panel that becomes smaller does not.
    if (atEnd || scrollTop < this.lastTop) this.setAtEnd(atEnd);
    this.lastTop = scrollTop;
  };

  private readonly onQuery = (event: Event) => {
    this.search.find((event.target as HTMLInputElement).value.trim());
  };

  private readonly onFindKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') this.querySelector<HTMLElement>('.found__row')?.focus();
    else if (event.key === 'Escape') this.endSearch();
    else return;
    event.preventDefault();
  };

  private readonly onFoundKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') {
      this.endSearch();
      this.querySelector<HTMLElement>('.timeline__scroll')?.focus();
    } else if (!stepMenu(event.currentTarget as HTMLElement, event.key, '.found__row')) return;
    event.preventDefault();
  };

  private endSearch(): void {
    const input = this.querySelector<HTMLInputElement>('.timeline__find input');
    if (input) input.value = '';
    input?.blur();
    this.search.find('');
  }

  /** Ends the search at an entry that was found; older ones are read until it is there. */
  private async show({ name }: TimelineEntry): Promise<void> {
    this.endSearch();
    const isThere = () => this.room.store.entries.some((one) => one.name === name);
    let reads = !this.older.loading;
    while (reads && !isThere() && !this.older.ended) reads = await this.readOlder();
    this.setAtEnd(false);
    await this.updateComplete;
    const row = this.querySelector<HTMLElement>(`[data-entry="${CSS.escape(name)}"]`);
    if (!row) return this.toEnd();
    for (const one of this.querySelectorAll('.entry--shown')) one.classList.remove('entry--shown');
    row.classList.add('entry--shown');
    row.tabIndex = -1;
    row.scrollIntoView({ block: 'center' });
    row.focus({ preventScroll: true });
  }
}

customElements.define('atrium-timeline', AtriumTimeline);
