import { create } from '@bufbuild/protobuf';
import type { Conversation_Tool } from '../gen/atrium/v1/conversation_pb';
import { CommandPolicy_Action } from '../gen/atrium/v1/policy_pb';
import { type ToolPolicy, ToolPolicySchema } from '../gen/atrium/v1/session_pb';

/** One policy while a person edits it. */
export type ToolChoice = Pick<ToolPolicy, 'tool' | 'action'>;

/** One of the agent's tools, and what it may do now. */
export interface ToolLine {
  name: string;
  description: string;
  action: CommandPolicy_Action;
  usual: CommandPolicy_Action;
  /** What can be chosen. */
  choices: readonly CommandPolicy_Action[];
}

/** The tools of one MCP server; our own have no server. */
export interface ToolGroup {
  server: string;
  tools: ToolLine[];
}

const { ALLOW, ASK, DENY } = CommandPolicy_Action;

/** The tools by server, ours first, each in the order in which the agent is told. */
export function toolGroups(
  tools: readonly Conversation_Tool[],
  policies: readonly ToolChoice[],
): ToolGroup[] {
  const groups = new Map<string, ToolLine[]>([['', []]]);
  for (const tool of tools) {
    const group = groups.get(tool.server) ?? [];
    group.push(lineOf(tool, policies));
    groups.set(tool.server, group);
  }
  return [...groups]
    .filter(([, lines]) => lines.length > 0)
    .map(([server, lines]) => ({ server, tools: lines }));
}

/** The policies with another one for this tool; what is usual needs none. */
export function withChoice(
  policies: readonly ToolChoice[],
  tool: Pick<ToolLine, 'name' | 'usual'>,
  action: CommandPolicy_Action,
): ToolChoice[] {
  const others = policies.filter((one) => one.tool !== tool.name);
  return action === tool.usual ? others : [...others, { tool: tool.name, action }];
}

export function toolPolicies(choices: readonly ToolChoice[]): ToolPolicy[] {
  return choices.map(({ tool, action }) => create(ToolPolicySchema, { tool, action }));
}

function lineOf(tool: Conversation_Tool, policies: readonly ToolChoice[]): ToolLine {
  const choices = tool.mayBeAllowed ? [ALLOW, ASK, DENY] : [ASK, DENY];
  const known = (action: CommandPolicy_Action) => (choices.includes(action) ? action : ASK);
  const usual = known(tool.defaultAction);
  const chosen = policies.find((one) => one.tool === tool.name)?.action || usual;
  const { name, description } = tool;
  return { name, description, action: known(chosen), usual, choices };
}
