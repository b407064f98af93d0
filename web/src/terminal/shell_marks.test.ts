import headless from '@xterm/headless';
import { describe, expect, it } from 'vitest';
import { RENDERER_OPTIONS } from './renderer';
import { ShellMarks } from './shell_marks';

const mark = (what: string) => `\x1b]133;${what}\x1b\\`;
const prompt = (line: string) => `${mark('A')}$ ${mark('B')}${line}\r\n${mark('C')}`;

function shell(columns = 20, rows = 6) {
  const term = new headless.Terminal({
    ...RENDERER_OPTIONS,
    scrollback: 20,
    cols: columns,
    rows,
  });
  const state = { replaying: false, news: 0 };
  const marks = new ShellMarks(term as never, {
    isReplaying: () => state.replaying,
    onMarked: () => state.news++,
  });
  const print = (text: string) => new Promise<void>((done) => term.write(text, done));
  const only = () => marks.commands.all()[0]!;
  return { term, marks, state, print, only };
}

describe('N7: marks in what a shell prints', () => {
  it('give the text that was typed, what was printed, and the exit code', async () => {
    const { marks, print, only } = shell();
    await print(`${prompt('make test')}one\r\ntwo\r\n${mark('D;2')}${mark('A')}$ `);
    expect(only()).toMatchObject({ text: 'make test', exitCode: 2 });
    expect(marks.output(only())).toBe('one\ntwo\n');
  });

  it('join lines that were only wrapped, and keep a last line without an end', async () => {
    const { marks, print, only } = shell(10);
    await print(`${prompt('printf long')}0123456789abc${mark('D;0')}`);
    expect(only().text).toBe('printf long');
    expect(marks.output(only())).toBe('0123456789abc');
  });

  it('give what is there of a command that runs, or that scrolled away in part', async () => {
    const { marks, print, only } = shell(20, 4);
    await print(`${prompt('work')}first\r\n`);
    expect(marks.commands.isRunning).toBe(true);
    expect(marks.output(only())).toBe('first\n');
    const lines = Array.from({ length: 60 }, (_, line) => `line ${line}\r\n`).join('');
    await print(`${lines}${mark('D;0')}`);
    await print(prompt('next'));
    expect(marks.commands.all().map((one) => one.text)).toEqual(['next']);
  });

  it('are none on the alternate screen, and go with a reset', async () => {
    const { marks, state, print } = shell();
    await print(`\x1b[?1049h${prompt('inside')}\x1b[?1049l`);
    expect(marks.commands.all()).toEqual([]);
    await print(`${prompt('ls')}${mark('D;0')}`);
    expect(marks.commands.all()).toHaveLength(1);
    const before = state.news;
    await print('\x1bc');
    expect(marks.commands.all()).toEqual([]);
    expect(state.news).toBe(before + 1);
  });

  it('stay with their lines when the terminal is resized', async () => {
    const { term, print, only, marks } = shell(20, 6);
    await print(`0123456789abcdefgh\r\n${prompt('ls')}out\r\n${mark('D;0')}`);
    term.resize(10, 6);
    await print('');
    expect(marks.output(only())).toBe('out\n');
  });
});
