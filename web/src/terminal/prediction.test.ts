import headless from '@xterm/headless';
import { beforeEach, describe, expect, it } from 'vitest';
import { sightOf } from './predicted_echo';
import { Prediction } from './prediction';
import { RENDERER_OPTIONS } from './renderer';

// Under Node the addon reads the whole pool that small buffers share.
Buffer.poolSize = 0;
const { setUpRenderer } = await import('./setup');

let term: InstanceType<typeof headless.Terminal>;
let prediction: Prediction;
let nowMs: number;

const type = (text: string) => {
  nowMs += 10;
  prediction.typed(text, sightOf(term as never), nowMs);
};
const echo = (bytes: string) =>
  new Promise<void>((done) =>
    term.write(bytes, () => {
      prediction.drawn(sightOf(term as never));
      done();
    }),
  );
const shown = () => prediction.shown?.text ?? '';
/** A prompt where the echo of one key was seen. */
const trustedPrompt = async () => {
  await echo('$ ');
  type('l');
  await echo('l');
};

beforeEach(() => {
  term = new headless.Terminal({ ...RENDERER_OPTIONS, cols: 20, rows: 5 });
  setUpRenderer(term as never);
  prediction = new Prediction();
  prediction.setRoundTrip(200);
  nowMs = 1000;
});

describe('N12: an echo is predicted', () => {
  it('once a key in this line was echoed, and never before', async () => {
    await echo('$ ');
    type('l');
    expect(shown()).toBe('');
    type('s');
    expect(shown()).toBe('');
    await echo('l');
    expect(prediction.shown).toEqual({ line: 0, column: 3, text: 's', cursor: 4 });
    type(' ');
    type('-');
    expect(shown()).toBe('s -');
    await echo('s ');
    expect(prediction.shown).toEqual({ line: 0, column: 5, text: '-', cursor: 6 });
    await echo('-');
    expect(shown()).toBe('');
    type('l');
    expect(shown()).toBe('l');
  });

  it('in a line that is typed into key by key, as long as it is', async () => {
    await trustedPrompt();
    for (const key of 's -la') {
      type(key);
      expect(shown()).toBe(key);
      await echo(key);
    }
    type('\x7f');
    expect(prediction.shown?.cursor).toBe(7);
    await echo('\b \b');
    type('l');
    expect(shown()).toBe('l');
  });

  it('takes away what was typed, and nothing before it', async () => {
    await trustedPrompt();
    type('sx');
    type('\x7f');
    expect(prediction.shown).toEqual({ line: 0, column: 3, text: 's ', cursor: 4 });
    type('\x7f');
    type('\x7f');
    expect(prediction.shown).toEqual({ line: 0, column: 2, text: '   ', cursor: 2 });
    type('\x7f');
    expect(prediction.shown?.cursor, 'the prompt is not taken away').toBe(2);
    await echo('sx\b \b\b \b\b \b');
    expect(shown()).toBe('');
  });

  it('waits for what Enter does, and begins anew in the next line', async () => {
    await trustedPrompt();
    type('s');
    type('\r');
    type('x');
    expect(shown()).toBe('s');
    await echo('s');
    expect(shown()).toBe('');
    await echo('\r\nfile\r\n$ ');
    type('p');
    expect(shown(), 'another line is not trusted yet').toBe('');
    await echo('p');
    type('w');
    expect(shown()).toBe('w');
  });

  it('holds what was echoed in one piece with all that follows', async () => {
    await trustedPrompt();
    type('s');
    type('\r');
    await echo('s\r\nfile\r\n$ ');
    expect(shown()).toBe('');
  });
});

describe('N12: the server’s bytes are right', () => {
  it.each<[string, string]>([
    ['another character', 'X'],
    ['the cursor elsewhere', '\x1b[1;10H'],
    ['another line', 's\r\n'],
    ['a cleared screen', '\x1b[2J\x1b[H'],
    ['a full-screen program', '\x1b[?1049h'],
    ['a bell and nothing else where something was', '\x07\x1b[1;1H'],
    ['output of a job in between', '\r\n[1] done\r\n$ l'],
  ])('%s ends a guess at once', async (_, bytes) => {
    await trustedPrompt();
    type('s');
    expect(shown()).toBe('s');
    await echo(bytes);
    expect(shown()).toBe('');
    type('t');
    expect(shown(), 'and what was trusted is not any more').toBe('');
  });

  it('a line that is drawn again by its program is followed', async () => {
    await trustedPrompt();
    type('s');
    type('!');
    await echo('\r\x1b[K\x1b[32m$\x1b[0m \x1b[1mls\x1b[0m');
    expect(shown()).toBe('!');
    await echo('\r\x1b[K\x1b[32m$\x1b[0m \x1b[1mls!\x1b[0m');
    expect(shown()).toBe('');
  });

  it('something in the same place that moves nothing is no answer', async () => {
    await trustedPrompt();
    type('s');
    await echo('\x07');
    expect(shown()).toBe('s');
  });
});

describe('N12, S14: where there is no echo nothing is shown', () => {
  it('at a question for a password', async () => {
    await trustedPrompt();
    type('s');
    type('\r');
    await echo('s\r\nPassword: ');
    for (const key of 'secret') {
      type(key);
      expect(shown()).toBe('');
    }
    type('\x7f');
    await echo('\x07');
    type('x');
    expect(shown(), 'taking away proves no echo').toBe('');
    nowMs += 2000;
    prediction.expire(nowMs);
    type('x');
    expect(shown()).toBe('');
  });

  it('at a question for a password in the line of an answer that was echoed', async () => {
    await echo('Go? ');
    type('y');
    await echo('y');
    await echo(' PIN: ');
    for (const key of 'secret') {
      type(key);
      expect(shown()).toBe('');
    }
  });

  it('nor where a key was taken away again, which looks like its echo', async () => {
    await echo('Password: ');
    type('x');
    type('\x7f');
    await echo('\x07');
    type('y');
    expect(shown()).toBe('');
  });

  it('after a while without one', async () => {
    await trustedPrompt();
    type('s');
    prediction.expire(nowMs + 590);
    expect(shown()).toBe('s');
    expect(prediction.dueMs).toBe(nowMs + 600);
    prediction.expire(nowMs + 600);
    expect(shown()).toBe('');
    expect(prediction.dueMs).toBeUndefined();
    type('t');
    expect(shown()).toBe('');
  });

  it('a program that shows stars is not guessed at', async () => {
    await echo('PIN: ');
    type('1');
    await echo('*');
    type('2');
    expect(shown()).toBe('');
    await echo('*');
    type('3');
    expect(shown()).toBe('');
  });
});

describe('N12: what cannot be known is not guessed', () => {
  it.each([
    ['wide', '价'],
    ['combining', 'e\u0301'],
    ['an emoji', '👩‍💻'],
    ['an arrow', '\x1b[D'],
    ['a tab', '\t'],
    ['Ctrl+C', '\x03'],
    ['a paste', 'a long text that was pasted'],
  ])('%s', async (_, key) => {
    await trustedPrompt();
    type(key);
    type('s');
    expect(shown()).toBe('');
  });

  it('near the right edge', async () => {
    await trustedPrompt();
    await echo('\x1b[1;16H');
    prediction.forget();
    type('a');
    await echo('a');
    type('b');
    type('c');
    type('d');
    expect(prediction.shown).toEqual({ line: 0, column: 16, text: 'bc', cursor: 18 });
  });

  it('over characters that would be moved', async () => {
    await trustedPrompt();
    await echo('s -la\x1b[1;4H');
    type('x');
    expect(shown()).toBe('');
  });

  it('in a full-screen program', async () => {
    await trustedPrompt();
    await echo('\x1b[?1049h\x1b[1;10H');
    type('i');
    expect(shown(), 'also where its cursor is in a line of the same number').toBe('');
    term.reset();
    await echo('\x1b[?1049h\x1b[2J\x1b[Hvim');
    for (const key of 'ihello') {
      type(key);
      await echo(key);
      expect(shown()).toBe('');
    }
  });
});

describe('N12: it is for slow links alone', () => {
  it.each([
    [[29], false],
    [[30], true],
    [[200, 25], true],
    [[200, 19], false],
    [[0], false],
  ])('%j', async (trips, isShown) => {
    prediction = new Prediction();
    for (const one of trips) prediction.setRoundTrip(one);
    await trustedPrompt();
    type('s');
    expect(shown()).toBe(isShown ? 's' : '');
  });

  it('and for those who want it', async () => {
    prediction.isWanted = false;
    await trustedPrompt();
    type('s');
    expect(shown()).toBe('');
  });
});
