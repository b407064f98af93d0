import type { Participant } from '../gen/atrium/v1/session_pb';
import { SizePolicy, type Tab } from '../gen/atrium/v1/tab_pb';
import { mayType } from './roster';

/** Who has a tab's keyboard, as one participant sees it. */
export type Drive =
  | { kind: 'free' }
  /** It is ours; `requesters` ask for it, the oldest first. */
  | { kind: 'mine'; requesters: readonly string[] }
  | { kind: 'other'; driver: string; asked: boolean };

export function driveOf(tab: Tab | undefined, me: string): Drive {
  if (!tab?.driver) return { kind: 'free' };
  if (tab.driver === me) return { kind: 'mine', requesters: tab.controlRequesters };
  return { kind: 'other', driver: tab.driver, asked: tab.controlRequesters.includes(me) };
}

/** Why a key is not sent; undefined if it is. */
export function keyObstacle(
  tab: Tab | undefined,
  self: Participant | undefined,
): 'viewer' | 'driver' | undefined {
  if (!mayType(self)) return 'viewer';
  return driveOf(tab, self?.name ?? '').kind === 'other' ? 'driver' : undefined;
}

/** What became of our request, seen from one look of the tab to the next. */
export function requestOutcome(
  before: Tab | undefined,
  after: Tab,
  me: string,
): 'given' | 'kept' | 'freed' | undefined {
  const hadNot = before !== undefined && before.driver !== me;
  if (after.driver === me && hadNot && before.controlRequesters.includes(me)) return 'given';
  const asked = before?.controlRequesters.includes(me) ?? false;
  if (!asked || after.controlRequesters.includes(me)) return undefined;
  if (!after.driver) return 'freed';
  return after.driver !== me ? 'kept' : undefined;
}

/** How we lost a keyboard that we had: somebody has it now, or everybody. */
export function lossOf(
  before: Tab | undefined,
  after: Tab,
  me: string,
): 'taken' | 'lapsed' | undefined {
  if (before?.driver !== me || after.driver === me) return undefined;
  return after.driver ? 'taken' : 'lapsed';
}

/**
 * What this window is for a tab's size: it decides it, it is one of those that
 * are counted, or it only looks on.
 */
export type Sizing = 'decides' | 'counts' | 'looks';

export function sizingOf(tab: Tab, self: Participant | undefined, isFrontWindow: boolean): Sizing {
  if (tab.sizePolicy === SizePolicy.FIXED) return 'looks';
  if (tab.sizePolicy === SizePolicy.SMALLEST) return mayType(self) ? 'counts' : 'looks';
  return self && tab.sizeOwner === self.name && isFrontWindow ? 'decides' : 'looks';
}
