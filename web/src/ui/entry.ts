import { html, nothing, type TemplateResult } from 'lit';
import { type TimelineEntry, TimelineEntry_Kind } from '../gen/atrium/v1/timeline_pb';
import type { Room } from '../room/room';
import { piecesOf } from '../state/quotes';
import { entryTime } from '../state/timeline';
import { namesCommand } from '../state/words';
import { decidedApproval } from './approval';
import { icon } from './icons';
import { withSigns } from './signs';

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
});
/** A moment, for people who look closely. */
export const EXACT = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'medium' });

const KIND_CLASS: Partial<Record<TimelineEntry_Kind, string>> = {
  [TimelineEntry_Kind.CHAT]: 'chat',
  [TimelineEntry_Kind.SPEECH]: 'speech',
  [TimelineEntry_Kind.AGENT]: 'agent',
  [TimelineEntry_Kind.COMMAND]: 'command',
  [TimelineEntry_Kind.APPROVAL]: 'approval',
  [TimelineEntry_Kind.NOTICE]: 'notice',
};

/** One line of the timeline. */
export function entryRow(room: Room, entry: TimelineEntry): TemplateResult {
  const time = new Date(entryTime(entry));
  return html`<li class="entry entry--${KIND_CLASS[entry.kind] ?? 'notice'}" data-entry=${entry.name}>
    <time datetime=${time.toISOString()} title=${EXACT.format(time)}>${CLOCK.format(time)}</time>
    <div class="entry__body">${body(room, entry)}</div>
  </li>`;
}

function body(room: Room, entry: TimelineEntry): TemplateResult {
  switch (entry.kind) {
    case TimelineEntry_Kind.COMMAND:
      return html`${speaker(entry)}${command(room, entry)}${exitCode(entry)}`;
    case TimelineEntry_Kind.APPROVAL:
      return entry.approval ? decidedApproval(room, entry.approval, entry) : html`${entry.text}`;
    case TimelineEntry_Kind.NOTICE:
      return html`${entry.text}`;
    default:
      return html`${speaker(entry)}${entryText(entry.text)}
        ${entry.interrupted ? html`<span class="entry__cut">(interrupted)</span>` : nothing}`;
  }
}

/** Words as they are; what was quoted whole in a box of its own. */
function entryText(text: string): TemplateResult {
  if (!text.includes('```')) return html`<span class="entry__text">${text}</span>`;
  return html`${piecesOf(text).map((one) =>
    one.kind === 'text'
      ? html`<span class="entry__text">${one.text}</span>`
      : html`<figure class="quote">
          ${one.name ? html`<figcaption>${one.name}</figcaption>` : nothing}
          <pre tabindex="0" aria-label=${`Quoted${one.name ? `: ${one.name}` : ''}`}>${one.text}</pre>
        </figure>`,
  )}`;
}

function speaker(entry: TimelineEntry): TemplateResult | typeof nothing {
  const names = entry.speakerNames.filter(Boolean).join(', ');
  if (!names) return nothing;
  const sign =
    entry.kind === TimelineEntry_Kind.SPEECH
      ? 'mic'
      : entry.kind === TimelineEntry_Kind.AGENT
        ? 'agent'
        : '';
  const spoken =
    entry.kind === TimelineEntry_Kind.SPEECH
      ? html`<span class="sr-only">(spoken)</span>`
      : nothing;
  return html`<b class="entry__who">${sign ? icon(sign) : nothing}${names}${spoken}</b> `;
}

/** What was run, and the tab where it was; a tab that was opened for it has its name. */
function command(room: Room, entry: TimelineEntry): TemplateResult {
  const exact = withSigns(new TextEncoder().encode(entry.text));
  const text = html`<code class="entry__command">${exact}</code>`;
  const tab = room.tabs.list.get(entry.tab);
  if (!tab) return text;
  const own = namesCommand(tab.title, entry.text);
  const label = room.tabs.labelOf(tab.name) ?? tab.title;
  const title = own ? 'Show its tab' : `Show the tab ${label}`;
  const link = html`<button class="link entry__tab ${own ? 'entry__tab--own' : ''}" title=${title} @click=${() => room.tabs.show(tab.name)}>${own ? text : label}</button>`;
  return own ? link : html`${link} ${text}`;
}

function exitCode(entry: TimelineEntry): TemplateResult | typeof nothing {
  if (entry.exitCode === undefined) {
    return html`<span class="entry__exit">${entry.interrupted ? 'end not seen' : 'running'}</span>`;
  }
  const good = entry.exitCode === 0;
  return html`<span class="entry__exit entry__exit--${good ? 'good' : 'bad'}">${icon(good ? 'check' : 'close')}exit ${entry.exitCode}</span>`;
}
