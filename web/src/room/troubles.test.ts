import { beforeEach, describe, expect, it } from 'vitest';
import { CallProblem_Category } from '../gen/atrium/v1/live_pb';
import { Changes } from './changes';
import { Notices } from './notices';
import type { Room } from './room';
import { RoomTroubles } from './troubles';

const TEXT = 'The microphone is in use by another program.';

let phase: string;
let notices: Notices;
let troubles: RoomTroubles;
let counted: number;
let mayType: boolean;
let store: { conversation: { problem: string } };

beforeEach(() => {
  const changes = new Changes();
  phase = 'idle';
  counted = 0;
  mayType = true;
  store = { conversation: { problem: '' } };
  notices = new Notices(changes);
  const call = {
    listensOnly: TEXT,
    get phase() {
      return phase;
    },
  };
  const room = {
    call,
    notices,
    changes,
    store,
    muting: { heedRole: () => undefined },
    say: () => ++counted > 0,
    get mayType() {
      return mayType;
    },
  };
  troubles = new RoomTroubles(room as unknown as Room);
});

describe('L10: a microphone that cannot be had', () => {
  const refuse = () =>
    troubles.onCallProblem({ text: TEXT, category: CallProblem_Category.NO_DEVICE });

  it('is why there is no call, which the banner tells', () => {
    refuse();
    expect([troubles.call, notices.shown, counted]).toEqual([TEXT, [], 1]);
  });

  it('is a notice in a call that goes on, and no trouble once that was left', () => {
    phase = 'live';
    refuse();
    expect(notices.shown.map((one) => one.text)).toEqual([TEXT]);
    phase = 'idle';
    troubles.onCallChanged();
    expect([troubles.call, counted]).toEqual(['', 1]);
    notices.remove(notices.shown[0]!.id);
  });
});

describe('L10: a call without a microphone', () => {
  it('is told of until that is put away, and again in the next call', () => {
    expect(troubles.listening).toBe(TEXT);
    troubles.dismissListening();
    expect(troubles.listening).toBe('');
    phase = 'asking';
    troubles.onCallChanged();
    expect(troubles.listening).toBe(TEXT);
  });

  it('is no trouble of a viewer', () => {
    mayType = false;
    expect(troubles.listening).toBe('');
  });
});

describe('L10: what is wrong with the agent', () => {
  const becomes = (problem: string) => {
    store.conversation = { problem };
    troubles.followAgent();
    return troubles.agent;
  };

  it('is told whatever else it does, until it is well or that is put away', () => {
    expect(becomes('The quota is used up')).toBe('The quota is used up');
    expect(becomes('')).toBe('');
    becomes('The quota is used up');
    troubles.dismissAgent();
    expect([troubles.agent, becomes('The quota is used up')]).toEqual(['', '']);
  });

  it('is told anew when it is wrong anew, and when something else is', () => {
    becomes('The quota is used up');
    troubles.dismissAgent();
    becomes('');
    expect(becomes('The quota is used up')).toBe('The quota is used up');
    troubles.dismissAgent();
    expect(becomes('The key is refused')).toBe('The key is refused');
    expect(becomes('The quota is used up')).toBe('The quota is used up');
  });
});
