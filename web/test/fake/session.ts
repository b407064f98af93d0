import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { type Capture, CaptureSchema } from '../../src/gen/atrium/v1/capture_pb';
import {
  type Conversation,
  Conversation_Activity,
  Conversation_State,
  ConversationSchema,
} from '../../src/gen/atrium/v1/conversation_pb';
import type { JoinRequest } from '../../src/gen/atrium/v1/live_pb';
import {
  type Participant,
  Participant_Kind,
  Participant_Presence,
  Participant_Role,
  ParticipantSchema,
  type Session,
  type SessionChange,
  SessionChangeSchema,
  SessionSchema,
  type SessionSnapshot,
  SessionSnapshotSchema,
} from '../../src/gen/atrium/v1/session_pb';
import {
  type Tab,
  Tab_State,
  TabSchema,
  type TerminalSize,
  TerminalSizeSchema,
} from '../../src/gen/atrium/v1/tab_pb';
import {
  type Approval,
  Approval_State,
  ApprovalSchema,
  ListTimelineEntriesResponseSchema,
  SearchTimelineResponseSchema,
  type TimelineEntry,
  TimelineEntry_Kind,
  TimelineEntrySchema,
} from '../../src/gen/atrium/v1/timeline_pb';
import { FakeTerminal } from './terminal';

/** A pretended session: its state, and its changes to whoever listens. */
export class FakeSession {
  readonly name = 'sessions/demo';
  stateEpoch = 'epoch-1';
  revision = 1n;
  /** What `update_session` changes, and what does not work now. */
  settings: MessageInitShape<typeof SessionSchema> = { displayName: 'demo' };
  readonly tabs = new Map<string, Tab>();
  readonly terminals = new Map<string, FakeTerminal>();
  readonly participants = new Map<string, Participant>();
  readonly approvals = new Map<string, Approval>();
  readonly entries: TimelineEntry[] = [];
  readonly captures = new Map<string, Capture>();
  conversation: Conversation = create(ConversationSchema, {
    name: `${this.name}/conversation`,
    state: Conversation_State.ACTIVE,
    activity: Conversation_Activity.LISTENING,
    provider: 'offline agent',
  });
  onChange: (change: SessionChange) => void = () => {};

  updateConversation(fields: MessageInitShape<typeof ConversationSchema>): void {
    const { conversation } = this;
    this.conversation = create(ConversationSchema, {
      ...plain(conversation),
      ...fields,
    } as MessageInitShape<typeof ConversationSchema>);
    this.change({ case: 'conversation', value: this.conversation });
  }

  private next = 1;
  nowMs: () => number = () => Date.now();

  snapshot(): SessionSnapshot {
    return create(SessionSnapshotSchema, {
      session: this.session(),
      tabs: [...this.tabs.values()],
      participants: [...this.participants.values()],
      conversation: this.conversation,
      approvals: [...this.approvals.values()],
      entries: this.entries,
      captures: [...this.captures.values()],
    });
  }

  session(): Session {
    return create(SessionSchema, {
      ...this.settings,
      name: this.name,
      stateEpoch: this.stateEpoch,
      revision: this.revision,
    } as MessageInitShape<typeof SessionSchema>);
  }

  updateSession(fields: MessageInitShape<typeof SessionSchema>): Session {
    this.settings = { ...this.settings, ...fields } as typeof this.settings;
    this.change({ case: 'session', value: this.session() });
    return this.session();
  }

  change(change: SessionChange['change']): void {
    this.revision++;
    this.onChange(create(SessionChangeSchema, { revision: this.revision, change }));
  }

  resize(name: string, size: TerminalSize): void {
    this.terminals.get(name)?.resize(size);
    this.updateTab(name, { size });
  }

  participant(id: string, fields: MessageInitShape<typeof ParticipantSchema> = {}): Participant {
    const name = `${this.name}/participants/${id}`;
    const before = this.participants.get(name);
    const one = create(ParticipantSchema, {
      ...plain(
        before ?? {
          name,
          displayName: id,
          role: Participant_Role.EDITOR,
          presence: Participant_Presence.PRESENT,
          kind: Participant_Kind.PERSON,
          pageCount: 1,
        },
      ),
      ...fields,
    } as MessageInitShape<typeof ParticipantSchema>);
    this.participants.set(name, one);
    this.change({ case: 'participant', value: one });
    return one;
  }

  leave(name: string): void {
    if (this.participants.delete(name)) this.change({ case: 'deletedParticipant', value: name });
  }

  /** The name that the next screen will have. */
  get nextCapture(): string {
    return `${this.name}/captures/c${this.next}`;
  }

  showCapture(participant: string, title: string, fields: object = {}): Capture {
    const name = this.nextCapture;
    this.next++;
    return this.putCapture({ name, participant, title, ...fields });
  }

  putCapture(fields: MessageInitShape<typeof CaptureSchema>): Capture {
    const capture = create(CaptureSchema, fields);
    this.captures.set(capture.name, capture);
    this.change({ case: 'capture', value: capture });
    return capture;
  }

  updateCapture(name: string, fields: MessageInitShape<typeof CaptureSchema>): void {
    const before = this.captures.get(name);
    if (!before) return;
    this.putCapture({ ...plain(before), ...fields } as MessageInitShape<typeof CaptureSchema>);
  }

  endCapture(name: string): void {
    if (this.captures.delete(name)) this.change({ case: 'deletedCapture', value: name });
  }

  openTab(title: string, creator: string, fields: MessageInitShape<typeof TabSchema> = {}): Tab {
    const name = `${this.name}/tabs/t${this.next++}`;
    const tab = create(TabSchema, {
      name,
      title,
      state: Tab_State.RUNNING,
      size: create(TerminalSizeSchema, { columns: 100, rows: 30 }),
      position: this.tabs.size,
      creator,
      sizeOwner: creator,
      workingDirectory: '/srv/shop',
      incarnation: 'host-1',
      ...fields,
    } as MessageInitShape<typeof TabSchema>);
    const terminal = new FakeTerminal(name, '\x1b[32mshop\x1b[0m \x1b[34m/srv/shop\x1b[0m $ ');
    if (tab.size) terminal.size = tab.size;
    terminal.onCommandEnd = (lastCommand) => {
      if (this.tabs.has(name)) this.updateTab(name, { lastCommand: { ...lastCommand } });
    };
    this.terminals.set(name, terminal);
    this.tabs.set(name, tab);
    this.change({ case: 'tab', value: tab });
    return tab;
  }

  updateTab(name: string, fields: MessageInitShape<typeof TabSchema>): Tab {
    const tab = create(TabSchema, {
      ...plain(this.tabs.get(name)!),
      ...fields,
    } as MessageInitShape<typeof TabSchema>);
    this.tabs.set(name, tab);
    this.change({ case: 'tab', value: tab });
    return tab;
  }

  moveTab(name: string, position: number): void {
    const order = [...this.tabs.values()].sort((a, b) => a.position - b.position);
    const at = order.findIndex((one) => one.name === name);
    const [moved] = order.splice(at, 1);
    order.splice(position, 0, moved!);
    order.forEach((one, index) => {
      if (one.position !== index) this.updateTab(one.name, { position: index });
    });
  }

  closeTab(name: string): void {
    if (!this.tabs.delete(name)) return;
    this.terminals.delete(name);
    this.change({ case: 'deletedTab', value: name });
  }

  /** The timeline read back, or what was found in it: one page. */
  read(message: JoinRequest['message']): object | undefined {
    const newest = this.entries.toReversed();
    if (message.case === 'listEntries')
      return {
        case: 'entries',
        value: create(ListTimelineEntriesResponseSchema, { entries: newest }),
      };
    if (message.case !== 'searchTimeline') return undefined;
    const query = message.value.query.toLowerCase();
    const matches = newest.flatMap((entry) => {
      const start = entry.text.toLowerCase().indexOf(query);
      if (start < 0) return [];
      return [{ entry, snippet: entry.text, ranges: [{ start, end: start + query.length }] }];
    });
    return { case: 'found', value: create(SearchTimelineResponseSchema, { matches }) };
  }

  entry(
    kind: TimelineEntry_Kind,
    who: string[],
    text: string,
    fields: MessageInitShape<typeof TimelineEntrySchema> = {},
  ): TimelineEntry {
    const entry = create(TimelineEntrySchema, {
      name: `${this.name}/entries/${this.next++}`,
      kind,
      createTime: timestampFromMs(this.nowMs()),
      speakers: who,
      speakerNames: who.map((one) => this.participants.get(one)?.displayName ?? 'Agent'),
      text,
      ...fields,
    } as MessageInitShape<typeof TimelineEntrySchema>);
    this.entries.push(entry);
    this.change({ case: 'entry', value: entry });
    return entry;
  }

  propose(tab: string, input: string, requester = '', tool = 'run_command'): Approval {
    const approval = create(ApprovalSchema, {
      name: `${this.name}/approvals/a${this.next++}`,
      state: Approval_State.PENDING,
      tool,
      tab,
      input: Buffer.from(input),
      workingDirectory: tab ? '/srv/shop' : '',
      requester,
      createTime: timestampFromMs(this.nowMs()),
      expireTime: timestampFromMs(this.nowMs() + 60_000),
    });
    this.approvals.set(approval.name, approval);
    this.change({ case: 'approval', value: approval });
    return approval;
  }

  decide(name: string, approve: boolean, decider: string): boolean {
    const pending = this.approvals.get(name);
    if (!pending) return false;
    this.approvals.delete(name);
    const state = approve ? Approval_State.APPROVED : Approval_State.DENIED;
    const deciderName = this.participants.get(decider)?.displayName ?? '';
    const decided = { ...pending, state, decider, deciderName } as Approval;
    const approval = create(ApprovalSchema, decided);
    this.change({ case: 'approval', value: approval });
    this.entry(TimelineEntry_Kind.APPROVAL, [], '', { approval });
    return true;
  }
}

/** A message's fields: with its type's name `create` would take it as it is. */
function plain<T extends object>(message: T): Omit<T, '$typeName' | '$unknown'> {
  const { $typeName, $unknown, ...fields } = message as T & {
    $typeName?: string;
    $unknown?: unknown;
  };
  return fields as Omit<T, '$typeName' | '$unknown'>;
}
