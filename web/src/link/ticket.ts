/** What a ticket is good for. */
export interface Ticket {
  ticket: string;
  session: string;
  participant: string;
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

/** Buys a ticket for one socket. */
export async function buyTicket(session: string | undefined): Promise<Ticket> {
  return (await post('/ticket', session ? { session } : {})) as Ticket;
}

/** Uses an invite link. The answer sets the cookie that tickets are bought with. */
export async function useInvite(secret: string, displayName: string): Promise<string> {
  const answer = await post(`/join/${encodeURIComponent(secret)}`, { displayName });
  return (answer as { session: string }).session;
}

async function post(path: string, body: unknown): Promise<unknown> {
  const answer = await fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    credentials: 'same-origin',
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  if (answer.ok) return answer.json();
  throw await refusal(answer);
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
