/** One input that was not acknowledged yet. */
export interface PendingInput {
  readonly sequence: number;
  readonly bytes: Uint8Array;
}

/** What a page takes over from its former life, before a reload. */
export interface SavedInput {
  tab: string;
  next: number;
  pending: { sequence: number; bytes: string }[];
}

/** Bytes that a page keeps for a tab while they are not acknowledged. */
export const MAX_PENDING_BYTES = 256 * 1024;

/** One message's bytes at most. */
export const MAX_INPUT_BYTES = 16 * 1024;

interface Lane {
  next: number;
  pending: PendingInput[];
  pendingBytes: number;
}

/**
 * Typed bytes until the terminal has them: exactly once and in order.
 * Sequences count from 1 per tab. After a reconnect all that is pending is sent
 * again; the host drops what it has written before.
 */
export class InputQueue {
  private readonly lanes = new Map<string, Lane>();

  /** Takes bytes in; null if too much waits already, and then nothing is kept. */
  push(tab: string, bytes: Uint8Array): PendingInput[] | null {
    const lane = this.lane(tab);
    if (lane.pendingBytes + bytes.length > MAX_PENDING_BYTES) return null;
    const added: PendingInput[] = [];
    for (let at = 0; at < bytes.length; at += MAX_INPUT_BYTES) {
      added.push({ sequence: lane.next++, bytes: bytes.slice(at, at + MAX_INPUT_BYTES) });
    }
    lane.pending.push(...added);
    lane.pendingBytes += bytes.length;
    return added;
  }

  /** Everything up to this sequence was written. */
  acknowledge(tab: string, sequence: number): void {
    const lane = this.lanes.get(tab);
    if (!lane) return;
    lane.pending = lane.pending.filter((input) => input.sequence > sequence);
    lane.pendingBytes = lane.pending.reduce((sum, input) => sum + input.bytes.length, 0);
    lane.next = Math.max(lane.next, sequence + 1);
  }

  /**
   * What waits must not be typed any more, wherever it is now. Its sequences stay:
   * the host may have counted them, and takes no later one before them.
   */
  blank(tab: string): void {
    const lane = this.lanes.get(tab);
    if (!lane) return;
    lane.pending = lane.pending.map(({ sequence }) => ({ sequence, bytes: new Uint8Array(0) }));
    lane.pendingBytes = 0;
  }

  /** What has to be sent again, in order. */
  pending(tab: string): readonly PendingInput[] {
    return this.lanes.get(tab)?.pending ?? [];
  }

  pendingBytes(tab: string): number {
    return this.lanes.get(tab)?.pendingBytes ?? 0;
  }

  /** A tab is gone for good. */
  forget(tab: string): void {
    this.lanes.delete(tab);
  }

  save(): SavedInput[] {
    return [...this.lanes].map(([tab, lane]) => ({
      tab,
      next: lane.next,
      pending: lane.pending.map(({ sequence, bytes }) => ({ sequence, bytes: toBase64(bytes) })),
    }));
  }

  restore(saved: readonly SavedInput[]): void {
    for (const { tab, next, pending } of saved) {
      const inputs = pending.map(({ sequence, bytes }) => ({ sequence, bytes: fromBase64(bytes) }));
      const pendingBytes = inputs.reduce((sum, input) => sum + input.bytes.length, 0);
      this.lanes.set(tab, { next, pending: inputs, pendingBytes });
    }
  }

  private lane(tab: string): Lane {
    let lane = this.lanes.get(tab);
    if (!lane) {
      lane = { next: 1, pending: [], pendingBytes: 0 };
      this.lanes.set(tab, lane);
    }
    return lane;
  }
}

function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}

function fromBase64(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
