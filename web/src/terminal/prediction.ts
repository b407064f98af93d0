/** What a prediction is held against: the screen as the server's bytes made it. */
export interface Sight {
  readonly columns: number;
  /** The cursor's place; lines count from the top of the scrollback. */
  readonly column: number;
  readonly line: number;
  readonly isAlternate: boolean;
  /** The characters of a cell; empty or a space where there is nothing. */
  cell(column: number, line: number): string;
}

/** What is drawn over the screen: characters side by side, and a cursor after them. */
export interface Predicted {
  line: number;
  /** Of the first character. */
  column: number;
  text: string;
  /** Where the cursor will be. */
  cursor: number;
}

/** One key whose echo has not come. */
interface Pending {
  /** Where its character goes, or is taken away. */
  column: number;
  /** Empty for what is taken away. */
  text: string;
  /** The cursor after it. */
  cursor: number;
  atMs: number;
}

/** Characters that surely take one cell and join with nothing. */
const NARROW = /^[\x20-\x7e\xa1-\xac\xae-\u024f]$/;
/** Characters that change the one before them. */
const JOINS = /\p{M}|\u200d/u;
const ERASES = new Set(['\x7f', '\b']);
/** Links that answer sooner need no guessing; once guessing, a little sooner does not end it. */
const SLOW_MS = 30;
const NOT_SLOW_MS = 20;
/** So long an echo may take beyond the way there and back, at least. */
const LEAST_WAIT_MS = 500;
/** More at once was not typed. */
const MOST_AT_ONCE = 8;
/** Near the right edge programs wrap, each in its own way. */
const EDGE = 2;

/**
 * Guesses the echo of what is typed (N12), as mosh does: in one line, and to be seen
 * only once the server has echoed a key in that line. Nothing of it enters the screen;
 * whatever the server's bytes make of the screen is right, and ends what differs.
 */
export class Prediction {
  private pending: Pending[] = [];
  /** The cursor before the first pending key, or after the last echo. */
  private start = 0;
  private line = -1;
  /** A key's echo was seen in this line. */
  private trusted = false;
  /** The leftmost cell that was typed into; nothing before it is taken away. */
  private floor = Number.POSITIVE_INFINITY;
  /** Keys followed that nobody can guess the outcome of. */
  private isOpenEnded = false;
  private isSlow = false;
  private waitMs = LEAST_WAIT_MS;
  /** The person wants it. */
  isWanted = true;

  /** The link answers so fast now. */
  setRoundTrip(roundTripMs: number): void {
    this.isSlow = roundTripMs >= (this.isSlow ? NOT_SLOW_MS : SLOW_MS);
    this.waitMs = Math.max(LEAST_WAIT_MS, roundTripMs * 3);
    if (!this.isOn) this.forget();
  }

  /** What to draw now; undefined if there is nothing, or nothing sure. */
  get shown(): Predicted | undefined {
    const { pending, line } = this;
    if (!this.trusted || pending.length === 0 || !this.isOn) return undefined;
    const cells = outcome(pending);
    const columns = [...cells.keys()];
    const first = Math.min(...columns);
    const last = Math.max(...columns);
    let text = '';
    for (let column = first; column <= last; column++) text += cells.get(column) || ' ';
    return { line, column: first, text, cursor: pending.at(-1)!.cursor };
  }

  /** When something must have come, or it is forgotten; undefined if nothing waits. */
  get dueMs(): number | undefined {
    const [first] = this.pending;
    return first && first.atMs + this.waitMs;
  }

  /** These keys were sent. */
  typed(text: string, sight: Sight, nowMs: number): void {
    if (!this.isOn || sight.isAlternate) {
      this.forget();
      return;
    }
    if (this.pending.length === 0) this.begin(sight);
    const keys = [...text];
    if (keys.length > MOST_AT_ONCE || JOINS.test(text)) this.stop();
    else for (const key of keys) this.press(key, sight, nowMs);
  }

  /** The server's bytes were drawn: what they made of the screen is right. */
  drawn(sight: Sight): void {
    if (this.pending.length === 0) return;
    if (sight.isAlternate) {
      this.forget();
      return;
    }
    if (this.isOpenEnded && this.holds(this.pending, sight)) {
      this.forget();
      return;
    }
    const done = this.echoed(sight);
    if (done < 0) this.forget();
    else if (done > 0) this.settle(done, sight);
  }

  /** Time passed: a guess that nothing came of was wrong. */
  expire(nowMs: number): void {
    if (this.dueMs !== undefined && nowMs >= this.dueMs) this.forget();
  }

  /** Begins anew, as in a line of which nothing is known. */
  forget(): void {
    this.pending = [];
    this.trusted = false;
    this.isOpenEnded = false;
    this.floor = Number.POSITIVE_INFINITY;
  }

  private get isOn(): boolean {
    return this.isSlow && this.isWanted;
  }

  /** Whatever moved the cursor since the last echo may have ended the echo, too. */
  private begin(sight: Sight): void {
    if (sight.line !== this.line || sight.column !== this.start) this.forget();
    this.line = sight.line;
    this.start = sight.column;
  }

  private press(key: string, sight: Sight, nowMs: number): void {
    if (this.isOpenEnded) return;
    const cursor = this.pending.at(-1)?.cursor ?? this.start;
    if (ERASES.has(key)) {
      const column = cursor - 1;
      if (column < this.floor) this.stop();
      else this.pending.push({ column, text: '', cursor: column, atMs: nowMs });
    } else if (NARROW.test(key) && cursor < sight.columns - EDGE && this.isFree(cursor, sight)) {
      this.pending.push({ column: cursor, text: key, cursor: cursor + 1, atMs: nowMs });
      this.floor = Math.min(this.floor, cursor);
    } else this.stop();
  }

  /** Nothing stands there that would be moved. */
  private isFree(column: number, sight: Sight): boolean {
    const guessed = outcome(this.pending).get(column);
    return isBlank(guessed ?? sight.cell(column, this.line));
  }

  /** A key came that leads anywhere: what is guessed so far waits, no more is. */
  private stop(): void {
    if (this.pending.length === 0) this.forget();
    else this.isOpenEnded = true;
  }

  /** How many keys the screen shows the outcome of; -1 if it shows another one. */
  private echoed(sight: Sight): number {
    if (sight.line !== this.line) return -1;
    for (let count = this.pending.length; count > 0; count--) {
      const some = this.pending.slice(0, count);
      if (some.at(-1)!.cursor === sight.column && this.holds(some, sight)) return count;
    }
    return sight.column === this.start ? 0 : -1;
  }

  private holds(keys: readonly Pending[], sight: Sight): boolean {
    for (const [column, text] of outcome(keys)) {
      const cell = sight.cell(column, this.line);
      if (text ? cell !== text && !(text === ' ' && isBlank(cell)) : !isBlank(cell)) return false;
    }
    return true;
  }

  private settle(count: number, sight: Sight): void {
    const done = this.pending.slice(0, count);
    // What was taken away again looks like what was never echoed: it proves nothing.
    const isSeen = done.some(
      ({ column, text }) => !isBlank(text) && sight.cell(column, this.line) === text,
    );
    this.trusted ||= isSeen;
    this.start = done.at(-1)!.cursor;
    this.pending = this.pending.slice(count);
    if (this.pending.length === 0 && this.isOpenEnded) this.forget();
  }
}

/** What the cells will hold after these keys. */
function outcome(keys: readonly Pending[]): Map<number, string> {
  return new Map(keys.map(({ column, text }) => [column, text]));
}

const isBlank = (text: string): boolean => text === '' || text === ' ';
