import { durationMs } from '@bufbuild/protobuf/wkt';
import type { Command } from '../gen/atrium/v1/tab_pb';

/** A line of a terminal, wherever it moves; -1 once it is gone. */
export interface Place {
  readonly line: number;
  /** Nobody needs it any more. */
  dispose?(): void;
}

/** Where the cursor stands when a mark comes. */
export interface Cursor {
  place: Place;
  column: number;
}

/** One command of a shell: what its marks said, and what the server knows of it. */
export interface MarkedCommand {
  /** Its place among the marks of this page, from 1. */
  id: number;
  /** The server's number; undefined if it is not known. */
  number: number | undefined;
  text: string;
  /** The line that a person would look for: the prompt's, else the output's first. */
  head: Place;
  output: Place;
  /** Where the output ends; undefined while it runs. */
  end: Cursor | undefined;
  exitCode: number | undefined;
  tookMs: number | undefined;
}

/** Commands that are kept. The renderer moves every place with every line that scrolls away. */
const MAX_KEPT = 200;

/** Reads what was typed between two places of the screen. */
type ReadTyped = (from: Cursor, to: Cursor) => string;

interface Mark extends MarkedCommand {
  startMs: number | undefined;
}

/**
 * The commands that a shell marked in the bytes (OSC 133), and what the server
 * tells of them. A snapshot's marks come last to first before its offset, and the
 * live ones after it, so that one known offset numbers them all.
 */
export class CommandMarks {
  private marks: Mark[] = [];
  private next = 1;
  private prompt: Place | undefined;
  private typedFrom: Cursor | undefined;
  private readonly known = new Map<number, Command>();
  /** The server's number of the command that the mark with id 0 would be. */
  private shift: number | undefined;
  /** The snapshot that is shown: where it ended, and its last mark's id. */
  private snapshot: { offset: number; lastId: number } | undefined;
  private readonly readTyped: ReadTyped;
  private readonly now: () => number;

  constructor(readTyped: ReadTyped, now: () => number) {
    this.readTyped = readTyped;
    this.now = now;
  }

  /** A mark came while the cursor stood here; true if a command began or ended. */
  mark(payload: string, at: Cursor, isReplay: boolean): boolean {
    switch (payload[0]) {
      case 'A':
        this.forgetPrompt();
        this.prompt = this.shared(at.place);
        return false;
      case 'B':
        this.typedFrom?.place.dispose?.();
        this.typedFrom = at;
        return false;
      case 'C':
        this.begin(at, isReplay);
        return true;
      case 'D':
        return this.end(payload, at, isReplay);
      default:
        at.place.dispose?.();
        return false;
    }
  }

  /** The screen begins anew. */
  clear(): void {
    this.forgetPrompt();
    for (const one of this.marks) forget(one);
    this.marks = [];
  }

  /** A snapshot was drawn; the bytes go on at this offset. */
  rebuilt(offset: number): void {
    this.snapshot = { offset, lastId: this.next - 1 };
    this.shift = undefined;
  }

  /** What the server says of one command. */
  learn(command: Command): void {
    this.known.set(Number(command.number), command);
  }

  /** The server's newest commands, the running one too; or all, if `isComplete`. */
  list(commands: readonly Command[], isComplete: boolean): void {
    for (const one of commands) this.learn(one);
    this.findShift(commands, isComplete);
  }

  /** All that can still be looked at, the oldest first. */
  all(): MarkedCommand[] {
    this.marks = this.marks.filter((one) => placeOf(one) >= 0);
    return this.marks.map((one) => this.described(one));
  }

  get(id: number): MarkedCommand | undefined {
    const found = this.marks.find((one) => one.id === id);
    return found && this.described(found);
  }

  last(): MarkedCommand | undefined {
    const last = this.marks.at(-1);
    return last && this.described(last);
  }

  /** True while the last command has not ended. */
  get isRunning(): boolean {
    const last = this.marks.at(-1);
    return last !== undefined && last.end === undefined;
  }

  private begin(at: Cursor, isReplay: boolean): void {
    const from = this.typedFrom;
    this.marks.push({
      id: this.next++,
      number: undefined,
      text: from ? this.readTyped(from, at) : '',
      head: this.prompt ?? at.place,
      output: at.place,
      end: undefined,
      exitCode: undefined,
      tookMs: undefined,
      startMs: isReplay ? undefined : this.now(),
    });
    from?.place.dispose?.();
    this.typedFrom = undefined;
    this.prompt = undefined;
    if (this.marks.length > MAX_KEPT) forget(this.marks.shift()!, this.marks[0]);
  }

  /** Where one command ends the next prompt begins: one place is enough for both. */
  private shared(place: Place): Place {
    const end = this.marks.at(-1)?.end?.place;
    if (!end || end.line !== place.line) return place;
    place.dispose?.();
    return end;
  }

  /** A prompt at which nothing was run. */
  private forgetPrompt(): void {
    if (this.prompt !== this.marks.at(-1)?.end?.place) this.prompt?.dispose?.();
    this.typedFrom?.place.dispose?.();
    this.prompt = undefined;
    this.typedFrom = undefined;
  }

  /** An end without a beginning is that of an empty line, or of a forgotten command. */
  private end(payload: string, at: Cursor, isReplay: boolean): boolean {
    const open = this.marks.at(-1);
    if (!open || open.end) {
      at.place.dispose?.();
      return false;
    }
    open.end = at;
    const code = Number.parseInt(payload.split(';')[1] ?? '', 10);
    open.exitCode = Number.isNaN(code) ? undefined : code;
    if (open.startMs !== undefined && !isReplay) open.tookMs = this.now() - open.startMs;
    return true;
  }

  /** The newest command that began before the snapshot's end is its last mark. */
  private findShift(commands: readonly Command[], isComplete: boolean): void {
    if (!this.snapshot || this.shift !== undefined) return;
    const { offset, lastId } = this.snapshot;
    const before = commands.filter((one) => Number(one.startOffset) <= offset);
    const newest = Math.max(0, ...before.map((one) => Number(one.number)));
    if (newest > 0 || isComplete) this.shift = newest - lastId;
  }

  private described(mark: Mark): MarkedCommand {
    const number = this.shift === undefined ? undefined : mark.id + this.shift;
    const known = number === undefined ? undefined : this.known.get(number);
    const took = known?.duration ? durationMs(known.duration) : undefined;
    return {
      id: mark.id,
      number,
      text: known?.text || mark.text,
      head: mark.head,
      output: mark.output,
      end: mark.end,
      exitCode: mark.exitCode ?? known?.exitCode,
      tookMs: mark.end ? (took ?? mark.tookMs) : undefined,
    };
  }
}

function forget(command: MarkedCommand, next?: MarkedCommand): void {
  for (const place of [command.head, command.output, command.end?.place])
    if (place !== next?.head) place?.dispose?.();
}

/** The line to show for a command; -1 if nothing of it is left. */
export function placeOf(command: MarkedCommand): number {
  if (command.head.line >= 0) return command.head.line;
  if (command.output.line >= 0) return command.output.line;
  return -1;
}

/** The command to jump to from a line, one step up or down. */
export function commandBeside(
  commands: readonly MarkedCommand[],
  line: number,
  step: 1 | -1,
): MarkedCommand | undefined {
  return step < 0
    ? commands.findLast((one) => placeOf(one) < line)
    : commands.find((one) => placeOf(one) > line);
}
