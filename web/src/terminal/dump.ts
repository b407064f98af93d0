import type { IBuffer, IBufferCell, Terminal } from '@xterm/xterm';

/** A terminal's whole state, to be compared cell by cell. */
export interface TerminalState {
  columns: number;
  rows: number;
  buffer: 'normal' | 'alternate';
  cursor: { column: number; row: number };
  baseRow: number;
  modes: Terminal['modes'];
  lines: LineState[];
}
export interface LineState {
  wrapped: boolean;
  /** Per cell: characters, width, foreground, background, attributes. */
  cells: [string, number, string, string, number][];
}

/** Every line of the active buffer, scrollback included. */
export function dumpState(term: Terminal): TerminalState {
  const buffer = term.buffer.active;
  return {
    columns: term.cols,
    rows: term.rows,
    buffer: buffer.type,
    cursor: { column: buffer.cursorX, row: buffer.cursorY },
    baseRow: buffer.baseY,
    modes: { ...copyModes(term.modes) },
    lines: dumpLines(buffer, term.cols),
  };
}

/** The text of the active buffer; trailing blanks and blank lines are left out. */
export function dumpText(term: Terminal): string {
  const buffer = term.buffer.active;
  const lines: string[] = [];
  for (let row = 0; row < buffer.length; row++) {
    lines.push(buffer.getLine(row)?.translateToString(true) ?? '');
  }
  return lines.join('\n').replace(/\n+$/, '');
}

function copyModes(modes: Terminal['modes']): Terminal['modes'] {
  return {
    applicationCursorKeysMode: modes.applicationCursorKeysMode,
    applicationKeypadMode: modes.applicationKeypadMode,
    bracketedPasteMode: modes.bracketedPasteMode,
    insertMode: modes.insertMode,
    mouseTrackingMode: modes.mouseTrackingMode,
    originMode: modes.originMode,
    reverseWraparoundMode: modes.reverseWraparoundMode,
    sendFocusMode: modes.sendFocusMode,
    synchronizedOutputMode: modes.synchronizedOutputMode,
    wraparoundMode: modes.wraparoundMode,
  };
}

function dumpLines(buffer: IBuffer, columns: number): LineState[] {
  const lines: LineState[] = [];
  const cell = buffer.getNullCell();
  for (let row = 0; row < buffer.length; row++) {
    const line = buffer.getLine(row);
    if (!line) continue;
    const cells: LineState['cells'] = [];
    for (let column = 0; column < columns; column++) {
      line.getCell(column, cell);
      cells.push(dumpCell(cell));
    }
    lines.push({ wrapped: line.isWrapped, cells });
  }
  return lines;
}

function dumpCell(cell: IBufferCell): LineState['cells'][number] {
  const colour = (mode: number, value: number) =>
    mode === 0 ? '' : `${mode.toString(16)}:${value}`;
  const attributes = [
    cell.isBold(),
    cell.isItalic(),
    cell.isDim(),
    cell.isUnderline(),
    cell.isBlink(),
    cell.isInverse(),
    cell.isInvisible(),
    cell.isStrikethrough(),
    cell.isOverline(),
  ].reduce((bits, set, index) => bits | (set ? 1 << index : 0), 0);
  return [
    cell.getChars(),
    cell.getWidth(),
    colour(cell.getFgColorMode(), cell.getFgColor()),
    colour(cell.getBgColorMode(), cell.getBgColor()),
    attributes,
  ];
}
