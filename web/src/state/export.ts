import { toJsonString } from '@bufbuild/protobuf';
import {
  Approval_State,
  type TimelineEntry,
  TimelineEntry_Kind,
  TimelineEntrySchema,
} from '../gen/atrium/v1/timeline_pb';
import { entryTime } from './timeline';

/** How a timeline is written, as ExportTimeline does it. */
export type ExportFormat = 'text' | 'json' | 'webvtt';

const CUE = { leastMs: 500, shortMs: 2000, mostMs: 10_000, perByteMs: 60 };
/** Controls but for newlines and tabs, and what changes how the rest is shown. */
const UNSEEN = /(?![\n\t\u200d])[\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu;
const BYTES = new TextEncoder();

/** A timeline, oldest first, as a document. */
export function exportTimeline(entries: readonly TimelineEntry[], format: ExportFormat): string {
  if (format === 'text') return entries.map((one) => `${textLine(one)}\n`).join('');
  if (format === 'json')
    return entries.map((one) => `${toJsonString(TimelineEntrySchema, one)}\n`).join('');
  return webvtt(entries);
}

function textLine(entry: TimelineEntry): string {
  const who = entry.speakerNames.join(', ');
  const decision = entry.approval ? `${Approval_State[entry.approval.state]} ` : '';
  const text = withoutControls(entry.text).replaceAll('\n', '\n    ');
  const code = entry.exitCode === undefined ? '' : ` (exit code ${entry.exitCode})`;
  const cut = entry.interrupted ? ' (interrupted)' : '';
  const time = new Date(entryTime(entry)).toISOString();
  return `${time}  ${who ? `${who}: ` : ''}${decision}${text}${code}${cut}`;
}

function withoutControls(text: string): string {
  return text.replace(UNSEEN, '').trim();
}

function webvtt(entries: readonly TimelineEntry[]): string {
  const spoken = entries.filter(({ kind }) =>
    [TimelineEntry_Kind.SPEECH, TimelineEntry_Kind.AGENT].includes(kind),
  );
  const first = spoken[0] ? entryTime(spoken[0]) : 0;
  let latest = 0;
  // Cues must begin in order; entries may be listed a little out of it.
  const starts = spoken.map((one) => {
    latest = Math.max(latest, entryTime(one) - first);
    return latest;
  });
  const cues = spoken.map((one, index) => cue(one, starts[index] ?? 0, starts[index + 1]));
  return `WEBVTT\n${cues.join('')}`;
}

function cue(entry: TimelineEntry, start: number, next: number | undefined): string {
  const who = cueText(entry.speakerNames.join(', '));
  const text = cueText(entry.text);
  const reading = BYTES.encode(text).length * CUE.perByteMs;
  const most = Math.min(Math.max(reading, CUE.shortMs), CUE.mostMs);
  const stands = next === undefined ? most : Math.min(Math.max(next - start, CUE.leastMs), most);
  const voice = who ? `<v ${who}>` : '';
  return `\n${cueTime(start)} --> ${cueTime(start + stands)}\n${voice}${text}\n`;
}

/** As a cue's text or a voice's name: no markup, no arrow, one line. */
function cueText(text: string): string {
  return withoutControls(text)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\n\t]/g, ' ');
}

function cueTime(ms: number): string {
  const whole = Math.floor(ms);
  const part = (value: number, digits = 2) => String(value).padStart(digits, '0');
  const [hours, minutes] = [Math.floor(whole / 3_600_000), Math.floor(whole / 60_000) % 60];
  return `${part(hours)}:${part(minutes)}:${part(Math.floor(whole / 1000) % 60)}.${part(whole % 1000, 3)}`;
}
