import { describe, expect, it } from 'vitest';
import { InputQueue, MAX_INPUT_BYTES, MAX_PENDING_BYTES } from './input_queue';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (all: readonly { bytes: Uint8Array }[]) =>
  all.map((one) => new TextDecoder().decode(one.bytes)).join('');

describe('N4: acknowledged input is neither lost nor doubled', () => {
  it('counts from 1 per tab', () => {
    const queue = new InputQueue();
    expect(queue.push('a', bytes('x'))?.[0]?.sequence).toBe(1);
    expect(queue.push('a', bytes('y'))?.[0]?.sequence).toBe(2);
    expect(queue.push('b', bytes('z'))?.[0]?.sequence).toBe(1);
  });

  it('keeps what was not acknowledged, in order', () => {
    const queue = new InputQueue();
    for (const key of 'hello') queue.push('a', bytes(key));
    queue.acknowledge('a', 2);
    expect(queue.pending('a').map((one) => one.sequence)).toEqual([3, 4, 5]);
    expect(text(queue.pending('a'))).toBe('llo');
    queue.acknowledge('a', 1);
    expect(queue.pendingBytes('a')).toBe(3);
  });

  it('never reuses a sequence that the host has seen', () => {
    const queue = new InputQueue();
    queue.acknowledge('a', 7);
    queue.push('a', bytes('x'));
    queue.acknowledge('a', 7);
    expect(queue.push('a', bytes('y'))?.[0]?.sequence).toBeGreaterThan(1);
  });

  it('cuts a long input into messages', () => {
    const added = new InputQueue().push('a', new Uint8Array(MAX_INPUT_BYTES * 2 + 1));
    expect(added?.map((one) => one.bytes.length)).toEqual([MAX_INPUT_BYTES, MAX_INPUT_BYTES, 1]);
  });

  it('refuses as a whole what would not fit', () => {
    const queue = new InputQueue();
    expect(queue.push('a', new Uint8Array(MAX_PENDING_BYTES))).not.toBeNull();
    expect(queue.push('a', bytes('x'))).toBeNull();
    expect(queue.push('b', bytes('x'))).not.toBeNull();
    queue.acknowledge('a', 1);
    expect(queue.push('a', bytes('x'))).not.toBeNull();
  });

  it('goes on over a reload with the same sequences and the same bytes', () => {
    const before = new InputQueue();
    before.push('a', bytes('é'));
    before.push('a', new Uint8Array([0, 255, 27]));
    const after = new InputQueue();
    after.restore(JSON.parse(JSON.stringify(before.save())));
    expect(after.pending('a')).toEqual(before.pending('a'));
    expect(after.push('a', bytes('n'))?.[0]?.sequence).toBe(3);
  });

  it('types nothing late once it was blanked, and keeps the sequences whole', () => {
    const queue = new InputQueue();
    queue.push('t', new Uint8Array([1]));
    queue.push('t', new Uint8Array([2, 3]));
    queue.blank('t');
    queue.push('t', new Uint8Array([4]));
    expect(queue.pending('t').map((one) => [one.sequence, one.bytes.length])).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
    ]);
    expect(queue.pendingBytes('t')).toBe(1);
    queue.acknowledge('t', 2);
    expect(queue.pending('t').map((one) => one.sequence)).toEqual([3]);
  });
});
