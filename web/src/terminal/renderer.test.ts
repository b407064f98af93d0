import headless from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { ACK_EVERY_BYTES } from '../state/output_cursor';
import { dumpState, dumpText } from './dump';
import { Feed } from './feed';
import { RENDERER_OPTIONS } from './renderer';
import { Writer, wholeLength } from './writer';

// Under Node the addon reads the whole pool that small buffers share.
Buffer.poolSize = 0;
const { setUpRenderer } = await import('./setup');

type Term = InstanceType<typeof headless.Terminal>;
interface Insides {
  _core: {
    _bufferService: { cols: number; rows: number };
    _inputHandler: {
      onColor(heard: (asked: { type: number; index: number }[]) => void): void;
      onRequestSendFocus(heard: () => void): void;
    };
  };
}

const SIZE = { columns: 20, rows: 5 };
const SNAPSHOT_BEGINS = '\x18\x1bc';
const bytes = (text: string) => new TextEncoder().encode(text);
const settled = (term: Term) => new Promise<void>((resolve) => term.write('', resolve));

/** A terminal as the page has it, that has taken an empty snapshot. */
function fed() {
  const term = new headless.Terminal({ ...RENDERER_OPTIONS, cols: 20, rows: 5 });
  const isAnswering = setUpRenderer(term as never);
  const acks: number[] = [];
  const feed = new Feed(term, {
    onDrawn: () => {
      const offset = feed.cursor.ackIsDue ? feed.cursor.takeAck() : null;
      if (offset !== null) acks.push(offset);
    },
    onGap: () => expect.unreachable('a gap'),
    onSnapshot: () => {},
    onRebuilt: () => {},
  });
  const snapshot = (data: Uint8Array, offset: number, size = SIZE) =>
    feed.screen({ offset, size, bytes: data, first: true, last: true });
  const print = (data: Uint8Array) => feed.output(feed.cursor.received, data);
  snapshot(bytes(SNAPSHOT_BEGINS), 0);
  const text = async () => {
    await settled(term);
    return dumpText(term as never);
  };
  return { term, feed, isAnswering, acks, snapshot, print, text };
}

describe('N2: every character is drawn, wherever the bytes are cut', () => {
  const text = 'a…é価👩‍👩‍👧z';

  it('knows where whole characters end', () => {
    const all = bytes(text);
    for (let end = 0; end <= all.length; end++) {
      const whole = wholeLength(all.subarray(0, end));
      expect(end - whole).toBeLessThan(4);
      expect(() =>
        new TextDecoder('utf-8', { fatal: true }).decode(all.subarray(0, whole)),
      ).not.toThrow();
    }
    expect(wholeLength(Uint8Array.of(0x61, 0xff))).toBe(2);
    expect(wholeLength(Uint8Array.of(0x80, 0x80, 0x80, 0x80))).toBe(4);
  });

  it('holds an unfinished one back until the rest comes, or until it is unwanted', () => {
    const pieces: string[] = [];
    const hex = (data: string | Uint8Array) => Buffer.from(data as Uint8Array).toString('hex');
    const writer = new Writer({ write: (data) => void pieces.push(hex(data)) });
    writer.write(Uint8Array.of(0x61, 0xe2, 0x80));
    writer.write(Uint8Array.of(0xa6, 0xf0, 0x9f));
    writer.forget();
    writer.write(Uint8Array.of(0x62));
    expect(pieces).toEqual(['61', 'e280a6', '62']);
  });

  it('joins what was cut within a character', async () => {
    const all = bytes(text);
    const { term: whole, print: printWhole } = fed();
    printWhole(all);
    await settled(whole);
    for (let at = 1; at < all.length; at++) {
      const { term, print } = fed();
      print(all.slice(0, at));
      print(all.slice(at));
      await settled(term);
      expect(dumpState(term as never)).toEqual(dumpState(whole as never));
    }
  });

  it('cuts what is large between characters', async () => {
    const { print, text: shown } = fed();
    const count = 150_000;
    print(bytes(`.${'…'.repeat(count)}\r\nend`));
    const [, tail] = (await shown()).split('…\nend');
    expect(tail).toBe('');
    expect((await shown()).replace(/[^…]/g, '').length).toBe(count);
  });

  it('goes on after a snapshot that ends within a character or a sequence', async () => {
    const first = fed();
    first.snapshot(Uint8Array.of(...bytes(`${SNAPSHOT_BEGINS}a`), 0xe2, 0x80), 9);
    first.print(Uint8Array.of(0xa6));
    expect(await first.text()).toBe('a…');
    const second = fed();
    second.snapshot(bytes(`${SNAPSHOT_BEGINS}a\x1b[3`), 9);
    second.print(bytes('1mred'));
    expect(await second.text()).toBe('ared');
  });

  it('forgets half a character when a snapshot replaces all', async () => {
    const { print, snapshot, text: shown } = fed();
    print(Uint8Array.of(0x61, 0xe2, 0x80));
    snapshot(bytes(`${SNAPSHOT_BEGINS}new`), 100);
    print(bytes('er'));
    expect(await shown()).toBe('newer');
  });
});

describe('N2: the renderer is resized as the server resizes', () => {
  it('lets the alternate screen forget what was cut off', async () => {
    const { feed, print, text } = fed();
    print(bytes('\x1b[?1049habcdefghijklmnopqrst'));
    feed.resized(feed.cursor.received, { columns: 10, rows: 5 });
    feed.resized(feed.cursor.received, SIZE);
    print(bytes('\x1b[2;1H'));
    expect(await text()).toBe('abcdefghij');
  });

  it('keeps an unused alternate screen from scrolling back', async () => {
    const { term, feed, print } = fed();
    feed.resized(0, { columns: 20, rows: 9 });
    feed.resized(0, SIZE);
    print(bytes(`\x1b[?1049h${'line\r\n'.repeat(12)}`));
    await settled(term);
    expect(term.buffer.active.length).toBe(5);
  });

  it('survives a resize that the renderer cannot do, and takes the snapshot', async () => {
    const { term, feed, print, snapshot, text, acks } = fed();
    const sizes: string[] = [];
    term.onResize(({ cols, rows }) => sizes.push(`${cols}x${rows}`));
    const resize = term.resize.bind(term);
    let broken = true;
    term.resize = (columns, rows) => {
      // As in a browser: nothing is done for a size that it believes to have.
      if (columns === term.cols && rows === term.rows) return;
      if (!broken) return resize(columns, rows);
      broken = false;
      // It notes the size before it fails, and tells nobody.
      Object.assign((term as unknown as Insides)._core._bufferService, { cols: columns, rows });
      throw new Error('Cannot read properties of undefined');
    };
    print(bytes('old'));
    feed.resized(3, { columns: 30, rows: 7 });
    snapshot(bytes(`${SNAPSHOT_BEGINS}new`), 3, { columns: 30, rows: 7 });
    print(bytes('er'));
    expect(await text()).toBe('newer');
    expect([term.cols, term.rows, sizes.at(-1)]).toEqual([30, 7, '30x7']);
    expect(acks.at(-1)).toBe(3);
  });
});

describe('N2: what the server ignores is ignored here', () => {
  it('draws on after erasing all above from the last cell', async () => {
    for (const erase of ['\x1b[1J', '\x1b[?1J']) {
      const { print, text } = fed();
      print(bytes(`gone\x1b[5;20H${erase}\x1b[1;1Hhere`));
      expect(await text()).toBe('here');
    }
  });

  it('counts no further than a screen can be large', async () => {
    for (const final of ['L', 'M', 'S', 'T', 'I', 'Z']) {
      const { term, print, text } = fed();
      print(bytes(`kept\x1b[2147483647${final}`));
      expect(await text()).toBe('kept');
      expect(term.buffer.active.cursorX).toBe(4);
    }
    const { print, text } = fed();
    print(bytes('x\x1b[9000by\x1b[2b'));
    expect(await text()).toBe('xyyy');
  });

  it('takes no title, link or colour that is too long', async () => {
    const { term, print, text } = fed();
    const titles: string[] = [];
    term.onTitleChange((title) => titles.push(title));
    print(bytes(`\x1b]2;${'t'.repeat(65 * 1024)}\x07\x1b]2;short\x07ok`));
    expect(await text()).toBe('ok');
    expect(titles).toEqual(['short']);
  });

  it('measures characters by one rule, after a snapshot too', async () => {
    const { term, print, snapshot } = fed();
    snapshot(bytes(SNAPSHOT_BEGINS), 1);
    print(bytes('👩‍👩‍👧'));
    await settled(term);
    expect(term.buffer.active.cursorX).toBe(2);
    expect(term.unicode.activeVersion).toBe('15-graphemes');
  });
});

describe('R28: a cell is the same whoever draws it', () => {
  it('keeps 64 code points of one, as the server does, and no less of its width', async () => {
    const { term, print } = fed();
    print(bytes(`e${'\u0301'.repeat(10_000)}x❤${'\u0301'.repeat(200)}\ufe0f|👩‍👩‍👧`));
    await settled(term);
    const cell = (at: number) => term.buffer.active.getLine(0)?.getCell(at);
    expect([...(cell(0)?.getChars() ?? '')].join()).toBe(['e', ...Array(63).fill('\u0301')].join());
    expect(cell(1)?.getChars()).toBe('x');
    expect([...(cell(2)?.getChars() ?? '')]).toHaveLength(64);
    expect(cell(2)?.getWidth()).toBe(2);
    expect(cell(5)?.getChars()).toBe('👩‍👩‍👧');
  });
});

describe('S9: a terminal in a browser answers nothing either', () => {
  /** Answers what only a terminal with colours and a focus answers. */
  function answering() {
    const one = fed();
    const input = (one.term as unknown as Insides)._core._inputHandler;
    let answers = '';
    let colours = 0;
    one.term.onData((text) => {
      if (!one.isAnswering()) answers += text;
    });
    input.onRequestSendFocus(() => one.term.input('\x1b[I', false));
    input.onColor((asked) => {
      for (const { type } of asked) {
        if (type === 0) one.term.input('\x1b]rgb', false);
        else colours++;
      }
    });
    return { ...one, answers: () => answers, colours: () => colours };
  }

  it.each([
    '\x1b[?1004h',
    '\x1b[?25;1004h',
    '\x1b]4;1;?\x07',
    '\x1b]4;1;?;2;?\x07',
    '\x1b]10;?;?;?\x07',
    '\x1b]11;?\x1b\\',
    '\x1b]12;?\x07',
  ])('%j', async (query) => {
    const { print, text, answers } = answering();
    print(bytes(`${query}ok`));
    expect(await text()).toBe('ok');
    expect(answers()).toBe('');
    const other = answering();
    other.snapshot(bytes(`${SNAPSHOT_BEGINS}${query}`), 9);
    await other.text();
    expect(other.answers()).toBe('');
  });

  it('still takes the colours that are set beside, the mode, and what is typed next', async () => {
    const { term, print, text, answers, colours } = answering();
    print(bytes('\x1b]4;1;?;2;#102030\x07\x1b[?1004h'));
    await text();
    expect(colours()).toBe(1);
    expect(term.modes.sendFocusMode).toBe(true);
    term.input('typed');
    expect(answers()).toBe('typed');
  });
});

describe('N3: the server goes on after a snapshot', () => {
  it('acknowledges each at once, even of a place that it knew', async () => {
    const { feed, print, snapshot, text, acks } = fed();
    print(new Uint8Array(ACK_EVERY_BYTES).fill(0x61));
    await text();
    expect(acks).toEqual([0, ACK_EVERY_BYTES]);
    snapshot(bytes(`${SNAPSHOT_BEGINS}same`), ACK_EVERY_BYTES);
    await text();
    expect(acks).toEqual([0, ACK_EVERY_BYTES, ACK_EVERY_BYTES]);
    expect(feed.cursor.ackIsDue).toBe(false);
  });

  it('does so only with the last piece', async () => {
    const { feed, text, acks } = fed();
    const piece = { offset: 7, size: SIZE, bytes: bytes('x') };
    feed.screen({ ...piece, first: true, last: false });
    await text();
    expect(acks).toEqual([0]);
    feed.screen({ ...piece, first: false, last: true });
    await text();
    expect(acks).toEqual([0, 7]);
  });
});
