import type { Approval, TimelineEntry } from '../gen/atrium/v1/timeline_pb';

/** Whose proposal it is: the agent's, a service's, somebody's by name, or nobody says. */
export type Asker = { kind: 'agent' | 'service' | 'unknown' } | { kind: 'named'; name: string };

/** Who asks. Where the server does not tell, the agent is known by its waiting. */
export function askerOf(
  approval: Approval,
  agentWaits: boolean,
  nameOf: (participant: string) => string | undefined,
): Asker {
  const { requester } = approval;
  if (requester === 'agent' || requester === 'service') return { kind: requester };
  if (requester) return { kind: 'named', name: nameOf(requester) ?? requester };
  return agentWaits ? { kind: 'agent' } : { kind: 'unknown' };
}

/** The decider as they were called then; people leave, and names change. */
export function deciderNameOf(
  { decider, deciderName }: Approval,
  entry: TimelineEntry | undefined,
): string | undefined {
  if (deciderName) return deciderName;
  const at = entry?.speakers.indexOf(decider) ?? -1;
  return at >= 0 ? entry?.speakerNames[at] || undefined : undefined;
}

/** Why what was approved was not done, as a part of a sentence that ends with who approved. */
export function notDone({ problem }: Approval): string {
  return problem
    ? `not carried out: ${problem}. Approved`
    : 'not carried out, as the server was restarted first; approved';
}
