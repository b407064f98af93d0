import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { capture, change, snapshot } from '../../test/support/make';
import type { Capture } from '../gen/atrium/v1/capture_pb';
import { ForbiddenAct_Act, Participant_Role } from '../gen/atrium/v1/session_pb';
import { SessionStore } from '../state/session_store';
import { RoomCaptures } from './captures';
import { Changes } from './changes';
import type { Room } from './room';

const ADA = 'sessions/s/participants/ada';

let store: SessionStore;
let captures: RoomCaptures;
let answer: () => Promise<object>;

/** The room of ada, an owner, with what these screens need of it. */
function roomOfAda(): Room {
  const room = {
    store,
    me: ADA,
    isOwner: true,
    changes: new Changes(),
    linkState: { kind: 'open' },
    notices: { show: () => {}, failed: () => {} },
    nameOf: () => 'somebody',
    shows: () => true,
    say: () => true,
    ask: () => answer(),
  };
  return room as unknown as Room;
}

/** The state changes, as the server says it. */
function become(value: Capture): void {
  store.applyChange(change(Number(store.revision) + 1, { case: 'capture', value }));
  captures.onChange();
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('document', { hidden: true, addEventListener: () => {} });
  vi.stubGlobal('matchMedia', () => ({ matches: true }));
  store = new SessionStore();
  store.applySnapshot(snapshot(1, {}));
  answer = async () => ({});
  captures = new RoomCaptures(roomOfAda());
  captures.shown.name = capture('1').name;
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('S19: whether the agent sees a screen', () => {
  it.each([
    ['ada', true],
    ['bea', false],
  ])('is decided by its participant, not by an owner: %s', (id, decides) => {
    const one = capture('1', { agentSees: true, participant: `sessions/s/participants/${id}` });
    expect(captures.decidesAgentSees(one)).toBe(decides);
  });
});

describe('S19: consent that was taken back stays so', () => {
  it('when a change of the state says so', () => {
    captures.shown.allow(true);
    captures.shown.heed(capture('1', { agentSees: true }));
    become(capture('2', { agentSees: false }));
    expect(captures.shown.agentSees).toBe(true);
    become(capture('1', { agentSees: false }));
    expect(captures.shown.agentSees).toBe(false);
  });

  it('when the state had it before the server told the name', () => {
    captures.shown.name = '';
    captures.shown.allow(true);
    become(capture('1', { agentSees: false }));
    expect(captures.shown.agentSees).toBe(true);
    captures.shown.name = capture('1').name;
    captures.hide(capture('2').name);
    expect(captures.shown.agentSees).toBe(false);
  });

  it('also if the server could not be told of it', async () => {
    captures.shown.allow(true);
    answer = () => Promise.reject(new Error('No answer came.'));
    await captures.letAgentSee(capture('1').name, false);
    expect(captures.shown.agentSees).toBe(false);
    await captures.letAgentSee(capture('1').name, true);
    expect(captures.shown.agentSees).toBe(false);
  });
});

describe('L11, L20: what the deployment forbids', () => {
  const forbid = (...acts: ForbiddenAct_Act[]) => {
    const forbiddenActs = acts.map((act) => ({ act, message: `not ${act}` }));
    const session = { hasDisplay: true, forbiddenActs };
    const conversation = { takesImages: true };
    store.applySnapshot(snapshot(1, { session, conversation } as never));
    const room = { ...roomOfAda(), self: { role: Participant_Role.OWNER }, mayType: true };
    captures = new RoomCaptures({ ...room, agentAvailable: true } as unknown as Room);
  };
  beforeEach(() => {
    vi.stubGlobal('isSecureContext', true);
    vi.stubGlobal('navigator', { mediaDevices: { getDisplayMedia: () => {} } });
    vi.stubGlobal('RTCPeerConnection', class {});
  });

  it('is not offered, with the reason', () => {
    forbid(ForbiddenAct_Act.SHOW_SCREENS, ForbiddenAct_Act.SHOW_TO_AGENT);
    expect(captures.obstacle).toBe(`not ${ForbiddenAct_Act.SHOW_SCREENS}`);
    expect(captures.mayShowDisplay).toBe(false);
    expect(captures.agentObstacle).toBe(`not ${ForbiddenAct_Act.SHOW_TO_AGENT}`);
    expect(captures.agentCouldSee).toBe(false);
  });

  it('is nothing where nothing is forbidden', () => {
    forbid();
    expect([captures.obstacle, captures.agentObstacle]).toEqual([undefined, undefined]);
    expect([captures.mayShowDisplay, captures.agentCouldSee]).toEqual([true, true]);
  });
});
