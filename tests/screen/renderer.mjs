// The page's renderer, headless, set up as the page must set it up: the options
// and the parser hooks below are what makes it and the server's Screen agree.
import headless from '@xterm/headless';

// Under Node the addon decodes its data into a Buffer and then reads the whole
// ArrayBuffer below it, which must not be the pool small Buffers share. In a
// browser there is no Buffer.
Buffer.poolSize = 0;
const { default: graphemes } = await import('@xterm/addon-unicode-graphemes');

const MAX_COUNT = 65535;
const MAX_REPEAT = 8192;
const MAX_OSC_UNITS = 64 * 1024;
const MAX_CELL_CODE_POINTS = 64;

/** Options of the Terminal that the server's Screen takes for granted. */
export const OPTIONS = {
  allowProposedApi: true,
  convertEol: false,
  logLevel: 'off',
  reflowCursorLine: false,
  scrollOnEraseInDisplay: false,
  tabStopWidth: 8,
  windowOptions: {},
};

/** Sequences that do nothing but make the renderer answer. */
const QUERIES = [
  { final: 'c' },
  { prefix: '>', final: 'c' },
  { final: 'n' },
  { prefix: '?', final: 'n' },
  { intermediates: '$', final: 'p' },
  { prefix: '?', intermediates: '$', final: 'p' },
];

/**
 * Adds the hooks. Each handler that returns true keeps the renderer's own from
 * running; handlers added later run first.
 */
export function addHooks(terminal) {
  const parser = terminal.parser;
  // The server answers; a page never does. (A page with colours and focus also
  // drops what it would send while it parses DECSET 1004 and OSC 4 and 10-12.)
  for (const id of QUERIES) parser.registerCsiHandler(id, () => true);
  parser.registerDcsHandler({ intermediates: '$', final: 'q' }, () => true);
  // Counts the renderer would loop over for minutes.
  for (const final of ['L', 'M', 'S', 'T', 'I', 'Z']) {
    parser.registerCsiHandler({ final }, (params) => params[0] > MAX_COUNT);
  }
  parser.registerCsiHandler({ final: 'b' }, (params) => params[0] > MAX_REPEAT);
  // Longer payloads are ignored on both sides.
  for (const number of [0, 1, 2, 4, 8, 10, 11, 12, 104, 110, 111, 112]) {
    parser.registerOscHandler(number, (data) => data.length > MAX_OSC_UNITS);
  }
  // ED 1 with the cursor in the last column of the last row looks at a line
  // that may not exist, throws, and would stop the terminal for good.
  const guard = (params) => {
    const lines = terminal._core.buffer.lines;
    if (params[0] === 1 && !lines.get(lines.length)) lines.set(lines.length, lines.get(0).clone());
    return false;
  };
  parser.registerCsiHandler({ final: 'J' }, guard);
  parser.registerCsiHandler({ prefix: '?', final: 'J' }, guard);
}

const bounded = new WeakSet();

/** Keeps no more code points of a cell than the server does; its width it knows. */
function boundCells(terminal) {
  const line = Object.getPrototypeOf(terminal._core.buffer.lines.get(0));
  if (bounded.has(line)) return;
  bounded.add(line);
  const add = line.addCodepointToCell;
  line.addCodepointToCell = function (cell, codePoint, width) {
    add.call(this, cell, codePoint, width);
    const text = this._combined[cell];
    if (text?.length > MAX_CELL_CODE_POINTS) this._combined[cell] = [...text].slice(0, MAX_CELL_CODE_POINTS).join('');
  };
}

export function makeTerminal(columns, rows, scrollback) {
  const terminal = new headless.Terminal({ ...OPTIONS, cols: columns, rows, scrollback });
  terminal.loadAddon(new graphemes.UnicodeGraphemesAddon());
  terminal.unicode.activeVersion = '15-graphemes';
  boundCells(terminal);
  addHooks(terminal);
  const writer = new Writer(terminal);
  writer.marks = [];
  terminal.parser.registerOscHandler(133, (mark) => {
    const [, kind, code] = /^([ACD])(?:;(\d+))?/.exec(mark) ?? [];
    const marker = kind && terminal.registerMarker(0);
    if (marker) writer.marks.push({ marker, text: kind === 'D' ? `D${code ?? ''}` : kind });
    return false;
  });
  return writer;
}

/**
 * To be called after every resize of the terminal. The alternate buffer would
 * keep columns that were cut off, which come back by deleting characters or by
 * growing, and, while unused, room for the rows it once had, which makes it
 * scroll back.
 */
export function settleAlternate(terminal) {
  const { alt } = terminal._core.buffers;
  const blank = alt.getNullCell();
  if (alt.lines.length === 0) alt.lines.maxLength = terminal.rows;
  for (let i = 0; i < alt.lines.length; i++) alt.lines.get(i).resize(terminal.cols, blank);
}

/** The length of `bytes` without an unfinished UTF-8 sequence at its end. */
export function wholeLength(bytes) {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back];
    if ((byte & 0xc0) === 0x80) continue;
    const size = byte >= 0xf8 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return size > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/**
 * Feeds the renderer whole UTF-8 sequences in pieces it does not split: it
 * loses characters like U+2026 when a write ends after their second byte.
 */
export class Writer {
  static PIECE = 64 * 1024;

  constructor(terminal) {
    this.terminal = terminal;
    this.held = Buffer.alloc(0);
  }

  write(bytes) {
    let rest = this.held.length ? Buffer.concat([this.held, bytes]) : bytes;
    while (rest.length > Writer.PIECE) {
      const piece = rest.subarray(0, Writer.PIECE);
      const length = wholeLength(piece);
      this.put(piece.subarray(0, length));
      rest = rest.subarray(length);
    }
    const length = wholeLength(rest);
    this.held = Buffer.from(rest.subarray(length));
    this.put(rest.subarray(0, length));
  }

  put(bytes) {
    if (bytes.length) this.terminal._core._writeBuffer.writeSync(new Uint8Array(bytes));
  }

  resize(columns, rows) {
    this.terminal.resize(columns, rows);
    settleAlternate(this.terminal);
  }
}

const MOUSE_PROTOCOLS = ['NONE', 'X10', 'VT200', 'DRAG', 'ANY'];
const MOUSE_ENCODINGS = ['DEFAULT', 'SGR', 'SGR_PIXELS'];
const SHAPES = [undefined, 'block', 'underline', 'bar'];
const CHARSET_FLAGS = ['0', 'A', '4', 'C', 'R', 'Q', 'K', 'Y', 'E', 'Z', 'H', '='];

/** Stands for a link the renderer forgot since the lines it began on are gone. */
export const FORGOTTEN = '\u0000';

const COLOR_MASK = 0x3ffffff;
const EXTENDED = 0x10000000;

/** Character sets are told apart by an object each; learns which is which. */
function learnCharsets() {
  const terminal = new headless.Terminal(OPTIONS);
  const byObject = new Map();
  for (const flag of CHARSET_FLAGS) {
    terminal._core._writeBuffer.writeSync(`\x1b(${flag}`);
    byObject.set(terminal._core._charsetService.charset, flag);
  }
  return byObject;
}
const charsets = learnCharsets();
const charsetName = (charset) => (charset ? charsets.get(charset) : '');

/** The renderer leaves bits of an earlier colour under a palette colour. */
function cleanColor(bits) {
  const kind = bits & 0x3000000;
  const color = kind === 0 ? 0 : kind === 0x3000000 ? bits & 0xffffff : bits & 0xff;
  return ((bits & ~COLOR_MASK) | kind | color) >>> 0;
}

function styleOf(core, cell) {
  const fg = cleanColor(cell.fg);
  const bg = cleanColor(cell.bg);
  if (!(bg & EXTENDED)) return `[${fg},${bg},0,0,""]`;
  const { underlineStyle, underlineColor, urlId } = cell.extended;
  const uri = urlId ? (core._oscLinkService.getLinkData(urlId)?.uri ?? FORGOTTEN) : '';
  return `[${fg},${bg},${underlineStyle},${cleanColor(underlineColor)},${JSON.stringify(uri)}]`;
}

function lineState(core, line, columns, scratch) {
  const parts = [line.isWrapped ? '1' : '0'];
  for (let column = 0; column < columns; ) {
    line.loadCell(column, scratch);
    const style = styleOf(core, scratch);
    const text = scratch.getChars();
    const width = scratch.getWidth();
    if (text || width !== 1) {
      parts.push(`[${JSON.stringify(text)},${width},${style}]`);
      column++;
      continue;
    }
    let past = column + 1;
    for (; past < columns; past++) {
      line.loadCell(past, scratch);
      if (scratch.getChars() || scratch.getWidth() !== 1 || styleOf(core, scratch) !== style) break;
    }
    parts.push(`[${past - column},${style}]`);
    column = past;
  }
  return `[${parts.join(',')}]`;
}

function gridState(core, grid, active, current) {
  const { columns, scratch } = current;
  const saved = grid.savedCurAttrData;
  const parts = [
    `"saved":[${Math.min(grid.savedX, columns - 1)},${grid.savedY},${cleanColor(saved.fg)},${cleanColor(saved.bg)},` +
      `${JSON.stringify(charsetName(grid.savedCharset))}]`,
    `"tabs":[${Object.keys(grid.tabs).filter((tab) => grid.tabs[tab] && tab < columns).join(',')}]`,
  ];
  if (active) {
    parts.push(`"base":${grid.ybase}`, `"y":${grid.y}`);
    if (grid === core.buffer) parts.push(`"x":${grid.x}`);
    parts.push(`"top":${grid.scrollTop}`, `"bottom":${grid.scrollBottom}`);
    const lines = [];
    for (let i = 0; i < grid.lines.length; i++) {
      lines.push(lineState(core, grid.lines.get(i), columns, scratch));
    }
    parts.push(`"lines":[${lines.join(',')}]`);
  }
  return `{${parts.join(',')}}`;
}

function modesState(core) {
  const modes = core.coreService.decPrivateModes;
  const blink = modes.cursorBlink === undefined ? 2 : modes.cursorBlink ? 1 : 0;
  return JSON.stringify({
    insert: core.coreService.modes.insertMode,
    newline: core.optionsService.rawOptions.convertEol,
    applicationCursorKeys: modes.applicationCursorKeys,
    origin: modes.origin,
    wraparound: modes.wraparound,
    reverseWraparound: modes.reverseWraparound,
    applicationKeypad: modes.applicationKeypad,
    sendFocus: modes.sendFocus,
    bracketedPaste: modes.bracketedPasteMode,
    synchronizedOutput: modes.synchronizedOutput,
    cursorHidden: core.coreService.isCursorHidden,
    cursorBlink: core.optionsService.rawOptions.cursorBlink,
    mouseProtocol: MOUSE_PROTOCOLS.indexOf(core.coreMouseService.activeProtocol),
    mouseEncoding: MOUSE_ENCODINGS.indexOf(core.coreMouseService.activeEncoding),
    cursorShape: SHAPES.indexOf(modes.cursorStyle),
    cursorShapeBlink: blink,
  });
}

/** The marks that a page could jump to: [[line from the oldest, kinds], ...]. */
export function marksOf(writer) {
  const lines = new Map();
  for (const { marker, text } of writer.marks) {
    if (!marker.isDisposed) lines.set(marker.line, (lines.get(marker.line) ?? '') + text);
  }
  return JSON.stringify([...lines].sort((a, b) => a[0] - b[0]));
}

/** The renderer's state in the words of Screen::DebugState. */
export function stateOf(writer) {
  const core = writer.terminal._core;
  const input = core._inputHandler;
  const join = input._parser.precedingJoinState;
  // A cell of our own: the one getNullCell() returns is one the buffer uses.
  const scratch = new (Object.getPrototypeOf(core.buffer.getNullCell()).constructor)();
  const current = { columns: core.cols, scratch };
  const { buffers } = core;
  const isAlternate = buffers.active === buffers.alt;
  const sets = core._charsetService;
  const names = [0, 1, 2, 3].map((g) => charsetName(sets._charsets[g]));
  names.push(charsetName(sets.charset));
  return (
    `{"columns":${core.cols},"rows":${core.rows},"alternate":${isAlternate},` +
    `"pen":${styleOf(core, input._curAttrData)},` +
    `"join":${join === 0 ? 0 : ((join >> 3) & 15) + 16 * ((join >> 1) & 3)},` +
    `"modes":${modesState(core)},` +
    `"charsets":[${names.map((name) => JSON.stringify(name)).join(',')},${sets.glevel}],` +
    `"normal":${gridState(core, buffers.normal, true, current)},` +
    `"alt":${gridState(core, buffers.alt, isAlternate, current)}}`
  );
}
