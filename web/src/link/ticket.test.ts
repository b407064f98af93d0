import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

interface Asked {
  path: string;
  key: string | null;
}

let buyTicket: typeof import('./ticket').buyTicket;
let useInvite: typeof import('./ticket').useInvite;
let kept: Map<string, string>;
let blocked: boolean;
let asked: Asked[];
let answers: object[];

beforeEach(async () => {
  vi.resetModules();
  kept = new Map();
  blocked = false;
  asked = [];
  answers = [];
  const storage = () => {
    if (blocked) throw new Error('SecurityError');
    return kept;
  };
  vi.stubGlobal('localStorage', {
    getItem: (name: string) => storage().get(name) ?? null,
    setItem: (name: string, value: string) => storage().set(name, value),
  });
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    asked.push({ path, key: new Headers(init.headers).get('atrium-key') });
    return new Response(JSON.stringify(answers.shift() ?? {}));
  });
  ({ buyTicket, useInvite } = await import('./ticket'));
});

afterEach(() => vi.unstubAllGlobals());

describe('S1, S2: the page’s half of the credential', () => {
  it('is kept from an invite, and sent with every ticket', async () => {
    answers = [{ session: 'sessions/main', key: 'half' }, { ticket: 't1' }];
    expect(await useInvite('secret', 'Ada')).toBe('sessions/main');
    expect(await buyTicket(undefined)).toEqual({ ticket: 't1' });
    expect(asked).toEqual([
      { path: '/join/secret', key: null },
      { path: '/ticket', key: 'half' },
    ]);
    expect([...kept]).toEqual([['atrium.key', 'half']]);
  });

  it('stays when an invite gives none, and comes with a ticket where all are let in', async () => {
    answers = [{ ticket: 't1', key: 'half' }, { session: 'sessions/main' }];
    await buyTicket('sessions/main');
    await useInvite('secret', '');
    expect(asked[1]).toEqual({ path: '/join/secret', key: 'half' });
    expect(kept.get('atrium.key')).toBe('half');
  });

  it('lasts for the page’s life where the browser keeps nothing', async () => {
    blocked = true;
    answers = [{ session: 'sessions/main', key: 'fleeting' }];
    await useInvite('secret', '');
    await buyTicket(undefined);
    expect(asked[1]?.key).toBe('fleeting');
  });
});
