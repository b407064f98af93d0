import type { Participant } from '../gen/atrium/v1/session_pb';
import { mayType } from '../state/roster';
import type { Room } from './room';

/** How loud people hear somebody whose volume nobody set, in percent. */
export const FULL = 100;

/** How loud all people hear somebody: owners set anybody's, editors their own. */
export class RoomVolume {
  private readonly room: Room;

  constructor(room: Room) {
    this.room = room;
  }

  may(one: Participant): boolean {
    const { room } = this;
    const isOwn = one.name === room.me;
    return one.live && mayType(one) && (room.isOwner || (isOwn && room.mayType));
  }

  of({ volumePercent }: Participant): number {
    return volumePercent ?? FULL;
  }
}
