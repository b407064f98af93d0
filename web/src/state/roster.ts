import type { AudioLevels } from '../gen/atrium/v1/live_pb';
import { type Participant, Participant_Role } from '../gen/atrium/v1/session_pb';

/** The name by which the agent speaks. */
export const AGENT = 'agent';

/** The name that drives for a service which nobody sees in the room. */
export const isService = (name: string): boolean => /\/participants\/service$/.test(name);

export const roleWord = (role: Participant_Role): string =>
  role === Participant_Role.OWNER
    ? 'owner'
    : role === Participant_Role.EDITOR
      ? 'editor'
      : 'viewer';

export const mayType = (participant: Participant | undefined): boolean =>
  participant !== undefined && participant.role >= Participant_Role.EDITOR;

export const isOwner = (participant: Participant | undefined): boolean =>
  participant?.role === Participant_Role.OWNER;

/** The people in a steady order: oneself, owners, editors, viewers, by name. */
export function sortRoster(participants: Iterable<Participant>, me: string): Participant[] {
  const rank = (one: Participant) => (one.name === me ? -10 : -one.role);
  return [...participants].sort(
    (a, b) => rank(a) - rank(b) || a.displayName.localeCompare(b.displayName),
  );
}

/** How loud somebody is, as a part of 1; 0 if not audible. */
export function loudness(levels: AudioLevels | undefined, speaker: string): number {
  const level = levels?.levels.find((one) => one.speaker === speaker);
  return level?.speaking ? Math.min(1, Math.max(0.15, (level.dbfs + 60) / 55)) : 0;
}
