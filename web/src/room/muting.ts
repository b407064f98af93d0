import { create } from '@bufbuild/protobuf';
import { MuteParticipantRequestSchema, type Participant } from '../gen/atrium/v1/session_pb';
import { mayType } from '../state/roster';
import type { Room } from './room';

const STAYS_MS = 12_000;

/** Owners mute others; whoever was muted is told by whom, and unmutes. */
export class RoomMuting {
  private readonly room: Room;
  /** Who had muted us when we last looked. */
  private by = '';

  constructor(room: Room) {
    this.room = room;
  }

  /** Owners may, whoever is heard in the call; for oneself there is the call's bar. */
  may(one: Participant): boolean {
    const isHeard = one.live && !one.muted && mayType(one);
    return this.room.isOwner && one.name !== this.room.me && isHeard;
  }

  mute({ name }: Participant): void {
    const value = create(MuteParticipantRequestSchema, { name });
    this.room
      .ask({ case: 'muteParticipant', value })
      .catch((error) => this.room.notices.failed(error));
  }

  /** Who muted somebody else than themselves, as people say it: "muted by Olga". */
  word({ mutedBy }: Participant): string {
    return mutedBy ? `muted by ${this.room.nameOf(mutedBy)}` : 'muted';
  }

  /** What is told from now on may have happened while we heard nothing. */
  forget(): void {
    this.by = '';
  }

  /**
   * We now look like this. What is older than our own unmuting may come after it, so
   * only news counts.
   */
  follow(): void {
    const { room } = this;
    const by = room.self?.mutedBy ?? '';
    const isNews = by !== '' && by !== this.by;
    this.by = by;
    // Whoever goes live from here begins as they are.
    if (room.call.phase === 'idle') room.call.muted = room.self?.muted ?? false;
    if (!isNews || room.call.phase === 'idle' || room.call.muted) return;
    room.call.setMuted(true);
    const unmute = { label: 'Unmute', run: () => room.call.setMuted(false) };
    room.notices.show(`${room.nameOf(by)} muted you.`, 'warn', [unmute], STAYS_MS);
  }
}
