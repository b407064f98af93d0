import type { Terminal } from '@xterm/xterm';

/** The renderer splits longer writes itself, at 128 KiB, wherever that falls. */
export const PIECE_BYTES = 64 * 1024;

/** What is written to. */
export type WriteTarget = Pick<Terminal, 'write'>;

/**
 * Feeds the renderer whole UTF-8 sequences in pieces that it does not split: it
 * loses characters like U+2026 when a write ends after their second byte.
 */
export class Writer {
  private readonly target: WriteTarget;
  /** The unfinished sequence at the end of what came. */
  private held: Uint8Array = new Uint8Array(0);

  constructor(target: WriteTarget) {
    this.target = target;
  }

  /** Writes bytes; `done` is called once they are drawn, or held back. */
  write(bytes: Uint8Array, done?: () => void): void {
    let rest = this.held.length > 0 ? joined(this.held, bytes) : bytes;
    while (rest.length > PIECE_BYTES) {
      const length = wholeLength(rest.subarray(0, PIECE_BYTES));
      this.target.write(rest.subarray(0, length));
      rest = rest.subarray(length);
    }
    const length = wholeLength(rest);
    this.held = rest.slice(length);
    this.target.write(rest.subarray(0, length), done);
  }

  /** Does something between the bytes before it and the bytes after it. */
  between(act: () => void): void {
    this.target.write('', act);
  }

  /** What was held back is not wanted any more. */
  forget(): void {
    this.held = new Uint8Array(0);
  }
}

/** The length of `bytes` without an unfinished UTF-8 sequence at its end. */
export function wholeLength(bytes: Uint8Array): number {
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back]!;
    if ((byte & 0xc0) === 0x80) continue;
    return sequenceSize(byte) > back ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** How many bytes the sequence has that begins with this one. */
function sequenceSize(byte: number): number {
  if (byte < 0xc0 || byte >= 0xf8) return 1;
  return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const all = new Uint8Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}
