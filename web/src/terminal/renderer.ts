import type { Terminal } from '@xterm/xterm';

/** Code points that the server keeps of one cell. */
const MAX_CELL_CODE_POINTS = 64;

/** Lines that scroll back, as many as the server keeps. */
export const SCROLLBACK_LINES = 10_000;

/** The options that the server's idea of a screen takes for granted. */
export const RENDERER_OPTIONS = {
  allowProposedApi: true,
  convertEol: false,
  logLevel: 'off',
  reflowCursorLine: false,
  scrollback: SCROLLBACK_LINES,
  scrollOnEraseInDisplay: false,
  tabStopWidth: 8,
  windowOptions: {},
} as const;

/** The rules of width and of joining that the server's screen follows. */
export const UNICODE_RULES = '15-graphemes';

/** What is needed of a terminal to resize it. */
export type Resizable = Pick<Terminal, 'resize' | 'reset' | 'cols' | 'rows'>;

interface Line {
  /** What stands in cells of more than one code point. */
  _combined: Record<number, string>;
  addCodepointToCell(cell: number, codePoint: number, width: number): void;
  clone(): Line;
  resize(columns: number, fill: object): void;
}
interface Lines {
  length: number;
  maxLength: number;
  get(index: number): Line;
  set(index: number, line: Line): void;
}
interface Core {
  buffer: { lines: Lines };
  buffers: { alt: { lines: Lines; getNullCell(): object } };
}

/** The part of the renderer that has no public face. */
function coreOf(terminal: object): Core {
  return (terminal as { _core: Core })._core;
}

/**
 * Resizes the renderer as the server's screen resizes. Where the renderer cannot
 * follow it throws half way; then it begins anew, empty and of the right size,
 * and the snapshot that the server sends in this case fills it.
 */
export function resizeRenderer(terminal: Resizable, columns: number, rows: number): void {
  try {
    terminal.resize(columns, rows);
  } catch {
    terminal.reset();
    // It believes that it has this size, and would tell nobody of it.
    terminal.resize(columns, rows + 1);
    terminal.resize(columns, rows);
  }
  settleAlternate(terminal);
}

/**
 * The alternate buffer would keep columns that were cut off, which come back by
 * deleting characters or by growing, and, while unused, room for the rows it once
 * had, which makes it scroll back.
 */
function settleAlternate(terminal: Resizable): void {
  const { alt } = coreOf(terminal).buffers;
  const blank = alt.getNullCell();
  if (alt.lines.length === 0) alt.lines.maxLength = terminal.rows;
  for (let row = 0; row < alt.lines.length; row++) {
    alt.lines.get(row).resize(terminal.cols, blank);
  }
}

/**
 * Erasing all above, with the cursor in the last column of the last row, looks
 * at the line after that. Where there is none the renderer would throw and stop
 * for good: this makes one.
 */
export function ensureLineBelow(terminal: object): void {
  const { lines } = coreOf(terminal).buffer;
  if (!lines.get(lines.length)) lines.set(lines.length, lines.get(0).clone());
}

const bounded = new WeakSet<Line>();

/**
 * The renderer would keep ten thousand marks in one cell, and so look different
 * from one that begins with the server's snapshot: this keeps as many as the server.
 * What is beyond still counts for the cell's width. All terminals share it.
 */
export function boundCells(terminal: object): void {
  const line: Line = Object.getPrototypeOf(coreOf(terminal).buffer.lines.get(0));
  if (bounded.has(line)) return;
  bounded.add(line);
  const add = line.addCodepointToCell;
  line.addCodepointToCell = function (this: Line, cell, codePoint, width) {
    add.call(this, cell, codePoint, width);
    const text = this._combined[cell];
    if (text === undefined || text.length <= MAX_CELL_CODE_POINTS) return;
    this._combined[cell] = [...text].slice(0, MAX_CELL_CODE_POINTS).join('');
  };
}
