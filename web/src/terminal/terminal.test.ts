import headless from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { clipboardOffer } from './clipboard';
import { dumpState, dumpText } from './dump';
import { Feed } from './feed';
import { openable } from './links';
import { cleanPaste, needsConfirmation, pasteBytes } from './paste';
import { swallowQueries } from './queries';

type Term = InstanceType<typeof headless.Terminal>;

const bytes = (text: string) => new TextEncoder().encode(text);
const newTerm = (): Term => new headless.Terminal({ cols: 20, rows: 5, allowProposedApi: true });
const settled = (term: Term) => new Promise<void>((resolve) => term.write('', resolve));

function fed() {
  const term = newTerm();
  const calls = { drawn: 0, gaps: 0 };
  const feed = new Feed(term, {
    onDrawn: () => calls.drawn++,
    onGap: () => calls.gaps++,
    onSnapshot: () => {},
    onRebuilt: () => {},
  });
  const screen = (text: string, offset: number, size = { columns: 20, rows: 5 }) =>
    feed.screen({ offset, size, bytes: bytes(text), first: true, last: true });
  return { term, feed, calls, screen };
}

describe('M4: a snapshot rebuilds the terminal', () => {
  it('forgets what was there, an unfinished sequence included', async () => {
    const { term, screen, feed } = fed();
    screen('', 0);
    feed.output(0, bytes('old\x1b[31mred\x1b]0;unfinished'));
    screen('new', 100, { columns: 30, rows: 4 });
    await settled(term);
    expect(dumpText(term as never)).toBe('new');
    expect([term.cols, term.rows]).toEqual([30, 4]);
    expect(feed.cursor.drawn).toBe(100);
    expect(feed.skips).toBe(1);
  });

  it('takes pieces, and counts as received only with the last', async () => {
    const { term, feed } = fed();
    const size = { columns: 20, rows: 5 };
    feed.screen({ offset: 9, size, bytes: bytes('a\xe4'), first: true, last: false });
    expect(feed.cursor.received).toBe(-1);
    feed.screen({ offset: 9, size, bytes: bytes('b'), first: false, last: true });
    await settled(term);
    expect(feed.cursor.drawn).toBe(9);
    expect(dumpText(term as never)).toBe('aäb');
  });
});

describe('N2: sizes change in the order of the bytes', () => {
  it('equals a terminal that was resized between the writes', async () => {
    const { term, feed, screen } = fed();
    const [before, after] = ['x'.repeat(30), 'y'.repeat(30)];
    screen('', 0);
    feed.output(0, bytes(before));
    feed.resized(30, { columns: 10, rows: 6 });
    feed.output(30, bytes(after));
    await settled(term);
    const oracle = newTerm();
    await new Promise<void>((resolve) => oracle.write(bytes(before), resolve));
    oracle.resize(10, 6);
    await new Promise<void>((resolve) => oracle.write(bytes(after), resolve));
    expect(dumpState(term as never)).toEqual(dumpState(oracle as never));
  });
});

describe('N4: output after a reconnect', () => {
  it('draws each byte once, and asks again when bytes are missing', async () => {
    const { term, feed, calls, screen } = fed();
    screen('', 0);
    feed.output(0, bytes('hello'));
    feed.output(0, bytes('hello wo'));
    feed.output(3, bytes('lo'));
    expect(feed.output(20, bytes('!'))).toBe(false);
    feed.output(8, bytes('rld'));
    await settled(term);
    expect(dumpText(term as never)).toBe('hello world');
    expect(calls.gaps).toBe(1);
  });
});

describe('S9: the page answers no query', () => {
  it.each([
    '\x1b[c',
    '\x1b[>c',
    '\x1b[=c',
    '\x1b[5n',
    '\x1b[6n',
    '\x1b[?6n',
    '\x1b[?25$p',
    '\x1b[4$p',
    '\x1b[>q',
    '\x1b[18t',
    '\x1b[14t',
    '\x1b[21t',
    '\x1bP$qm\x1b\\',
    '\x1bP+q544e\x1b\\',
    '\x1b]4;1;?\x07',
    '\x1b]10;?\x07',
    '\x1b]11;?\x1b\\',
    '\x1b]12;?\x07',
    '\x1b]52;c;?\x07',
    '\x05',
  ])('%j', async (query) => {
    const term = newTerm();
    let answers = '';
    term.onData((text) => {
      answers += text;
    });
    swallowQueries(term.parser as never);
    await new Promise<void>((resolve) => term.write(bytes(`${query}ok`), resolve));
    expect(answers).toBe('');
    expect(dumpText(term as never)).toBe('ok');
  });
});

describe('S8: the clipboard', () => {
  it('offers what a program sets and never answers what it asks', () => {
    expect(clipboardOffer(`c;${btoa('hello')}`)).toBe('hello');
    for (const bad of ['c;?', 'c;', 'c', 'c;%%%', `c;${btoa('\xff')}`])
      expect(clipboardOffer(bad)).toBeNull();
    expect(clipboardOffer(`c;${'A'.repeat(300_000)}`)).toBeNull();
  });
});

describe('S10: links', () => {
  it('opens web and mail links only', () => {
    for (const good of ['https://a.example/x', 'HTTP://a.example', 'mailto:a@b.example']) {
      expect(openable(good)).not.toBeNull();
    }
    for (const bad of [
      'javascript:alert(1)',
      ' javascript:alert(1)',
      'data:text/html,x',
      'file:///etc',
      'vbscript:x',
      'blob:https://a',
      'ssh://h',
      '//a',
      'https:',
      'java\nscript:x',
    ]) {
      expect(openable(bad)).toBeNull();
    }
  });
});

describe('S11: pastes', () => {
  const typed = (text: string, bracketed = false) =>
    new TextDecoder().decode(pasteBytes(cleanPaste(text), bracketed));

  it('turns line ends into CR, keeps tabs, drops other controls', () => {
    expect(typed('a\r\nb\nc\rd\te')).toBe('a\rb\rc\rd\te');
    expect(typed('a\x00\x03\x1b[31mb\x7f\x9b')).toBe('a[31mb');
    expect(typed('naïve 价格')).toBe('naïve 价格');
  });

  it('cannot be ended early from within', () => {
    expect(typed('x\x1b[201~rm', true)).toBe('\x1b[200~xrm\x1b[201~');
    expect(typed('x\x1b\x1b[201~[201~y', true)).not.toMatch(/\x1b\[201~./);
    expect(typed('x\x9b201~y', true)).toBe('\x1b[200~xy\x1b[201~');
  });

  it('asks before anything is run', () => {
    expect(needsConfirmation(cleanPaste('ls'))).toBe(false);
    expect(needsConfirmation(cleanPaste('ls\n'))).toBe(true);
    expect(cleanPaste('a\nb\n').lines).toBe(2);
  });
});
