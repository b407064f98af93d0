/** What to do with bytes that came. */
export type Take = { kind: 'draw'; skip: number } | { kind: 'drop' } | { kind: 'gap' };

/** Drawn bytes after which an acknowledgement is due at once. */
export const ACK_EVERY_BYTES = 64 * 1024;

/**
 * A page's place in a tab's output. `received` bytes stand in the renderer's
 * write queue or were drawn; `drawn` bytes were drawn. -1 means none.
 */
export class OutputCursor {
  received = -1;
  drawn = -1;
  private acknowledged = -1;
  /** The server waits for the acknowledgement of a snapshot before it goes on. */
  private owed = false;

  /** Bytes at this offset came: draw them without the first `skip`, or not at all. */
  take(offset: number, length: number): Take {
    if (this.received < 0 || offset > this.received) return { kind: 'gap' };
    const end = offset + length;
    if (end <= this.received) return { kind: 'drop' };
    const skip = this.received - offset;
    this.received = end;
    return { kind: 'draw', skip };
  }

  /** A snapshot begins: until its last piece nothing counts as received. */
  beginSnapshot(): void {
    this.received = -1;
  }

  /** The last piece of a snapshot is in the queue; output goes on at `offset`. */
  endSnapshot(offset: number): void {
    this.received = offset;
  }

  /** Everything before this offset was drawn. */
  markDrawn(offset: number): void {
    this.drawn = offset;
    if (this.acknowledged > offset) this.acknowledged = -1;
  }

  /** A snapshot was drawn, even one of a place that was acknowledged before. */
  markSnapshotDrawn(offset: number): void {
    this.drawn = offset;
    this.acknowledged = -1;
    this.owed = true;
  }

  /** True if the server should learn at once how far was drawn. */
  get ackIsDue(): boolean {
    if (this.owed) return true;
    return this.drawn - Math.max(this.acknowledged, 0) >= ACK_EVERY_BYTES;
  }

  /** The offset to acknowledge; null if the server knows it. */
  takeAck(): number | null {
    if (this.drawn < 0 || this.drawn === this.acknowledged) return null;
    this.acknowledged = this.drawn;
    this.owed = false;
    return this.drawn;
  }

  /** Forgets all; the next subscription starts from a snapshot. */
  reset(): void {
    this.received = -1;
    this.drawn = -1;
    this.acknowledged = -1;
    this.owed = false;
  }
}
