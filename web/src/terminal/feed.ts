import type { Terminal } from '@xterm/xterm';
import { OutputCursor } from '../state/output_cursor';
import { type Resizable, resizeRenderer } from './renderer';
import { Writer } from './writer';

/** CAN ends whatever sequence is open, RIS resets all else. */
const RESET = new Uint8Array([0x18, 0x1b, 0x63]);

/** The part of a terminal that is fed. */
export type Renderer = Pick<Terminal, 'write'> & Resizable;

/** Told of what was drawn. */
export interface FeedListener {
  /** More was drawn: an acknowledgement may be due. */
  onDrawn(): void;
  /** Bytes are missing: subscribe again. */
  onGap(): void;
  /** A snapshot is about to be drawn. */
  onSnapshot(): void;
  /** A snapshot was drawn; the bytes go on at this offset. */
  onRebuilt(offset: number): void;
}

/** One cell size. */
export interface CellSize {
  columns: number;
  rows: number;
}

/**
 * Brings a tab's stream into a renderer, in order. Whatever is not bytes (a new
 * size, a reset) is done in the renderer's write queue, between the bytes before
 * it and the bytes after it.
 */
export class Feed {
  readonly cursor = new OutputCursor();
  /** Snapshots that replaced what was drawn already. */
  skips = 0;
  /** The size in force at the end of the queue. */
  size: CellSize | undefined;
  /** True while what is drawn comes from a snapshot and is nothing new. */
  replaying = false;
  private readonly renderer: Renderer;
  private readonly writer: Writer;
  private readonly listener: FeedListener;

  constructor(renderer: Renderer, listener: FeedListener) {
    this.renderer = renderer;
    this.writer = new Writer(renderer);
    this.listener = listener;
  }

  /** One piece of a snapshot. */
  screen(piece: {
    offset: number;
    size: CellSize | undefined;
    bytes: Uint8Array;
    first: boolean;
    last: boolean;
  }): void {
    if (piece.first) {
      if (this.cursor.received >= 0) this.skips++;
      this.cursor.beginSnapshot();
      this.reset(piece.size);
    }
    this.writer.write(piece.bytes, () => {
      if (!piece.last) return;
      this.replaying = false;
      this.cursor.markSnapshotDrawn(piece.offset);
      this.listener.onRebuilt(piece.offset);
      this.listener.onDrawn();
    });
    if (piece.last) this.cursor.endSnapshot(piece.offset);
  }

  /** Bytes of the program; false if they are not new. */
  output(offset: number, bytes: Uint8Array): boolean {
    const take = this.cursor.take(offset, bytes.length);
    if (take.kind === 'gap') this.listener.onGap();
    if (take.kind !== 'draw') return false;
    const end = offset + bytes.length;
    this.writer.write(take.skip > 0 ? bytes.subarray(take.skip) : bytes, () => {
      this.cursor.markDrawn(end);
      this.listener.onDrawn();
    });
    return true;
  }

  /** The program knows another size from this offset on. */
  resized(offset: number, size: CellSize): void {
    if (offset < this.cursor.received) return;
    this.size = size;
    this.writer.between(() => resizeRenderer(this.renderer, size.columns, size.rows));
  }

  private reset(size: CellSize | undefined): void {
    if (size) this.size = size;
    this.writer.forget();
    this.writer.between(() => this.listener.onSnapshot());
    this.writer.write(RESET, () => {
      this.replaying = true;
      if (size) resizeRenderer(this.renderer, size.columns, size.rows);
    });
  }
}
