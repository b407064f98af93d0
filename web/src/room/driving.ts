import { create } from '@bufbuild/protobuf';
import type { JoinResponse_Outcome } from '../gen/atrium/v1/live_pb';
import {
  GrantControlRequestSchema,
  ReleaseControlRequestSchema,
  RequestControlRequestSchema,
  type Tab,
  TakeControlRequestSchema,
  TerminalSizeSchema,
} from '../gen/atrium/v1/tab_pb';
import type { Said } from '../link/codec';
import { type Drive, driveOf, keyObstacle, lossOf, requestOutcome } from '../state/driving';
import type { Room } from './room';

/** google.rpc.Code, and the host's words for it. */
const FAILED_PRECONDITION = 9;
const SOMEBODY_DRIVES = /^Somebody else holds this tab's keyboard/;
/** How long a hint about keys that were not sent stays. */
const HINT_STAYS_MS = 4000;

/** Somebody asks for a keyboard that we have. */
export interface Asking {
  tab: string;
  requester: string;
  /** How many more ask for the same one. */
  others: number;
}

/** Who drives: what we do about it, and what we tell of it. */
export class RoomDriving {
  /** Keys were typed here that were not sent. */
  private held: { tab: string; atMs: number } | undefined;
  /** Tabs whose keyboard we gave away ourselves, which is no news. */
  private readonly gave = new Set<string>();
  private readonly room: Room;

  constructor(room: Room) {
    this.room = room;
  }

  of(tab: string): Drive {
    return driveOf(this.room.store.tabs.get(tab), this.room.me);
  }

  /** Why keys are not sent to this tab; undefined if they are. */
  obstacle(tab: string): 'viewer' | 'driver' | undefined {
    return keyObstacle(this.room.store.tabs.get(tab), this.room.self);
  }

  /** The reason to show, a little while after keys were held back. */
  hint(tab: string | undefined): 'viewer' | 'driver' | undefined {
    const { held } = this;
    if (!tab || held?.tab !== tab || Date.now() - held.atMs > HINT_STAYS_MS) return undefined;
    return this.obstacle(tab);
  }

  /** What was typed is not sent: say why. */
  hold(tab: string): void {
    this.held = { tab, atMs: Date.now() };
    this.room.changes.emit('terminal');
    setTimeout(() => this.room.changes.emit('terminal'), HINT_STAYS_MS + 100);
  }

  /**
   * Keys met a host where somebody else had just taken the keyboard: each is answered,
   * the person is told once. False if the outcome is about something else.
   */
  onUnaskedOutcome({ code, message }: JoinResponse_Outcome): boolean {
    if (code !== FAILED_PRECONDITION || !SOMEBODY_DRIVES.test(message)) return false;
    const { selected } = this.room.tabs;
    if (selected) this.hold(selected);
    return true;
  }

  /** The first request for each keyboard that we have; the tab that we look at first. */
  asked(): Asking[] {
    const { selected } = this.room.tabs;
    const all = [...this.room.store.tabs.values()].flatMap((tab) => {
      const drive = driveOf(tab, this.room.me);
      const requester = drive.kind === 'mine' ? drive.requesters[0] : undefined;
      const others = tab.controlRequesters.length - 1;
      return requester ? [{ tab: tab.name, requester, others }] : [];
    });
    return all.sort((a, b) => Number(b.tab === selected) - Number(a.tab === selected));
  }

  take(tab: string): void {
    const fits = this.room.stageSize();
    const size = fits ? create(TerminalSizeSchema, fits) : undefined;
    this.do({ case: 'takeControl', value: create(TakeControlRequestSchema, { tab, size }) });
  }

  /** Takes a free keyboard, or asks for it. */
  ask(tab: string): void {
    this.do({ case: 'requestControl', value: create(RequestControlRequestSchema, { tab }) });
  }

  give(tab: string, participant: string): void {
    if (participant) this.expectLoss(tab);
    const value = create(GrantControlRequestSchema, { tab, participant });
    this.do({ case: 'grantControl', value }, tab);
  }

  /** Turns all requests down. */
  decline(tab: string): void {
    this.give(tab, '');
  }

  release(tab: string): void {
    this.expectLoss(tab);
    const value = create(ReleaseControlRequestSchema, { tab });
    this.do({ case: 'releaseControl', value }, tab);
  }

  /** A tab now looks like this: tells what became of our request, or of our keyboard. */
  onTab(before: Tab | undefined, after: Tab): void {
    const loss = lossOf(before, after, this.room.me);
    if (loss && !this.gave.delete(after.name)) {
      const who =
        loss === 'taken' ? `${this.room.nameOf(after.driver)} drives` : 'Everybody may type in';
      this.room.notices.show(`${who} ${after.title} now.`);
    }
    const outcome = requestOutcome(before, after, this.room.me);
    if (outcome === 'given') {
      this.room.notices.show(`You drive ${after.title} now.`, 'good');
    } else if (outcome === 'kept') {
      const driver = this.room.nameOf(after.driver);
      this.room.notices.show(`${driver} keeps the keyboard of ${after.title} for now.`);
    } else if (outcome === 'freed') {
      this.room.notices.show(`Everybody may type in ${after.title} now.`, 'good');
    }
  }

  private expectLoss(tab: string): void {
    if (this.of(tab).kind === 'mine') this.gave.add(tab);
  }

  private do(message: Said, given = ''): void {
    this.room.ask(message).catch((error) => {
      this.gave.delete(given);
      this.room.notices.failed(error);
    });
  }
}
