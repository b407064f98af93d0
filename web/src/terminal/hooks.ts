import type { IParser, Terminal } from '@xterm/xterm';
import { swallowQueries } from './queries';
import { ensureLineBelow } from './renderer';

/** More rows or tab stops than any screen has; the renderer would count them all. */
const MAX_COUNT = 65535;
/** The most that one character may be repeated. */
const MAX_REPEAT = 8192;
/** The longest text of an operating system command. */
const MAX_OSC_UNITS = 64 * 1024;

const COUNTED = ['L', 'M', 'S', 'T', 'I', 'Z'];
const TEXT_OSC = [0, 1, 2, 4, 8, 10, 11, 12, 104, 110, 111, 112];

/**
 * Makes a renderer and the server's screen agree: neither answers a query, and
 * both ignore the same excesses. Returns whether what the renderer emits right
 * now is an answer of its own, and must not be sent.
 */
export function addHooks(terminal: Pick<Terminal, 'parser'>): () => boolean {
  const isAnswering = swallowQueries(terminal.parser);
  ignoreExcess(terminal.parser);
  guardErase(terminal);
  return isAnswering;
}

/** Each handler that returns true keeps the renderer's own from running. */
function ignoreExcess(parser: IParser): void {
  for (const final of COUNTED) {
    parser.registerCsiHandler({ final }, ([count]) => Number(count) > MAX_COUNT);
  }
  parser.registerCsiHandler({ final: 'b' }, ([count]) => Number(count) > MAX_REPEAT);
  for (const code of TEXT_OSC) {
    parser.registerOscHandler(code, (text) => text.length > MAX_OSC_UNITS);
  }
}

function guardErase(terminal: Pick<Terminal, 'parser'>): void {
  const guard = ([what]: (number | number[])[]) => {
    if (what === 1) ensureLineBelow(terminal);
    return false;
  };
  terminal.parser.registerCsiHandler({ final: 'J' }, guard);
  terminal.parser.registerCsiHandler({ prefix: '?', final: 'J' }, guard);
}
