import { describe, expect, it } from 'vitest';
import { ACK_EVERY_BYTES, OutputCursor } from './output_cursor';

const at = (offset: number) => {
  const cursor = new OutputCursor();
  cursor.endSnapshot(offset);
  cursor.markDrawn(offset);
  cursor.takeAck();
  return cursor;
};

describe('M4, N4: no output byte is lost or drawn twice', () => {
  it('draws what is new', () => {
    expect(at(10).take(10, 5)).toEqual({ kind: 'draw', skip: 0 });
  });

  it('drops what was drawn, and the drawn part of what overlaps', () => {
    const cursor = at(10);
    expect(cursor.take(5, 5)).toEqual({ kind: 'drop' });
    expect(cursor.take(8, 5)).toEqual({ kind: 'draw', skip: 2 });
    expect(cursor.received).toBe(13);
  });

  it('sees a gap, before a snapshot, within one, and later', () => {
    expect(new OutputCursor().take(0, 1)).toEqual({ kind: 'gap' });
    const cursor = at(10);
    expect(cursor.take(11, 1)).toEqual({ kind: 'gap' });
    cursor.beginSnapshot();
    expect(cursor.take(10, 1)).toEqual({ kind: 'gap' });
    expect(cursor.received).toBe(-1);
  });
});

describe('N3: the server learns how far was drawn', () => {
  it('acknowledges once what was drawn, not what waits in the queue', () => {
    const cursor = at(0);
    cursor.take(0, 100);
    expect(cursor.takeAck()).toBeNull();
    cursor.markDrawn(100);
    expect(cursor.takeAck()).toBe(100);
    expect(cursor.takeAck()).toBeNull();
  });

  it('is due at once after 64 KiB', () => {
    const cursor = at(0);
    cursor.markDrawn(ACK_EVERY_BYTES - 1);
    expect(cursor.ackIsDue).toBe(false);
    cursor.markDrawn(ACK_EVERY_BYTES);
    expect(cursor.ackIsDue).toBe(true);
  });
});
