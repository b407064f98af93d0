import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { rememberCall, resumeCall } from './call_again';
import type { Room } from './room';

let hide: () => void = () => undefined;
const stored = new Map<string, string>();
beforeEach(() => {
  stored.clear();
  vi.stubGlobal('addEventListener', (_: string, run: () => void) => {
    hide = run;
  });
  vi.stubGlobal('navigator', {});
  vi.stubGlobal('sessionStorage', {
    getItem: (key: string) => stored.get(key) ?? null,
    setItem: (key: string, value: string) => stored.set(key, value),
    removeItem: (key: string) => stored.delete(key),
  });
});
afterEach(() => vi.unstubAllGlobals());

function make(phase: string, isMutedForWant: boolean) {
  const did: string[] = [];
  const room = {
    call: { phase, isMutedForWant, deafened: false },
    self: { muted: true },
    mayType: true,
    muting: { takeBack: () => did.push('takes back'), follow: () => did.push('follows') },
    notices: { show: () => did.push('offers') },
  };
  return { room: room as unknown as Room, did };
}

describe('L8: a reload of a page in the call', () => {
  it.each([
    ['takes back the mute of a page that had no microphone', 'live', true, 'takes back'],
    ['keeps the mute of a person', 'live', false, undefined],
  ])('%s', async (_, phase, forWant, first) => {
    rememberCall(make(phase, forWant).room);
    hide();
    const { room, did } = make('idle', false);
    await resumeCall(room);
    expect(did).toEqual([...(first ? [first] : []), 'follows', 'offers']);
  });

  it('is none where the page was not in it', async () => {
    rememberCall(make('idle', false).room);
    hide();
    const { room, did } = make('idle', false);
    await resumeCall(room);
    expect(did).toEqual([]);
  });
});
