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

beforeEach(() => {
  const changes = new Changes();
  phase = 'idle';
  counted = 0;
  notices = new Notices(changes);
  const call = {
    get phase() {
      return phase;
    },
  };
  const room = { call, notices, changes, say: () => ++counted > 0 };
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
