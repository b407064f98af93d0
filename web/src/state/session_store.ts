import type { Capture } from '../gen/atrium/v1/capture_pb';
import type { Conversation } from '../gen/atrium/v1/conversation_pb';
import type {
  Participant,
  Session,
  SessionChange,
  SessionSnapshot,
} from '../gen/atrium/v1/session_pb';
import type { Tab } from '../gen/atrium/v1/tab_pb';
import type { Approval, TimelineEntry } from '../gen/atrium/v1/timeline_pb';
import { mergeEntries, upsertEntry } from './timeline';

/** What became of a change: `gap` means that a fresh snapshot is needed. */
export type Applied = 'applied' | 'ignored' | 'gap';

/**
 * Everything that can be seen of a session, at one revision.
 * A snapshot replaces all of it; a change is taken only if it is the next one.
 */
export class SessionStore {
  session: Session | undefined;
  conversation: Conversation | undefined;
  readonly tabs = new Map<string, Tab>();
  readonly participants = new Map<string, Participant>();
  readonly approvals = new Map<string, Approval>();
  /** The screens that are shown, by name, the oldest first. */
  readonly captures = new Map<string, Capture>();
  entries: TimelineEntry[] = [];
  stateEpoch = '';
  revision = -1n;

  /** True once a snapshot was applied. */
  get known(): boolean {
    return this.revision >= 0n;
  }

  applySnapshot(snapshot: SessionSnapshot): void {
    const sameEpoch = snapshot.session?.stateEpoch === this.stateEpoch;
    this.session = snapshot.session;
    this.stateEpoch = snapshot.session?.stateEpoch ?? '';
    this.revision = snapshot.session?.revision ?? 0n;
    this.conversation = snapshot.conversation;
    refill(this.tabs, snapshot.tabs);
    refill(this.participants, snapshot.participants);
    refill(this.approvals, snapshot.approvals);
    refill(this.captures, snapshot.captures);
    this.entries = mergeEntries(sameEpoch ? this.entries : [], snapshot.entries);
  }

  applyChange(change: SessionChange): Applied {
    if (!this.known) return 'gap';
    if (change.revision <= this.revision) return 'ignored';
    if (change.revision !== this.revision + 1n) return 'gap';
    const step = change.change;
    if (step.case === 'session' && this.isOtherEpoch(step.value)) return 'gap';
    this.revision = change.revision;
    this.apply(step);
    return 'applied';
  }

  /** Adds older entries that were read back. */
  addEntries(older: readonly TimelineEntry[]): void {
    this.entries = older.reduce((all, entry) => upsertEntry(all, entry), this.entries);
  }

  private isOtherEpoch(session: Session): boolean {
    return session.stateEpoch !== '' && session.stateEpoch !== this.stateEpoch;
  }

  private apply(step: SessionChange['change']): void {
    switch (step.case) {
      case 'tab':
        this.tabs.set(step.value.name, step.value);
        break;
      case 'deletedTab':
        this.tabs.delete(step.value);
        break;
      case 'participant':
        this.participants.set(step.value.name, step.value);
        break;
      case 'deletedParticipant':
        this.participants.delete(step.value);
        break;
      case 'conversation':
        this.conversation = step.value;
        break;
      case 'approval':
        this.approvals.set(step.value.name, step.value);
        break;
      case 'entry':
        this.entries = upsertEntry(this.entries, step.value);
        break;
      case 'capture':
        this.captures.set(step.value.name, step.value);
        break;
      case 'deletedCapture':
        this.captures.delete(step.value);
        break;
      case 'session':
        this.session = step.value;
        break;
      default:
        break;
    }
  }
}

function refill<T extends { name: string }>(map: Map<string, T>, values: readonly T[]): void {
  map.clear();
  for (const value of values) map.set(value.name, value);
}
