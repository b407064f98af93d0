import { html, nothing, type TemplateResult } from 'lit';
import type { SearchTimelineResponse_Match, TimelineEntry } from '../gen/atrium/v1/timeline_pb';
import type { Topic } from '../room/changes';
import type { TimelineSearch } from '../room/history';
import { piecesOf } from '../state/found';
import { entryTime } from '../state/timeline';
import { RoomElement } from './element';
import { EXACT } from './entry';

const DAY = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});

/** What was found in the timeline, newest first; a row shows its entry. */
class AtriumFound extends RoomElement {
  static override properties = {
    // The same one, whatever it found.
    search: { attribute: false, hasChanged: () => true },
    show: { attribute: false },
  };
  protected readonly topics: readonly Topic[] = [];
  declare search: TimelineSearch | undefined;
  declare show: (entry: TimelineEntry) => void;

  override render(): TemplateResult | typeof nothing {
    const { search, show } = this;
    if (!search) return nothing;
    const { matches, busy, problem, hasMore } = search;
    return html`<div class="found" role="region" aria-label="Found in the timeline">
      <p class="found__count" role="status">${status(search)}</p>
      ${problem ? html`<p class="found__problem">${problem}</p>` : nothing}
      <ol class="entries">${matches.map((one) => row(one, show))}</ol>
      ${hasMore ? html`<button class="button button--quiet timeline__older" ?disabled=${busy} @click=${() => void search.more()}>More results</button>` : nothing}
    </div>`;
  }
}

function status({ matches, busy, problem, hasMore }: TimelineSearch): string {
  if (busy && matches.length === 0) return 'Looking…';
  if (problem) return '';
  if (matches.length === 0) return 'Nothing was found.';
  return `${matches.length}${hasMore ? ' or more' : ''} found`;
}

function row(
  match: SearchTimelineResponse_Match,
  show: (entry: TimelineEntry) => void,
): TemplateResult | typeof nothing {
  const { entry } = match;
  if (!entry) return nothing;
  const who = entry.speakerNames.filter(Boolean).join(', ');
  const time = new Date(entryTime(entry));
  return html`<li><button class="found__row" title="Show it in the timeline" @click=${() => show(entry)}>
    <span class="found__head">${who ? html`<b>${who}</b>` : nothing}<time datetime=${time.toISOString()} title=${EXACT.format(time)}>${DAY.format(time)}</time></span>
    <span class="found__text">${piecesOf(match).map((one) => (one.marked ? html`<mark>${one.text}</mark>` : one.text))}</span>
  </button></li>`;
}

customElements.define('atrium-found', AtriumFound);
