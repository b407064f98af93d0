import { describe, expect, it } from 'vitest';
import { participant } from '../../test/support/make';
import { type Participant, Participant_Role } from '../gen/atrium/v1/session_pb';
import type { Said } from '../link/codec';
import { mayType } from '../state/roster';
import { RoomMuting } from './muting';
import type { Room } from './room';

const OLGA = 'sessions/s/participants/olga';

function make(isOwner = false) {
  const told: string[] = [];
  const call = {
    phase: 'live',
    muted: false,
    microphone: {} as object | undefined,
    setMuted(muted: boolean) {
      this.muted = muted;
    },
    onlyListen(why: string) {
      this.microphone = undefined;
      told.push(why);
    },
  };
  const self: Participant = { ...participant('ada'), live: true };
  const notices = { show: (text: string) => told.push(text) };
  const said: Said[] = [];
  const room = {
    call,
    self,
    notices,
    isOwner,
    me: self.name,
    nameOf: () => 'Olga',
    say: (message: Said) => said.push(message),
    get mayType() {
      return mayType(self);
    },
  };
  return { muting: new RoomMuting(room as unknown as Room), call, self, told, said };
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

describe('L8, L10: a mute for want of a microphone', () => {
  it('ends with the page that had none, and is said to be over', () => {
    const { muting, call, self, said } = make();
    call.phase = 'idle';
    self.muted = true;
    muting.takeBack();
    muting.follow();
    expect(call.muted).toBe(false);
    expect(said).toMatchObject([{ case: 'updateSelf', value: { muted: false } }]);
    // Older than that, and then its own.
    muting.follow();
    expect(call.muted).toBe(false);
    self.muted = false;
    muting.follow();
    self.muted = true;
    muting.follow();
    expect(call.muted).toBe(true);
  });

  it('is not what somebody else did, nor one that is over', () => {
    const { muting, call, self, said } = make();
    call.phase = 'idle';
    muting.takeBack();
    Object.assign(self, { muted: true, mutedBy: OLGA });
    muting.takeBack();
    muting.follow();
    expect([call.muted, said]).toEqual([true, []]);
  });
});

describe('S4, L12: whoever is made a viewer in mid-call', () => {
  it('lets the microphone go at once, and nobody else does', () => {
    const { muting, call, self, told } = make();
    muting.follow();
    expect(call.microphone).toBeDefined();
    self.role = Participant_Role.VIEWER;
    muting.follow();
    expect(call.microphone).toBeUndefined();
    expect(told).toHaveLength(1);
    muting.follow();
    expect(told).toHaveLength(1);
  });
});
