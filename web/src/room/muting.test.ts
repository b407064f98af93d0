import { describe, expect, it } from 'vitest';
import { participant } from '../../test/support/make';
import { type Participant, Participant_Role } from '../gen/atrium/v1/session_pb';
import { RoomMuting } from './muting';
import type { Room } from './room';

const OLGA = 'sessions/s/participants/olga';

function make(isOwner = false) {
  const told: string[] = [];
  const call = {
    phase: 'live',
    muted: false,
    setMuted(muted: boolean) {
      this.muted = muted;
    },
  };
  const self: Participant = { ...participant('ada'), live: true };
  const notices = { show: (text: string) => told.push(text) };
  const room = { call, self, notices, isOwner, me: self.name, nameOf: () => 'Olga' };
  return { muting: new RoomMuting(room as unknown as Room), call, self, told };
}

describe('V8: an owner’s mute', () => {
  it('turns the microphone off and says who did it, once', () => {
    const { muting, call, self, told } = make();
    muting.follow();
    expect(call.muted).toBe(false);
    Object.assign(self, { muted: true, mutedBy: OLGA });
    muting.follow();
    expect([call.muted, told]).toEqual([true, ['Olga muted you.']]);
  });

  it('is not done again by a state that is older than one’s own unmuting', () => {
    const { muting, call, self, told } = make();
    Object.assign(self, { muted: true, mutedBy: OLGA });
    muting.follow();
    call.setMuted(false);
    muting.follow();
    expect([call.muted, told.length]).toEqual([false, 1]);
    Object.assign(self, { muted: false, mutedBy: '' });
    muting.follow();
    Object.assign(self, { muted: true, mutedBy: OLGA });
    muting.follow();
    expect([call.muted, told.length]).toEqual([true, 2]);
  });

  it('says nothing to a page that is not in the call', () => {
    const { muting, call, self, told } = make();
    call.phase = 'idle';
    Object.assign(self, { muted: true, mutedBy: OLGA });
    muting.follow();
    expect([call.muted, told]).toEqual([true, []]);
    Object.assign(self, { muted: false, mutedBy: '' });
    muting.follow();
    expect([call.muted, told]).toEqual([false, []]);
  });

  it('holds after an unmuting that nobody heard', () => {
    const { muting, call, self, told } = make();
    Object.assign(self, { muted: true, mutedBy: OLGA });
    muting.follow();
    call.setMuted(false); // While the socket is away.
    muting.forget();
    muting.follow();
    expect([call.muted, told.length]).toEqual([true, 2]);
  });

  it('S4: is offered to owners alone, for others who are heard', () => {
    const ben: Participant = { ...participant('ben', Participant_Role.OWNER), live: true };
    expect(make(false).muting.may(ben)).toBe(false);
    const { muting, self } = make(true);
    expect(muting.may(ben)).toBe(true);
    expect(muting.may({ ...ben, live: false })).toBe(false);
    expect(muting.may({ ...ben, muted: true })).toBe(false);
    expect(muting.may({ ...ben, role: Participant_Role.VIEWER })).toBe(false);
    expect(muting.may(self)).toBe(false);
  });
});
