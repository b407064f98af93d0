import { create } from '@bufbuild/protobuf';
import { type JoinResponse, JoinResponseSchema } from '../../src/gen/atrium/v1/live_pb';
import {
  TerminalOutputSchema,
  TerminalResizedSchema,
  type TerminalSize,
  TerminalSizeSchema,
  TerminalSnapshotSchema,
} from '../../src/gen/atrium/v1/tab_pb';

/** A page that reads a terminal. */
export interface Reader {
  send(message: JoinResponse['message']): void;
}

const PIECE = 16 * 1024;

/** What makes terminals answer; a browser's answers the last three too. */
const QUERIES =
  '\x1b[c\x1b[6n\x1bP$qm\x1b\\\x1b[18t\x1b]11;?\x07\x1b]4;1;?\x07\x1b[?1004h\x1b[?1004l';

/** A pretended terminal: a log of bytes and a shell that knows a few words. */
export class FakeTerminal {
  readonly readers = new Set<Reader>();
  /** Readers that have not acknowledged a snapshot, and its offset. */
  private readonly waited = new Map<Reader, number>();
  readonly written = new Map<string, number>();
  private log = Buffer.alloc(0);
  private line = '';
  size: TerminalSize = create(TerminalSizeSchema, { columns: 100, rows: 30 });
  /** All that was typed, as the program got it. */
  typed = '';

  constructor(
    readonly tab: string,
    private readonly prompt: string,
  ) {}

  get offset(): number {
    return this.log.length;
  }

  print(text: string | Buffer): void {
    const data = typeof text === 'string' ? Buffer.from(text) : text;
    const offset = BigInt(this.log.length);
    this.log = Buffer.concat([this.log, data]);
    const value = create(TerminalOutputSchema, { tab: this.tab, offset, data });
    this.send({ case: 'output', value });
  }

  /** As the terminal process does: nothing more comes until a snapshot is acknowledged. */
  acknowledge(reader: Reader, offset: number): void {
    const waited = this.waited.get(reader);
    if (waited === undefined || offset < waited) return;
    this.waited.delete(reader);
    if (waited < this.log.length) this.attach(reader, waited);
  }

  private send(message: JoinResponse['message']): void {
    for (const reader of this.readers) if (!this.waited.has(reader)) reader.send(message);
  }

  resize(size: TerminalSize): void {
    this.size = size;
    const value = create(TerminalResizedSchema, {
      tab: this.tab,
      offset: BigInt(this.offset),
      size,
    });
    this.send({ case: 'resized', value });
  }

  /** Sends what this reader lacks, then lets it read on. */
  attach(reader: Reader, offset: number): void {
    if (offset < 0 || offset > this.log.length) this.sendSnapshot(reader);
    else if (offset < this.log.length) {
      const data = this.log.subarray(offset);
      const value = create(TerminalOutputSchema, { tab: this.tab, offset: BigInt(offset), data });
      reader.send({ case: 'output', value });
    }
    this.readers.add(reader);
  }

  sendSnapshot(reader: Reader): void {
    this.waited.set(reader, this.log.length);
    const pieces = Math.max(1, Math.ceil(this.log.length / PIECE));
    for (let index = 0; index < pieces; index++) {
      const value = create(TerminalSnapshotSchema, {
        tab: this.tab,
        offset: BigInt(this.log.length),
        size: this.size,
        data: this.log.subarray(index * PIECE, (index + 1) * PIECE),
        first: index === 0,
        last: index === pieces - 1,
      });
      reader.send({ case: 'screen', value });
    }
  }

  /** Takes typed bytes once per page and sequence. */
  type(page: string, sequence: number, bytes: Uint8Array): number {
    const last = this.written.get(page) ?? 0;
    if (sequence > last) {
      this.written.set(page, sequence);
      this.run(Buffer.from(bytes).toString());
    }
    return Math.max(sequence, last);
  }

  showPrompt(): void {
    this.print(this.prompt);
  }

  private run(text: string): void {
    this.typed += text;
    for (const key of text) {
      if (key === '\r') {
        this.print('\r\n');
        this.execute(this.line.trim());
        this.line = '';
        this.showPrompt();
      } else if (key === '\x7f') {
        if (this.line) this.print('\b \b');
        this.line = this.line.slice(0, -1);
      } else if (key >= ' ') {
        this.line += key;
        this.print(key);
      }
    }
  }

  private execute(line: string): void {
    const [word, ...rest] = line.split(' ');
    if (word === 'echo') this.print(`${rest.join(' ')}\r\n`);
    else if (word === 'seq') {
      for (let i = 1; i <= Number(rest[0] ?? 10); i++) this.print(`${i}\r\n`);
    } else if (word === 'clip') {
      this.print(`\x1b]52;c;${Buffer.from(rest.join(' ')).toString('base64')}\x07`);
    } else if (word === 'ask') this.print(QUERIES);
    else if (word) this.print(`${word}: command not found\r\n`);
  }
}

export function encodeResponse(message: JoinResponse['message']): JoinResponse {
  return create(JoinResponseSchema, { message });
}
