import type { Participant } from '../gen/atrium/v1/session_pb';
import { Participant_Kind } from '../gen/atrium/v1/session_pb';
import { AGENT } from './roster';

/** Who opened a tab, as this page sees it. */
export type Opener =
  | { kind: 'agent' | 'self' }
  | { kind: 'service'; name: string }
  | { kind: 'person'; name: string };

/** `creator` as the server says it: a participant's name, `agent`, or empty for a service. */
export function openerOf(
  creator: string,
  me: string,
  participants: ReadonlyMap<string, Participant>,
): Opener {
  if (creator === AGENT) return { kind: 'agent' };
  if (creator === '') return { kind: 'service', name: 'a service' };
  if (creator === me) return { kind: 'self' };
  const who = participants.get(creator);
  const kind = who?.kind === Participant_Kind.SERVICE ? 'service' : 'person';
  return { kind, name: who?.displayName || 'somebody' };
}

/**
 * The rest of the sentence "Tab X ...". Only people have devices; whether another
 * page of one's own is on another device nobody knows.
 */
export function openedText(opener: Opener): string {
  switch (opener.kind) {
    case 'agent':
      return 'opened by the agent';
    case 'service':
      return `opened by ${opener.name}`;
    case 'self':
      return 'opened on another device or window of yours';
    default:
      return `opened on another device by ${opener.name}`;
  }
}

/** The sign that a tab has for it. */
export function openerSign({ kind }: Opener): string {
  if (kind === 'agent') return 'agent';
  return kind === 'service' ? 'gear' : 'device';
}
