import {
  type ForbiddenAct_Act,
  Participant_Role,
  type Session,
  type UsePolicy,
  UsePolicy_Users as Users,
} from '../gen/atrium/v1/session_pb';

type Role = Participant_Role;

/** Why the deployment lets nobody do something; undefined if it does not forbid it. */
export const forbiddenHere = (session: Session | undefined, act: ForbiddenAct_Act) =>
  session?.forbiddenActs.find((one) => one.act === act)?.message;

const LEAST: Partial<Record<Users, Role>> = {
  [Users.EDITORS]: Participant_Role.EDITOR,
  [Users.OWNERS]: Participant_Role.OWNER,
};
const WHO: Partial<Record<Users, string>> = {
  [Users.EDITORS]: 'only editors and owners',
  [Users.OWNERS]: 'only owners',
  [Users.NOBODY]: 'nobody',
};

/** Why somebody of this role may not use something; undefined if they may. */
function obstacle(users: Users | undefined, role: Role, act: string): string | undefined {
  const who = users && WHO[users];
  if (!users || !who || role >= (LEAST[users] ?? Number.POSITIVE_INFINITY)) return undefined;
  return `The owners of this room let ${who} ${act}.`;
}

export const callUse = (policy: UsePolicy | undefined, role: Role): string | undefined =>
  obstacle(policy?.calls, role, 'be in the call');

export const screenUse = (policy: UsePolicy | undefined, role: Role): string | undefined =>
  obstacle(policy?.screens, role, 'show screens');
