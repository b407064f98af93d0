import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { Conversation_ToolSchema } from '../gen/atrium/v1/conversation_pb';
import { CommandPolicy_Action } from '../gen/atrium/v1/policy_pb';
import { toolGroups, withChoice } from './tools';

const { ACTION_UNSPECIFIED, ALLOW, ASK, DENY } = CommandPolicy_Action;

const tool = (name: string, defaultAction = ALLOW, mayBeAllowed = true, server = '') =>
  create(Conversation_ToolSchema, { name, description: name, defaultAction, mayBeAllowed, server });

describe('L7, L18: what the agent may do by itself', () => {
  it('is grouped by server, ours first, in the order in which the agent is told', () => {
    const groups = toolGroups(
      [
        tool('jira.find', ASK, true, 'jira'),
        tool('read_file'),
        tool('jira.add', ASK, true, 'jira'),
      ],
      [],
    );
    expect(groups.map((one) => [one.server, one.tools.map((two) => two.name)])).toEqual([
      ['', ['read_file']],
      ['jira', ['jira.find', 'jira.add']],
    ]);
    expect(toolGroups([], [])).toEqual([]);
  });

  it.each([
    ['nothing said', ALLOW, true, ACTION_UNSPECIFIED, ALLOW],
    ['asked for', ALLOW, true, ASK, ASK],
    ['denied', ASK, true, DENY, DENY],
    ['allowed where it may be', ASK, true, ALLOW, ALLOW],
    ['allowed where it may not be', ASK, false, ALLOW, ASK],
    ['a default that may not be', ALLOW, false, ACTION_UNSPECIFIED, ASK],
    ['no default', ACTION_UNSPECIFIED, true, ACTION_UNSPECIFIED, ASK],
  ])('%s', (_, usual, mayBeAllowed, policy, action) => {
    const [group] = toolGroups([tool('t', usual, mayBeAllowed)], [{ tool: 't', action: policy }]);
    expect(group!.tools[0]!.action).toBe(action);
    expect(group!.tools[0]!.choices.includes(ALLOW)).toBe(mayBeAllowed);
  });

  it('is said only where it differs, and policies of other tools stay', () => {
    const gone = { tool: 'gone.tool', action: DENY };
    const line = { name: 't', usual: ASK };
    const denied = withChoice([gone], line, DENY);
    expect(denied).toEqual([gone, { tool: 't', action: DENY }]);
    expect(withChoice(denied, line, ALLOW)).toEqual([gone, { tool: 't', action: ALLOW }]);
    expect(withChoice(denied, line, ASK)).toEqual([gone]);
  });
});
