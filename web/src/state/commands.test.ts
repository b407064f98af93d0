import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { CommandSchema } from '../gen/atrium/v1/tab_pb';
import { CommandMarks, commandBeside, placeOf } from './commands';

/** Marks at lines that can be taken away, with a clock that is moved by hand. */
function marked() {
  let nowMs = 1000;
  const places: { line: number }[] = [];
  const kept = new Set<object>();
  const marks = new CommandMarks(
    (from, to) => `typed ${from.place.line}-${to.place.line}`,
    () => nowMs,
  );
  const at = (line: number) => {
    const place = { line, dispose: () => kept.delete(place) };
    kept.add(place);
    places.push(place);
    return { place, column: 0 };
  };
  const run = (line: number, code: number, replay = false) => {
    marks.mark('A', at(line), replay);
    marks.mark('B', at(line), replay);
    marks.mark('C', at(line + 1), replay);
    nowMs += 3000;
    marks.mark(`D;${code}`, at(line + 2), replay);
  };
  return { marks, run, at, places, kept };
}

const known = (number: number, startOffset: number, fields: object = {}) =>
  create(CommandSchema, {
    number: BigInt(number),
    startOffset: BigInt(startOffset),
    text: `command ${number}`,
    duration: durationFromMs(number * 1000),
    exitCode: 0,
    ...fields,
  });

describe('N7: commands that a shell marks', () => {
  it('have a text, an exit code and a time from the marks alone', () => {
    const { marks, run } = marked();
    run(4, 2);
    expect(marks.all()).toMatchObject([
      { text: 'typed 4-5', exitCode: 2, tookMs: 3000, head: { line: 4 }, output: { line: 5 } },
    ]);
  });

  it('begin and end once: empty lines and strange marks are none', () => {
    const { marks, run, at } = marked();
    marks.mark('D;0', at(0), false);
    marks.mark('A', at(1), false);
    marks.mark('D;0', at(1), false);
    marks.mark('Z', at(1), false);
    marks.mark('', at(1), false);
    expect(marks.all()).toEqual([]);
    run(2, 0);
    marks.mark('D;1', at(5), false);
    expect(marks.all()).toMatchObject([{ exitCode: 0 }]);
  });

  it('run until they end', () => {
    const { marks, at } = marked();
    marks.mark('C', at(3), false);
    expect(marks.isRunning).toBe(true);
    expect(marks.all()[0]).toMatchObject({ end: undefined, tookMs: undefined, text: '' });
    marks.mark('D', at(4), false);
    expect(marks.isRunning).toBe(false);
    expect(marks.all()[0]?.exitCode).toBeUndefined();
  });

  it('hold on to no more places than they need, and to 200 commands', () => {
    const { marks, run, at, kept } = marked();
    for (let line = 0; line < 20; line++) {
      marks.mark('A', at(line), false);
      marks.mark('B', at(line), false);
      marks.mark('D;0', at(line), false);
    }
    expect(kept.size).toBe(2);
    for (let line = 0; line < 520; line += 2) run(line, 0);
    expect(marks.all()).toHaveLength(200);
    expect(kept.size).toBe(2 * 200 + 1);
    expect(marks.all().every((one) => kept.has(one.head))).toBe(true);
    marks.clear();
    expect(kept.size).toBe(0);
  });

  it('have no time of their own when they come from a snapshot', () => {
    const { marks, run } = marked();
    run(0, 1, true);
    expect(marks.all()[0]).toMatchObject({ exitCode: 1, tookMs: undefined });
  });
});

describe('N7: what the server knows of commands', () => {
  it('joins a snapshot’s marks from its end, and live ones after it', () => {
    const { marks, run } = marked();
    run(0, 0, true);
    run(3, 0, true);
    marks.rebuilt(900);
    run(6, 0);
    marks.list([known(9, 1000), known(8, 900), known(7, 500), known(6, 100)], false);
    expect(marks.all().map((one) => one.number)).toEqual([7, 8, 9]);
    expect(marks.all().map((one) => one.text)).toEqual(['command 7', 'command 8', 'command 9']);
    expect(marks.all().map((one) => one.tookMs)).toEqual([7000, 8000, 9000]);
  });

  it('counts the one that was running when the snapshot was made', () => {
    const { marks, at } = marked();
    marks.mark('C', at(1), true);
    marks.rebuilt(700);
    marks.learn(known(3, 100));
    marks.list([known(4, 650, { exitCode: undefined, duration: undefined }), known(3, 100)], true);
    marks.mark('D;0', at(2), false);
    expect(marks.all()[0]).toMatchObject({ number: 4, exitCode: 0 });
  });

  it('numbers from one where nothing ran before', () => {
    const { marks, run } = marked();
    marks.rebuilt(10);
    marks.list([], true);
    run(0, 0);
    marks.learn(known(1, 40));
    expect(marks.all()[0]).toMatchObject({ number: 1, text: 'command 1', tookMs: 1000 });
  });

  it('guesses nothing while the list is cut off before the snapshot', () => {
    const { marks, run } = marked();
    run(0, 5, true);
    marks.rebuilt(100);
    marks.list([known(300, 5000)], false);
    expect(marks.all()[0]).toMatchObject({ number: undefined, text: 'typed 0-1' });
  });

  it('begins anew with the next snapshot', () => {
    const { marks, run } = marked();
    marks.rebuilt(0);
    marks.list([], true);
    run(0, 0);
    marks.clear();
    expect(marks.all()).toEqual([]);
    run(0, 0, true);
    marks.rebuilt(5000);
    expect(marks.all()[0]?.number).toBeUndefined();
    marks.list([known(12, 4000)], false);
    expect(marks.all()[0]?.number).toBe(12);
  });
});

describe('N7: going from command to command', () => {
  it('finds the next one up and down, and forgets those that scrolled away', () => {
    const { marks, run, places } = marked();
    run(0, 0);
    run(10, 0);
    run(20, 0);
    expect(commandBeside(marks.all(), 20, -1)?.head.line).toBe(10);
    expect(commandBeside(marks.all(), 0, 1)?.head.line).toBe(10);
    expect(commandBeside(marks.all(), 0, -1)).toBeUndefined();
    expect(commandBeside(marks.all(), 20, 1)).toBeUndefined();
    for (const place of places.slice(0, 2)) place.line = -1;
    expect(placeOf(marks.all()[0]!)).toBe(1);
    places[2]!.line = -1;
    expect(marks.all().map((one) => one.head.line)).toEqual([10, 20]);
  });
});
