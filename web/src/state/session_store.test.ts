import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { capture, change, entry, participant, snapshot, tab } from '../../test/support/make';
import { SessionSchema } from '../gen/atrium/v1/session_pb';
import { SessionStore } from './session_store';

const known = () => {
  const store = new SessionStore();
  store.applySnapshot(snapshot(5, { tabs: [tab('a')], participants: [participant('ada')] }));
  return store;
};

describe('M4, P1: a snapshot is the whole truth', () => {
  it('replaces everything that was known', () => {
    const store = known();
    store.applySnapshot(snapshot(9, { tabs: [tab('b')] }));
    expect([...store.tabs.keys()]).toEqual(['sessions/s/tabs/b']);
    expect(store.participants.size).toBe(0);
    expect(store.revision).toBe(9n);
  });

  it('may go back to a smaller revision under another epoch', () => {
    const store = known();
    store.applySnapshot(snapshot(1, {}, 'e2'));
    expect(store.revision).toBe(1n);
    expect(store.applyChange(change(2, { case: 'tab', value: tab('c') }))).toBe('applied');
  });

  it('keeps older entries only where the two lists meet', () => {
    const store = new SessionStore();
    store.applySnapshot(snapshot(1, { entries: [entry('1', 1), entry('2', 2), entry('3', 3)] }));
    store.applySnapshot(snapshot(4, { entries: [entry('3', 3), entry('4', 4)] }));
    expect(store.entries.map((one) => one.text)).toEqual(['1', '2', '3', '4']);
    store.applySnapshot(snapshot(200, { entries: [entry('99', 99)] }));
    expect(store.entries.map((one) => one.text)).toEqual(['99']);
  });
});

describe('N4: changes apply in order and without a gap', () => {
  it('applies the next one', () => {
    const store = known();
    expect(store.applyChange(change(6, { case: 'tab', value: tab('b') }))).toBe('applied');
    expect(store.applyChange(change(7, { case: 'deletedTab', value: 'sessions/s/tabs/a' }))).toBe(
      'applied',
    );
    expect([...store.tabs.keys()]).toEqual(['sessions/s/tabs/b']);
  });

  it('ignores one that it has', () => {
    const store = known();
    expect(store.applyChange(change(5, { case: 'deletedTab', value: 'sessions/s/tabs/a' }))).toBe(
      'ignored',
    );
    expect(store.tabs.size).toBe(1);
  });

  it('reports a gap and changes nothing', () => {
    const store = known();
    expect(store.applyChange(change(7, { case: 'deletedTab', value: 'sessions/s/tabs/a' }))).toBe(
      'gap',
    );
    expect(store.tabs.size).toBe(1);
    expect(store.revision).toBe(5n);
  });

  it('reports a gap before any snapshot, and when the epoch changes', () => {
    expect(new SessionStore().applyChange(change(1, { case: undefined }))).toBe('gap');
    const session = create(SessionSchema, { name: 'sessions/s', stateEpoch: 'e2' });
    expect(known().applyChange(change(6, { case: 'session', value: session }))).toBe('gap');
  });

  it('puts an entry in its place, or over its former self', () => {
    const store = known();
    store.applyChange(change(6, { case: 'entry', value: entry('1', 10) }));
    store.applyChange(change(7, { case: 'entry', value: entry('2', 20) }));
    store.applyChange(change(8, { case: 'entry', value: entry('1', 10, 'one') }));
    expect(store.entries.map((one) => one.text)).toEqual(['one', '2']);
    store.addEntries([entry('0', 5)]);
    expect(store.entries.map((one) => one.text)).toEqual(['0', 'one', '2']);
  });

  it('V8: shows how others muted themselves', () => {
    const store = known();
    const muted = { ...participant('ada'), muted: true };
    store.applyChange(change(6, { case: 'participant', value: muted }));
    expect(store.participants.get(muted.name)?.muted).toBe(true);
  });
});

describe('L6, N1: the screens that are shown are state', () => {
  const shown = (store: SessionStore) =>
    [...store.captures.values()].map((one) => [one.name.split('/').at(-1), one.viewerCount]);

  it('comes with the snapshot, which is the whole truth of them', () => {
    const store = new SessionStore();
    store.applySnapshot(snapshot(1, { captures: [capture('1'), capture('2')] }));
    expect(shown(store)).toEqual([
      ['1', 0],
      ['2', 0],
    ]);
    store.applySnapshot(snapshot(9, { captures: [capture('2', { viewerCount: 3 })] }));
    expect(shown(store)).toEqual([['2', 3]]);
    store.applySnapshot(snapshot(10));
    expect(shown(store)).toEqual([]);
  });

  it('changes one by one, and keeps their order', () => {
    const store = known();
    store.applyChange(change(6, { case: 'capture', value: capture('1') }));
    store.applyChange(change(7, { case: 'capture', value: capture('2') }));
    store.applyChange(change(8, { case: 'capture', value: capture('1', { viewerCount: 2 }) }));
    expect(shown(store)).toEqual([
      ['1', 2],
      ['2', 0],
    ]);
    store.applyChange(change(9, { case: 'deletedCapture', value: 'sessions/s/captures/1' }));
    expect(shown(store)).toEqual([['2', 0]]);
  });
});
