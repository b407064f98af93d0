import { create } from '@bufbuild/protobuf';
import { durationFromMs, durationMs } from '@bufbuild/protobuf/wkt';
import {
  CommandPolicy_Action,
  CommandPolicy_RuleSchema,
  CommandPolicySchema,
} from '../gen/atrium/v1/policy_pb';
import {
  FloorPolicy_Interruption,
  FloorPolicy_Mode,
  FloorPolicySchema,
  type Session,
  SessionSchema,
  ShellProfile,
  UsePolicy_Users,
  UsePolicySchema,
} from '../gen/atrium/v1/session_pb';
import { type ToolChoice, toolPolicies } from './tools';

/** The most rules that a policy may have. */
export const MAX_RULES = 100;
const MAX_PATTERN_BYTES = 1024;
const MINUTE_MS = 60_000;

/** How long a tab may be unused, as it can be chosen. */
export const IDLE_CHOICES: [number, string][] = [
  [0, 'for ever'],
  [15 * MINUTE_MS, '15 minutes'],
  [60 * MINUTE_MS, 'an hour'],
  [8 * 60 * MINUTE_MS, '8 hours'],
  [24 * 60 * MINUTE_MS, 'a day'],
];

/** Who may use something, as it can be chosen. */
export const CALL_USERS: [UsePolicy_Users, string][] = [
  [UsePolicy_Users.EVERYBODY, 'everybody; viewers listen'],
  [UsePolicy_Users.EDITORS, 'editors and owners'],
  [UsePolicy_Users.OWNERS, 'owners'],
  [UsePolicy_Users.NOBODY, 'nobody'],
];
export const SCREEN_USERS = CALL_USERS.filter(([users]) => users !== UsePolicy_Users.EVERYBODY);

/** One line of the list of rules. */
export interface RuleLine {
  pattern: string;
  action: CommandPolicy_Action;
}

/** A session's settings while a person edits them. */
export interface SessionForm {
  displayName: string;
  rules: RuleLine[];
  defaultAction: CommandPolicy_Action;
  profile: ShellProfile;
  idleMs: number;
  floor: FloorPolicy_Mode;
  interruption: FloorPolicy_Interruption;
  /** Who may be in the call, and who may show screens. */
  calls: UsePolicy_Users;
  screens: UsePolicy_Users;
  /** What tools may do, where that is not as usual. */
  tools: ToolChoice[];
}

export function sessionForm(session: Session | undefined): SessionForm {
  const policy = session?.commandPolicy;
  return {
    displayName: session?.displayName ?? '',
    rules: policy?.rules.map(({ pattern, action }) => ({ pattern, action })) ?? [],
    defaultAction: policy?.defaultAction || CommandPolicy_Action.ALLOW,
    profile: session?.shellProfile || ShellProfile.STANDARD,
    idleMs: session?.idleTabTimeout ? durationMs(session.idleTabTimeout) : 0,
    floor: session?.floorPolicy?.mode || FloorPolicy_Mode.OPEN,
    interruption: session?.floorPolicy?.interruption || FloorPolicy_Interruption.EVERYBODY,
    calls: session?.usePolicy?.calls || UsePolicy_Users.EVERYBODY,
    screens: session?.usePolicy?.screens || UsePolicy_Users.EDITORS,
    tools: session?.toolPolicies.map(({ tool, action }) => ({ tool, action })) ?? [],
  };
}

/** What to change: the session with its new values, and the paths of those that differ. */
export function sessionUpdate(
  name: string,
  before: SessionForm,
  after: SessionForm,
): { session: Session; paths: string[] } {
  const paths: string[] = [];
  const differs = (key: keyof SessionForm) =>
    JSON.stringify(before[key]) !== JSON.stringify(after[key]);
  if (differs('displayName')) paths.push('display_name');
  if (differs('rules') || differs('defaultAction')) paths.push('command_policy');
  if (differs('profile')) paths.push('shell_profile');
  if (differs('idleMs')) paths.push('idle_tab_timeout');
  if (differs('floor') || differs('interruption')) paths.push('floor_policy');
  if (differs('calls') || differs('screens')) paths.push('use_policy');
  if (differs('tools')) paths.push('tool_policies');
  const session = create(SessionSchema, {
    name,
    displayName: after.displayName,
    commandPolicy: create(CommandPolicySchema, {
      rules: after.rules.map((one) => create(CommandPolicy_RuleSchema, one)),
      defaultAction: after.defaultAction,
    }),
    shellProfile: after.profile,
    idleTabTimeout: durationFromMs(after.idleMs),
    floorPolicy: create(FloorPolicySchema, { mode: after.floor, interruption: after.interruption }),
    usePolicy: create(UsePolicySchema, { calls: after.calls, screens: after.screens }),
    toolPolicies: toolPolicies(after.tools),
  });
  return { session, paths };
}

/** What is wrong with a rule before the server sees it; empty if nothing is. */
export function ruleProblem(rule: RuleLine): string {
  if (rule.pattern === '') return 'A rule needs a pattern.';
  if (new TextEncoder().encode(rule.pattern).length > MAX_PATTERN_BYTES)
    return 'A pattern has at most 1,024 bytes.';
  return '';
}

/** The rule that a refusal's field names, counted from 0; undefined if it names none. */
export function ruleOfField(field: string): number | undefined {
  const match = /rules\[(\d+)\]/.exec(field);
  return match ? Number(match[1]) : undefined;
}

/** Moves one rule a place up or down: the first that fits decides. */
export function movedRule(rules: readonly RuleLine[], at: number, step: 1 | -1): RuleLine[] {
  const all = [...rules];
  const to = at + step;
  if (to < 0 || to >= all.length) return all;
  const [one] = all.splice(at, 1);
  all.splice(to, 0, one!);
  return all;
}
