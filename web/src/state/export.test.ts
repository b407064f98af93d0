import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import {
  SearchTimelineResponse_MatchSchema,
  type TimelineEntry,
  TimelineEntry_Kind,
  TimelineEntrySchema,
} from '../gen/atrium/v1/timeline_pb';
import { exportTimeline } from './export';
import { piecesOf } from './found';

const { CHAT, SPEECH, AGENT, COMMAND } = TimelineEntry_Kind;
const START = 1_700_000_000_000;

function said(kind: TimelineEntry_Kind, afterMs: number, text: string, who = 'Ann'): TimelineEntry {
  return create(TimelineEntrySchema, {
    kind,
    text,
    speakerNames: who ? [who] : [],
    createTime: timestampFromMs(START + afterMs),
  });
}

describe('L14: the timeline is exported', () => {
  it('as WebVTT: what was spoken, from the first on, with no markup of others', () => {
    const vtt = exportTimeline(
      [
        said(CHAT, 0, 'typed'),
        said(SPEECH, 60_000, 'a --> b & <c>\n\n00:00 --> 00:01\r\nx', 'Eve> <b'),
        said(AGENT, 62_250, 'yes', 'Agent'),
        said(SPEECH, 59_000, 'late', ''),
        said(SPEECH, 101 * 3_600_000, 'l'.repeat(5000)),
      ],
      'webvtt',
    );
    expect(vtt).toBe(
      'WEBVTT\n' +
        '\n00:00:00.000 --> 00:00:02.250\n' +
        '<v Eve&gt; &lt;b>a --&gt; b &amp; &lt;c&gt;  00:00 --&gt; 00:01 x\n' +
        '\n00:00:02.250 --> 00:00:02.750\n<v Agent>yes\n' +
        '\n00:00:02.250 --> 00:00:04.250\nlate\n' +
        `\n100:59:00.000 --> 100:59:10.000\n<v Ann>${'l'.repeat(5000)}\n`,
    );
    expect(exportTimeline([], 'webvtt')).toBe('WEBVTT\n');
  });

  it('as text: a line for each entry, and none that pretends to be one', () => {
    const command = said(COMMAND, 1000, 'make\x1b[2J');
    command.exitCode = 2;
    const text = exportTimeline(
      [
        said(CHAT, 0, 'one\n2023-11-14T22:13:20.000Z  Bob: two'),
        command,
        said(TimelineEntry_Kind.NOTICE, 2000, 'Ann joined', ''),
      ],
      'text',
    );
    expect(text).toBe(
      '2023-11-14T22:13:20.000Z  Ann: one\n    2023-11-14T22:13:20.000Z  Bob: two\n' +
        '2023-11-14T22:13:21.000Z  Ann: make[2J (exit code 2)\n' +
        '2023-11-14T22:13:22.000Z  Ann joined\n',
    );
  });

  it('as JSON: one object on each line', () => {
    const lines = exportTimeline([said(CHAT, 0, 'a\n"b"'), said(CHAT, 1, 'c')], 'json').split('\n');
    expect(lines.map((one) => one && JSON.parse(one).text)).toEqual(['a\n"b"', 'c', '']);
  });
});

describe('L14: what was found is marked', () => {
  it('by code points, as text and never as markup', () => {
    const match = create(SearchTimelineResponse_MatchSchema, {
      snippet: '😀 grün <b>',
      ranges: [
        { start: 2, end: 6 },
        { start: 8, end: 9 },
      ],
    });
    expect(piecesOf(match)).toEqual([
      { text: '😀 ', marked: false },
      { text: 'grün', marked: true },
      { text: ' <', marked: false },
      { text: 'b', marked: true },
      { text: '>', marked: false },
    ]);
  });

  it('as far as the snippet goes, whatever the ranges say', () => {
    const match = create(SearchTimelineResponse_MatchSchema, {
      snippet: 'abc',
      ranges: [
        { start: 1, end: 9 },
        { start: 0, end: 2 },
      ],
    });
    expect(piecesOf(match).map((one) => one.text)).toEqual(['a', 'bc']);
    expect(piecesOf(create(SearchTimelineResponse_MatchSchema, {}))).toEqual([]);
  });
});
