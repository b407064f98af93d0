import { describe, expect, it } from 'vitest';
import { participant } from '../../test/support/make';
import { type Participant, Participant_Role } from '../gen/atrium/v1/session_pb';
import { mayType } from '../state/roster';
import type { Room } from './room';
import { RoomVolume } from './volume';

function make(role = Participant_Role.OWNER) {
  const self: Participant = { ...participant('ada', role), live: true };
  const room = {
    me: self.name,
    isOwner: role === Participant_Role.OWNER,
    mayType: mayType(self),
  };
  return { volume: new RoomVolume(room as unknown as Room), self };
}

describe('V6: how loud somebody is', () => {
  it('is full if nobody set it, and may be nothing at all', () => {
    const { volume } = make();
    expect(volume.of(participant('ben'))).toBe(100);
    expect(volume.of({ ...participant('ben'), volumePercent: 0 })).toBe(0);
  });

  it('S4: is offered to owners for all who are heard, and to editors for themselves', () => {
    const ben: Participant = { ...participant('ben'), live: true };
    const { volume, self } = make();
    expect([volume.may(ben), volume.may(self)]).toEqual([true, true]);
    expect(volume.may({ ...ben, live: false })).toBe(false);
    expect(volume.may({ ...ben, role: Participant_Role.VIEWER })).toBe(false);
    const editor = make(Participant_Role.EDITOR);
    expect([editor.volume.may(ben), editor.volume.may(editor.self)]).toEqual([false, true]);
    const viewer = make(Participant_Role.VIEWER);
    expect(viewer.volume.may(viewer.self)).toBe(false);
  });
});
