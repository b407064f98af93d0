/** What a page does when its socket closed. */
export type NextStep =
  | { kind: 'retry'; delayMs: number }
  | { kind: 'reload' }
  | { kind: 'final'; reason: 'forbidden' | 'ended' };

/** Waits between attempts, before jitter. The last one is the cap. */
export const RETRY_DELAYS_MS = [100, 250, 500, 1000, 2000] as const;

/** Close codes with a meaning of ours. */
export const CLOSE = {
  policy: 1008,
  tooBig: 1009,
  tokenRefused: 4401,
  forbidden: 4403,
  sessionEnded: 4404,
  otherBuild: 4409,
} as const;

/** How long to wait before the attempt with this number, counted from 0. */
export function retryDelay(attempt: number, random: () => number): number {
  const base = RETRY_DELAYS_MS[Math.min(attempt, RETRY_DELAYS_MS.length - 1)]!;
  return Math.round(base * (0.8 + 0.4 * random()));
}

/** What to do after a close with this code. */
export function afterClose(code: number, attempt: number, random: () => number): NextStep {
  switch (code) {
    case CLOSE.forbidden:
      return { kind: 'final', reason: 'forbidden' };
    case CLOSE.sessionEnded:
      return { kind: 'final', reason: 'ended' };
    case CLOSE.otherBuild:
      return { kind: 'reload' };
    case CLOSE.policy:
    case CLOSE.tooBig:
      // Our own fault; a page that says it again at once would only hammer.
      return { kind: 'retry', delayMs: retryDelay(Math.max(attempt, 4), random) };
    default:
      return { kind: 'retry', delayMs: retryDelay(attempt, random) };
  }
}
