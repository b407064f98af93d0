import type { Terminal } from '@xterm/xterm';
import { CommandMarks, type Cursor, type MarkedCommand } from '../state/commands';

/** Told of commands that begin and end. */
export interface ShellMarksListener {
  isReplaying(): boolean;
  onMarked(): void;
}

type Term = Pick<Terminal, 'parser' | 'buffer' | 'registerMarker'>;

/** Reads a shell's marks (OSC 133) out of what a terminal draws. */
export class ShellMarks {
  readonly commands: CommandMarks;
  private readonly term: Term;

  constructor(term: Term, listener: ShellMarksListener) {
    this.term = term;
    this.commands = new CommandMarks(
      (from, to) => readLines(term, from, to).trim(),
      () => performance.now(),
    );
    term.parser.registerOscHandler(133, (payload) => {
      const at = this.cursor();
      if (at && this.commands.mark(payload, at, listener.isReplaying())) listener.onMarked();
      return false;
    });
    term.parser.registerEscHandler({ final: 'c' }, () => {
      this.commands.clear();
      listener.onMarked();
      return false;
    });
  }

  /** What a command printed, as far as it is still there. */
  output(command: MarkedCommand): string {
    const { end } = command;
    const buffer = this.term.buffer.normal;
    const last = { place: { line: buffer.baseY + buffer.cursorY }, column: buffer.cursorX };
    const to = end && end.place.line >= 0 ? end : last;
    const from = { place: { line: Math.max(0, command.output.line) }, column: 0 };
    return readLines(this.term, from, to);
  }

  /** Programs on the alternate screen have no lines to come back to. */
  private cursor(): Cursor | undefined {
    const buffer = this.term.buffer.active;
    if (buffer.type === 'alternate') return undefined;
    const place = this.term.registerMarker(0);
    return place && { place, column: buffer.cursorX };
  }
}

/** The text between two places; a wrapped line is one line. */
function readLines(term: Term, from: Cursor, to: Cursor): string {
  const buffer = term.buffer.normal;
  let text = '';
  for (let row = from.place.line; row <= to.place.line; row++) {
    const line = buffer.getLine(row);
    if (!line) break;
    const begin = row === from.place.line ? from.column : 0;
    const end = row === to.place.line ? to.column : undefined;
    if (row > from.place.line && !line.isWrapped) text += '\n';
    const isWhole = buffer.getLine(row + 1)?.isWrapped !== true;
    text += line.translateToString(isWhole, begin, end);
  }
  return text;
}
