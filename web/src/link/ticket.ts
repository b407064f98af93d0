import { keepKey, readKey, withHalves } from './key';

/** What a ticket is good for. */
export interface Ticket {
  ticket: string;
  session: string;
  participant: string;
  /** Where else this server is reached, if that was said to it. */
  origins?: string[];
}

/** A refusal by the server, in its own words. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly reason: string,
    readonly retryAfterMs: number,
  ) {
    super(message);
  }

  /** True if trying again cannot help. */
  get final(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 408 && this.status !== 429;
  }
}

/** How long a call may take before it counts as failed. */
const CALL_TIMEOUT_MS = 5000;

/** Buys a ticket for one socket. Where all are let in, it may come with a credential. */
export async function buyTicket(session: string | undefined): Promise<Ticket> {
  const body = session ? { session } : {};
  return (await withHalves(readKey() === '', () => post('/ticket', body))) as Ticket;
}

/** Uses an invite link. The answer gives the credential that tickets are bought with. */
export async function useInvite(secret: string, displayName: string): Promise<string> {
  const path = `/join/${encodeURIComponent(secret)}`;
  const answer = await withHalves(true, () => post(path, { displayName }));
  return (answer as { session: string }).session;
}

/** Sends our half of the credential, and keeps the new one if there is one. */
async function post(path: string, body: unknown): Promise<unknown> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  const held = readKey();
  if (held) headers['atrium-key'] = held;
  const answer = await fetch(path, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
    credentials: 'same-origin',
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  if (!answer.ok) throw await refusal(answer);
  const { key, ...rest } = (await answer.json()) as { key?: string };
  if (key) keepKey(key);
  return rest;
}

async function refusal(answer: Response): Promise<Refusal> {
  const body = (await answer.json().catch(() => ({}))) as Record<string, string>;
  const seconds = Number(answer.headers.get('retry-after') ?? 0);
  return new Refusal(
    answer.status,
    body.code ?? '',
    body.message || `The server answered ${answer.status}.`,
    body.reason ?? '',
    seconds * 1000,
  );
}
