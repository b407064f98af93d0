import { create } from '@bufbuild/protobuf';
import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { entry } from '../../test/support/make';
import { CommandPolicy_Action } from '../gen/atrium/v1/policy_pb';
import {
  FloorPolicy_Interruption,
  FloorPolicy_Mode,
  SessionSchema,
  ShellProfile,
  UsePolicy_Users,
} from '../gen/atrium/v1/session_pb';
import { ApprovalSchema } from '../gen/atrium/v1/timeline_pb';
import { askerOf, deciderNameOf, notDone } from './approvals';
import { movedRule, ruleOfField, ruleProblem, sessionForm, sessionUpdate } from './session_form';

const { ALLOW, ASK, DENY } = CommandPolicy_Action;

describe('P7: the command policy is edited', () => {
  const stored = create(SessionSchema, {
    name: 'sessions/s',
    displayName: 'shop',
    commandPolicy: { rules: [{ pattern: 'rm', action: ASK }], defaultAction: ALLOW },
    idleTabTimeout: durationFromMs(3_600_000),
  });

  it('begins with what is so, and with the defaults where nothing is', () => {
    expect(sessionForm(stored)).toMatchObject({
      rules: [{ pattern: 'rm', action: ASK }],
      profile: ShellProfile.STANDARD,
      idleMs: 3_600_000,
    });
    expect(sessionForm(undefined)).toMatchObject({ rules: [], defaultAction: ALLOW, idleMs: 0 });
  });

  it('sends only what was changed', () => {
    const before = sessionForm(stored);
    expect(sessionUpdate('sessions/s', before, structuredClone(before)).paths).toEqual([]);
    const after = { ...before, rules: [{ pattern: 'curl', action: DENY }], idleMs: 0 };
    const { session, paths } = sessionUpdate('sessions/s', before, after);
    expect(paths).toEqual(['command_policy', 'idle_tab_timeout']);
    expect(session.commandPolicy?.rules).toMatchObject([{ pattern: 'curl', action: DENY }]);
    expect(session.name).toBe('sessions/s');
  });

  it('N5: sends the floor policy as one', () => {
    const before = sessionForm(stored);
    expect(before).toMatchObject({ floor: FloorPolicy_Mode.OPEN });
    const after = { ...before, interruption: FloorPolicy_Interruption.OWNERS };
    const { session, paths } = sessionUpdate('sessions/s', before, after);
    expect(paths).toEqual(['floor_policy']);
    expect(session.floorPolicy).toMatchObject({
      mode: FloorPolicy_Mode.OPEN,
      interruption: FloorPolicy_Interruption.OWNERS,
    });
    expect(sessionForm(session).interruption).toBe(FloorPolicy_Interruption.OWNERS);
  });

  it('L11: sends who may use what as one', () => {
    const before = sessionForm(stored);
    expect(before).toMatchObject({
      calls: UsePolicy_Users.EVERYBODY,
      screens: UsePolicy_Users.EDITORS,
    });
    const after = { ...before, screens: UsePolicy_Users.NOBODY };
    const { session, paths } = sessionUpdate('sessions/s', before, after);
    expect(paths).toEqual(['use_policy']);
    expect(session.usePolicy).toMatchObject({
      calls: UsePolicy_Users.EVERYBODY,
      screens: UsePolicy_Users.NOBODY,
    });
    expect(sessionForm(session).screens).toBe(UsePolicy_Users.NOBODY);
  });

  it('refuses rules that cannot be, and finds the one that the server refuses', () => {
    expect(ruleProblem({ pattern: '', action: ASK })).not.toBe('');
    expect(ruleProblem({ pattern: 'é'.repeat(600), action: ASK })).not.toBe('');
    expect(ruleProblem({ pattern: 'é'.repeat(500), action: ASK })).toBe('');
    expect(ruleOfField('session.command_policy.rules[3].pattern')).toBe(3);
    expect(ruleOfField('session.display_name')).toBeUndefined();
  });

  it('moves rules, the order decides', () => {
    const rules = ['a', 'b', 'c'].map((pattern) => ({ pattern, action: ASK }));
    const order = (at: number, step: 1 | -1) =>
      movedRule(rules, at, step)
        .map((one) => one.pattern)
        .join('');
    expect(order(2, -1)).toBe('acb');
    expect(order(0, 1)).toBe('bac');
    expect(order(0, -1)).toBe('abc');
  });
});

describe('N6: a card names people', () => {
  const names = (name: string) => (name === 'p/bot' ? 'deploy-bot' : undefined);
  const approval = (requester = '', fields = {}) =>
    create(ApprovalSchema, { tool: 'run_command', requester, ...fields });

  it('says who asks, or does not pretend to know', () => {
    expect(askerOf(approval('p/bot'), false, names)).toEqual({ kind: 'named', name: 'deploy-bot' });
    expect(askerOf(approval('p/bot'), true, names)).toMatchObject({ kind: 'named' });
    expect(askerOf(approval('agent'), false, names)).toEqual({ kind: 'agent' });
    expect(askerOf(approval('service'), true, names)).toEqual({ kind: 'service' });
    expect(askerOf(approval(), true, names)).toEqual({ kind: 'agent' });
    expect(askerOf(approval(), false, names)).toEqual({ kind: 'unknown' });
  });

  it('says why what was approved was not done', () => {
    expect(notDone(approval('agent', { problem: 'its tab is in another directory now' }))).toBe(
      'not carried out: its tab is in another directory now. Approved',
    );
    expect(notDone(approval('agent'))).toContain('restarted');
  });

  it('says who decided as they were called then', () => {
    const decided = { ...entry('e', 0), speakers: ['p/ann'], speakerNames: ['Ann'] };
    const byAnn = approval('', { decider: 'p/ann' });
    expect(deciderNameOf(approval('', { decider: 'p/ann', deciderName: 'Anna' }), decided)).toBe(
      'Anna',
    );
    expect(deciderNameOf(byAnn, decided)).toBe('Ann');
    expect(deciderNameOf(approval('', { decider: 'p/ben' }), decided)).toBeUndefined();
    expect(deciderNameOf(byAnn, undefined)).toBeUndefined();
  });
});
