import { create } from '@bufbuild/protobuf';
import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import {
  Approval_State,
  ListTimelineEntriesRequestSchema,
  type TimelineEntry,
} from '../gen/atrium/v1/timeline_pb';
import type { Topic } from '../room/changes';
import { entryMatches, entryTime } from '../state/timeline';
import { visibleBytes } from '../state/visible';
import { approvalCard, askText } from './approval';
import { RoomElement } from './element';
import { entryRow } from './entry';
import { icon } from './icons';

const PAGE = 100;
const AT_END_PX = 40;

/** What was said, done and decided, and the approvals that wait. */
class AtriumTimeline extends RoomElement {
  protected readonly topics: readonly Topic[] = ['state', 'view'];
  private query = '';
  private finding = false;
  private atEnd = true;
  private lastTop = 0;
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
    const entries = this.query
      ? this.room.store.entries.filter((one) => entryMatches(one, this.query))
      : this.room.store.entries;
    return html`<section class="timeline" aria-label="Timeline">
      ${this.head()}
      <div class="timeline__scroll" tabindex="0" role="log" aria-label="Entries" @scroll=${this.onScroll}>
        ${this.olderButton()}
        ${entries.length === 0 ? html`<p class="empty">${this.query ? 'Nothing was found.' : 'What is said, run and decided here will be listed in this place.'}</p>` : nothing}
        <ol class="entries">
          ${repeat(
            entries,
            (one) => one.name,
            (one) => entryRow(this.room, one),
          )}
        </ol>
        ${this.cards()}
      </div>
      ${this.atEnd ? nothing : html`<button class="button timeline__newest" @click=${() => this.toEnd()}>${icon('down')} Newest</button>`}
    </section>`;
  }

  protected override firstUpdated(): void {
    const scroll = this.querySelector('.timeline__scroll');
    if (scroll) this.observer.observe(scroll);
  }

  protected override updated(): void {
    if (this.atEnd) this.toEnd();
  }

  private head(): TemplateResult {
    return html`<div class="panel-head">
      <h2>Timeline</h2>
      <label class="timeline__find ${this.finding || this.query ? 'timeline__find--open' : ''}">
        ${icon('search')}
        <input type="search" aria-label="Find in the timeline" placeholder="Find" @focus=${() => this.setFinding(true)} @blur=${() => this.setFinding(false)} @input=${this.onQuery} @keydown=${this.onFindKey} />
      </label>
      <button class="button button--icon" title="Save the timeline as a text" aria-label="Save the timeline as a text" @click=${() => this.save()}>${icon('download')}</button>
    </div>`;
  }

  private cards(): TemplateResult {
    const decided = new Set(this.room.store.entries.map((one) => one.approval?.name));
    const cards = [...this.room.store.approvals.values()].filter((one) => !decided.has(one.name));
    return html`<p class="sr-only" role="alert">${this.alarm()}</p>
      <div class="approvals">
      ${repeat(
        cards,
        (one) => one.name,
        (one) => approvalCard(this.room, one, Date.now()),
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

  private async readOlder(): Promise<void> {
    this.older.loading = true;
    this.requestUpdate();
    const known = this.room.store.entries.length;
    try {
      while (!this.older.ended && this.room.store.entries.length === known) await this.readPage();
    } catch (error) {
      this.room.notices.failed(error);
    }
    this.older.loading = false;
    this.requestUpdate();
  }

  private async readPage(): Promise<void> {
    const value = create(ListTimelineEntriesRequestSchema, {
      pageSize: PAGE,
      pageToken: this.older.token,
    });
    const { result } = await this.room.ask({ case: 'listEntries', value });
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
    this.query = (event.target as HTMLInputElement).value.trim();
    this.requestUpdate();
  };

  private readonly onFindKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    const input = event.target as HTMLInputElement;
    input.value = '';
    this.query = '';
    input.blur();
  };

  private save(): void {
    const text = this.room.store.entries.map(entryText).join('\n');
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    link.download = `timeline-${new Date().toISOString().slice(0, 16).replace(':', '')}.txt`;
    link.click();
    URL.revokeObjectURL(link.href);
  }
}

function entryText(entry: TimelineEntry): string {
  const code = entry.exitCode === undefined ? '' : ` (exit code ${entry.exitCode})`;
  return `${new Date(entryTime(entry)).toISOString()}  ${entry.speakerNames.join(', ')}  ${entry.text}${code}`;
}

customElements.define('atrium-timeline', AtriumTimeline);
