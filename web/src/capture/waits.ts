const WAITS_MS = [1000, 2000, 4000, 8000, 16_000, 30_000] as const;

/** How long to wait before the attempt with this number, counted from 0. */
export function waitMs(attempt: number): number {
  return WAITS_MS[Math.min(attempt, WAITS_MS.length - 1)]!;
}
