import { create } from '@bufbuild/protobuf';
import { UpdateSelfSchema } from '../gen/atrium/v1/live_pb';
import { MuteParticipantRequestSchema, type Participant } from '../gen/atrium/v1/session_pb';
import { mayType } from '../state/roster';
import { VIEWERS_LISTEN } from './actions';
import type { Room } from './room';

const STAYS_MS = 12_000;

/** Owners mute others; whoever was muted is told by whom, and unmutes. */
export class RoomMuting {
  private readonly room: Room;
  /** Who had muted us when we last looked. */
  private by = '';
  /** The mute that others see is of a page before this one, which had no microphone. */
  private isForWant = false;

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

  /** The page before this one was seen as muted as it had no microphone: that ends with it. */
  takeBack(): void {
    const { self } = this.room;
    if (!self?.muted || self.mutedBy) return;
    this.isForWant = true;
    this.room.say({ case: 'updateSelf', value: create(UpdateSelfSchema, { muted: false }) });
  }

  /** Viewers have no microphone in the call: whoever is made one lets it go at once. */
  heedRole(): void {
    const { self, call, mayType: speaks } = this.room;
    if (self && !speaks && call.microphone) void call.onlyListen(VIEWERS_LISTEN);
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
    if (!room.self?.muted || by) this.isForWant = false;
    // Whoever goes live from here begins as they are.
    if (room.call.phase === 'idle')
      room.call.muted = (room.self?.muted ?? false) && !this.isForWant;
    this.heedRole();
    if (!isNews || room.call.phase === 'idle' || room.call.muted) return;
    room.call.setMuted(true);
    const unmute = { label: 'Unmute', run: () => room.call.setMuted(false) };
    room.notices.show(`${room.nameOf(by)} muted you.`, 'warn', [unmute], STAYS_MS);
  }
}
