import {
  Participant_Role,
  type UsePolicy,
  UsePolicy_Users as Users,
} from '../gen/atrium/v1/session_pb';

type Role = Participant_Role;

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
