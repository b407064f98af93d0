import { create } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type JoinResponse, JoinResponseSchema } from '../../src/gen/atrium/v1/live_pb';
import {
  type Command,
  CommandSchema,
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

const EXIT_CODES = new Map([['false', 1]]);

/** What a shell with integration prints around prompts and commands. */
const mark = (what: string) => `\x1b]133;${what}\x07`;

/** A pretended terminal: a log of bytes and a shell that knows a few words. */
export class FakeTerminal {
  readonly readers = new Set<Reader>();
  /** Readers that have not acknowledged a snapshot, and its offset. */
  private readonly waited = new Map<Reader, number>();
  readonly written = new Map<string, number>();
  private log = Buffer.alloc(0);
  private line = '';
  size: TerminalSize = create(TerminalSizeSchema, { columns: 100, rows: 30 });
  /** False while it asks for a password. */
  echoes = true;
  /** All that was typed, as the program got it. */
  typed = '';
  /** What its shell marked, the oldest first. */
  readonly commands: Command[] = [];
  onCommandEnd: (command: Command) => void = () => {};

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

  /** Takes typed bytes once per page and sequence, and none before one that is missing. */
  type(page: string, sequence: number, bytes: Uint8Array): number {
    const last = this.written.get(page) ?? 0;
    if (sequence === last + 1) {
      this.written.set(page, sequence);
      this.run(Buffer.from(bytes).toString());
    }
    return this.written.get(page) ?? 0;
  }

  /** Input that is acknowledged and not written. */
  skip(page: string, sequence: number): void {
    this.written.set(page, sequence);
  }

  showPrompt(): void {
    this.print(`${mark('A')}${this.prompt}${mark('B')}`);
  }

  /** Runs a line as if it had been typed; for RunCommand. */
  runLine(line: string): Command | undefined {
    this.run(`${line}\r`);
    return this.commands.at(-1);
  }

  /** A command that is told to have taken so long; no time passes. */
  command(text: string, output: string, exitCode: number, tookMs: number): void {
    this.print(mark('C'));
    const command = this.begin(text);
    this.print(output);
    this.end(command, exitCode, tookMs);
  }

  private begin(text: string): Command {
    const command = create(CommandSchema, {
      number: BigInt(this.commands.length + 1),
      text,
      startOffset: BigInt(this.offset),
      startTime: timestampFromMs(Date.now()),
    });
    this.commands.push(command);
    return command;
  }

  private end(command: Command, exitCode: number, tookMs: number): void {
    command.endOffset = BigInt(this.offset);
    command.exitCode = exitCode;
    command.duration = durationFromMs(tookMs);
    this.print(mark(`D;${exitCode}`));
    this.onCommandEnd(command);
  }

  private run(text: string): void {
    this.typed += text;
    if (!this.echoes) return;
    for (const key of text) {
      if (key === '\r') {
        this.print('\r\n');
        const line = this.line.trim();
        this.line = '';
        if (line) this.obey(line);
        if (!this.busy) this.showPrompt();
      } else if (key === '\x7f') {
        if (this.line) this.print('\b \b');
        this.line = this.line.slice(0, -1);
      } else if (key >= ' ') {
        this.line += key;
        this.print(key);
      }
    }
  }

  /** True while a command runs that `finish` ends. */
  get busy(): boolean {
    return this.commands.at(-1)?.exitCode === undefined && this.commands.length > 0;
  }

  /** Ends the command that runs. */
  finish(exitCode: number, tookMs: number): void {
    const command = this.commands.at(-1);
    if (!command || !this.busy) return;
    this.end(command, exitCode, tookMs);
    this.showPrompt();
  }

  private obey(line: string): void {
    this.print(mark('C'));
    const command = this.begin(line);
    if (line.startsWith('work')) {
      this.print('working\r\n');
      return;
    }
    this.execute(line);
    this.end(command, EXIT_CODES.get(line.split(' ')[0]!) ?? 0, 40);
  }

  private execute(line: string): void {
    const [word, ...rest] = line.split(' ');
    if (word === 'echo') this.print(`${rest.join(' ')}\r\n`);
    else if (word === 'seq') {
      for (let i = 1; i <= Number(rest[0] ?? 10); i++) this.print(`${i}\r\n`);
    } else if (word === 'clip') {
      this.print(`\x1b]52;c;${Buffer.from(rest.join(' ')).toString('base64')}\x07`);
    } else if (word === 'ask') this.print(QUERIES);
    else if (word === 'peek') this.print('\x1b]52;c;?\x07');
    else if (word === 'false') return;
    else if (word) this.print(`${word}: command not found\r\n`);
  }
}

export function encodeResponse(message: JoinResponse['message']): JoinResponse {
  return create(JoinResponseSchema, { message });
}
