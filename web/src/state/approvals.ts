import type { Approval, TimelineEntry } from '../gen/atrium/v1/timeline_pb';

/** Whose proposal it is: the agent's, somebody's by name, or nobody says. */
export type Asker = { kind: 'agent' } | { kind: 'named'; name: string } | { kind: 'unknown' };

/**
 * Who asks. The contract has no field for it: the agent is known by its waiting,
 * and everybody else only where the server adds a `requester`.
 */
export function askerOf(
  approval: Approval & { requester?: string },
  agentWaits: boolean,
  nameOf: (participant: string) => string | undefined,
): Asker {
  const { requester } = approval;
  if (requester === 'agent') return { kind: 'agent' };
  if (requester) return { kind: 'named', name: nameOf(requester) ?? requester };
  return agentWaits ? { kind: 'agent' } : { kind: 'unknown' };
}

/** The decider as they were called then; people leave, and names change. */
export function deciderName(entry: TimelineEntry | undefined, decider: string): string | undefined {
  const at = entry?.speakers.indexOf(decider) ?? -1;
  return at >= 0 ? entry?.speakerNames[at] || undefined : undefined;
}
