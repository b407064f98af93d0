import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Participant_Role, UsePolicy_Users } from '../gen/atrium/v1/session_pb';
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
  vi.stubGlobal('RTCPeerConnection', class {});
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
    call: { phase, isMutedForWant, deafened: false, start: () => did.push('starts') },
    self: { muted: true, role: Participant_Role.EDITOR },
    settings: { microphone: '' },
    degradations: [],
    store: { session: { forbiddenActs: [] } },
    mayType: true,
    muting: { takeBack: () => did.push('takes back'), follow: () => did.push('follows') },
    notices: {
      show: (text: string) => did.push(text.startsWith('You were in') ? 'offers' : text),
    },
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

  it('S4: opens no microphone where calls were forbidden meanwhile, and says so', async () => {
    rememberCall(make('live', true).room);
    hide();
    vi.stubGlobal('navigator', { permissions: { query: async () => ({ state: 'granted' }) } });
    const { room, did } = make('idle', false);
    Object.assign(room.store.session!, { usePolicy: { calls: UsePolicy_Users.OWNERS } });
    await resumeCall(room);
    const why = 'The owners of this room let only owners be in the call.';
    expect(did).toEqual(['takes back', 'follows', why]);
  });

  it('is none where the page was not in it', async () => {
    rememberCall(make('idle', false).room);
    hide();
    const { room, did } = make('idle', false);
    await resumeCall(room);
    expect(did).toEqual([]);
  });
});
