import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import {
  ForbiddenAct_Act as Act,
  Participant_Role,
  SessionSchema,
  UsePolicySchema,
  UsePolicy_Users as Users,
} from '../gen/atrium/v1/session_pb';
import { CALL_USERS, SCREEN_USERS } from './session_form';
import { callUse, forbiddenHere, screenUse } from './use_policy';

const { VIEWER, EDITOR, OWNER } = Participant_Role;
const ROLES = [VIEWER, EDITOR, OWNER];

describe('L11: what a room’s owners let people use', () => {
  it.each([
    [Users.USERS_UNSPECIFIED, [true, true, true]],
    [Users.EVERYBODY, [true, true, true]],
    [Users.EDITORS, [false, true, true]],
    [Users.OWNERS, [false, false, true]],
    [Users.NOBODY, [false, false, false]],
  ])('the call, by role, with %s', (calls, may) => {
    const policy = create(UsePolicySchema, { calls });
    expect(ROLES.map((role) => callUse(policy, role) === undefined)).toEqual(may);
  });

  it('says who may, and of what', () => {
    const policy = create(UsePolicySchema, { calls: Users.OWNERS, screens: Users.NOBODY });
    expect(callUse(policy, EDITOR)).toBe('The owners of this room let only owners be in the call.');
    expect(screenUse(policy, OWNER)).toBe('The owners of this room let nobody show screens.');
    expect([callUse(undefined, VIEWER), screenUse(undefined, VIEWER)]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('of what the deployment forbids, in its own words', () => {
    const session = create(SessionSchema, { forbiddenActs: [{ act: Act.CALL, message: 'none' }] });
    expect(forbiddenHere(session, Act.CALL)).toBe('none');
    expect(forbiddenHere(session, Act.SHOW_SCREENS)).toBeUndefined();
    expect(forbiddenHere(undefined, Act.CALL)).toBeUndefined();
  });

  it('offers what the server takes', () => {
    expect(CALL_USERS).toHaveLength(4);
    expect(SCREEN_USERS.map(([users]) => users)).not.toContain(Users.EVERYBODY);
  });
});
