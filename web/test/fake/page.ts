import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { WebSocket } from 'ws';
import {
  type Conversation,
  Conversation_State,
  type UpdateConversationRequest,
} from '../../src/gen/atrium/v1/conversation_pb';
import {
  InputAckSchema,
  type JoinRequest,
  type JoinResponse,
  LiveReadySchema,
  PeerSignalSchema,
  TypingSchema,
} from '../../src/gen/atrium/v1/live_pb';
import {
  InviteSchema,
  ListInvitesResponseSchema,
  Participant_Role,
  type Session,
  type UpdateSessionRequest,
} from '../../src/gen/atrium/v1/session_pb';
import {
  ListCommandsResponseSchema,
  type RunCommandRequest,
  RunCommandResponseSchema,
  SizePolicy,
  type TerminalSize,
  type UpdateTabRequest,
} from '../../src/gen/atrium/v1/tab_pb';
import { SayRequest_Audience, TimelineEntry_Kind } from '../../src/gen/atrium/v1/timeline_pb';
import { type FakeGateway, frame, outcome } from './gateway';

const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const UNAVAILABLE = 14;

const SOMEBODY_DRIVES = "Somebody else holds this tab's keyboard: ask for it";

/** What the gateway does by itself. */
const OF_TERMINALS: ReadonlySet<string | undefined> = new Set([
  'subscribe',
  'unsubscribe',
  'input',
  'ack',
  'resize',
]);

/** One page's socket, as the fake sees it. */
export class FakePage {
  pageId = '';
  epoch = 0n;
  readonly heard: JoinRequest[] = [];
  /** What fits this page, by tab. */
  readonly windows = new Map<string, TerminalSize>();
  private kept: JoinRequest[] = [];

  constructor(
    private readonly gateway: FakeGateway,
    readonly socket: WebSocket,
    readonly participant: string,
  ) {}

  send(message: JoinResponse['message']): void {
    const bytes = frame(message);
    this.gateway.later(() => {
      if (this.socket.readyState === this.socket.OPEN) this.socket.send(bytes);
    });
  }

  onRequest(request: JoinRequest): void {
    this.heard.push(request);
    const { control } = this.gateway;
    if (control !== 'here' && !OF_TERMINALS.has(request.message.case)) {
      if (control === 'away') this.kept.push(request);
      return;
    }
    const { listsWait, opensAfterMs } = this.gateway;
    if (listsWait && request.message.case === 'listCommands') this.kept.push(request);
    else if (opensAfterMs > 0 && request.message.case === 'createTab')
      setTimeout(() => this.obey(request), opensAfterMs);
    else this.obey(request);
  }

  private obey(request: JoinRequest): void {
    const refusal = this.refusal(request);
    if (refusal) {
      this.send(outcome(request.requestId, refusal));
      return;
    }
    const result = this.act(request);
    if (result && 'code' in result) this.send(outcome(request.requestId, result));
    else if (request.requestId > 0n)
      this.send(outcome(request.requestId, result ? { result } : {}));
  }

  /** What waited is done now: control is back, or lists are answered again. */
  catchUp(): void {
    const { kept } = this;
    this.kept = [];
    for (const request of kept) this.obey(request);
  }

  /** Opens a new peer connection with this page. */
  makeLive(): void {
    this.epoch++;
    this.send({ case: 'liveReady', value: create(LiveReadySchema, { epoch: this.epoch }) });
  }

  private get id(): string {
    return this.participant.split('/').at(-1)!;
  }

  private get role(): Participant_Role {
    return this.gateway.session.participants.get(this.participant)?.role ?? 0;
  }

  private refusal({ message }: JoinRequest): object | undefined {
    const { role } = this;
    const needsEditor = [
      'input',
      'createTab',
      'updateTab',
      'deleteTab',
      'say',
      'decideApproval',
      'takeControl',
      'requestControl',
      'runCommand',
    ];
    if (
      role < Participant_Role.OWNER &&
      ['updateSession', 'muteParticipant'].includes(message.case ?? '')
    ) {
      return { code: PERMISSION_DENIED, message: 'Owners change settings.' };
    }
    if (role < Participant_Role.EDITOR && needsEditor.includes(message.case ?? '')) {
      return { code: PERMISSION_DENIED, message: 'Viewers cannot do this.' };
    }
    return undefined;
  }

  private act({ message }: JoinRequest): object | undefined {
    const { session } = this.gateway;
    switch (message.case) {
      case 'subscribe':
        session.terminals.get(message.value.tab)?.attach(this, Number(message.value.offset));
        return;
      case 'unsubscribe':
        session.terminals.get(message.value.tab)?.readers.delete(this);
        return;
      case 'ack':
        session.terminals.get(message.value.tab)?.acknowledge(this, Number(message.value.offset));
        return;
      case 'input':
        return this.onInput(message.value);
      case 'resize':
        return this.onResize(message.value.tab, message.value.size!);
      case 'createTab': {
        const { refuseTabs } = this.gateway;
        if (refuseTabs) return { code: RESOURCE_EXHAUSTED, message: refuseTabs };
        const tab = session.openTab(`shell ${session.tabs.size + 1}`, this.participant, {
          size: message.value.tab?.size,
        });
        session.terminals.get(tab.name)?.showPrompt();
        return { case: 'tab', value: tab };
      }
      case 'updateTab':
        return this.onUpdateTab(message.value);
      case 'deleteTab':
        session.closeTab(message.value.name);
        return;
      default:
        return this.actOnControl(message);
    }
  }

  private actOnControl(message: JoinRequest['message']): object | undefined {
    const { driving, session } = this.gateway;
    switch (message.case) {
      case 'takeControl':
        return driving.take(this.participant, message.value);
      case 'requestControl':
        return driving.ask(this.participant, message.value);
      case 'grantControl':
        return driving.grant(this.participant, message.value);
      case 'releaseControl':
        return driving.release(this.participant, message.value);
      case 'listCommands': {
        const all = session.terminals.get(message.value.tab)?.commands ?? [];
        const commands = [...all].reverse().slice(0, message.value.pageSize || 50);
        return { case: 'commands', value: create(ListCommandsResponseSchema, { commands }) };
      }
      case 'runCommand':
        return this.onRunCommand(message.value);
      case 'updateSession':
        return this.onUpdateSession(message.value);
      case 'updateConversation':
        return this.onUpdateConversation(message.value);
      case 'startConversation':
        session.updateConversation({ state: Conversation_State.ACTIVE, problem: '' });
        return;
      default:
        return this.actOnPeople(message);
    }
  }

  /** By SMALLEST every window that shows the tab counts, else the size owner's alone. */
  private onResize(name: string, size: TerminalSize): undefined {
    const { session } = this.gateway;
    const tab = session.tabs.get(name);
    if (!tab) return;
    if (tab.sizePolicy === SizePolicy.SMALLEST) {
      if (size.columns === 0) this.windows.delete(name);
      else this.windows.set(name, size);
      this.gateway.fitWindows(name);
    } else if (tab.sizePolicy !== SizePolicy.FIXED && tab.sizeOwner === this.participant)
      session.resize(name, size);
  }

  private onUpdateTab({ tab, updateMask }: UpdateTabRequest): object | undefined {
    const { session } = this.gateway;
    const { name } = tab!;
    if (!session.tabs.has(name)) return { code: NOT_FOUND, message: 'There is no such tab.' };
    const paths = new Set(updateMask?.paths);
    if (paths.has('title')) session.updateTab(name, { title: tab!.title });
    if (paths.has('position')) session.moveTab(name, tab!.position);
    if (paths.has('size_policy')) session.updateTab(name, { sizePolicy: tab!.sizePolicy });
    if (paths.has('size') && tab!.size) {
      session.resize(name, tab!.size);
    }
    session.updateTab(name, { idleExpireTime: undefined });
    return { case: 'tab', value: session.tabs.get(name) };
  }

  private onRunCommand({ tab, command }: RunCommandRequest): object | undefined {
    const terminal = this.gateway.session.terminals.get(tab);
    if (!terminal) return { code: NOT_FOUND, message: 'There is no such tab.' };
    if (terminal.busy) {
      return {
        code: FAILED_PRECONDITION,
        message: 'A program runs in this tab: wait for its end.',
      };
    }
    const exitCode = terminal.runLine(command)?.exitCode ?? 0;
    return { case: 'run', value: create(RunCommandResponseSchema, { tab, exitCode }) };
  }

  private onUpdateSession({ session, updateMask }: UpdateSessionRequest): object | undefined {
    const rules = session?.commandPolicy?.rules ?? [];
    const bad = rules.findIndex((one) => one.pattern.includes('('.repeat(2)));
    if (bad >= 0) {
      const field = `session.command_policy.rules[${bad}].pattern`;
      return { code: INVALID_ARGUMENT, field, message: 'missing closing ) in the pattern' };
    }
    const wanted: Record<string, unknown> = {};
    for (const path of updateMask?.paths ?? []) {
      const key = path.replace(/_(.)/g, (_, one: string) => one.toUpperCase());
      wanted[key] = session?.[key as keyof Session];
    }
    return { case: 'session', value: this.gateway.session.updateSession(wanted) };
  }

  private onUpdateConversation({ conversation, updateMask }: UpdateConversationRequest): undefined {
    const wanted: Record<string, unknown> = {};
    for (const path of updateMask?.paths ?? []) {
      const key = path === 'audio_mode' ? 'audioMode' : path;
      wanted[key] = conversation?.[key as keyof Conversation];
    }
    this.gateway.session.updateConversation(wanted);
  }

  private actOnPeople(message: JoinRequest['message']): object | undefined {
    const { session } = this.gateway;
    switch (message.case) {
      case 'updateSelf': {
        const { displayName, muted, deafened, viewingTab } = message.value;
        if (muted === false && this.role < Participant_Role.EDITOR)
          return { code: PERMISSION_DENIED, message: 'Viewers are not heard.' };
        const mutedBy = muted === false ? '' : undefined;
        const set = Object.entries({ displayName, muted, mutedBy, deafened, viewingTab });
        session.participant(
          this.id,
          Object.fromEntries(set.filter(([, value]) => value !== undefined)),
        );
        return;
      }
      case 'say':
        session.entry(TimelineEntry_Kind.CHAT, [this.participant], message.value.text);
        if (message.value.audience === SayRequest_Audience.AGENT) {
          session.entry(TimelineEntry_Kind.AGENT, ['agent'], 'I hear you.');
        }
        return;
      case 'listEntries':
      case 'searchTimeline':
        return session.read(message);
      case 'decideApproval':
        if (!session.decide(message.value.name, message.value.approve, this.participant)) {
          this.send(
            outcome(0n, { code: FAILED_PRECONDITION, message: 'Somebody decided before.' }),
          );
        }
        return;
      case 'goLive':
        if (this.gateway.refuseCalls)
          return { code: UNAVAILABLE, message: this.gateway.refuseCalls };
        session.participant(this.id, {
          live: true,
          ...(this.role < Participant_Role.EDITOR ? { muted: true } : {}),
        });
        this.makeLive();
        return;
      case 'hangUp':
        session.participant(this.id, { live: false });
        return;
      case 'signal':
        if (message.value.capture) void this.gateway.captures.answer(this, message.value);
        else if (message.value.signal.case === 'offerSdp') {
          void this.answer(message.value.epoch, message.value.signal.value);
        }
        return;
      case 'pingTimeUs':
        this.send({ case: 'pongTimeUs', value: message.value });
        return;
      default:
        return this.actOnCaptures(message);
    }
  }

  private actOnCaptures(message: JoinRequest['message']): object | undefined {
    const { captures } = this.gateway;
    switch (message.case) {
      case 'startCapture':
        return captures.start(this, message.value);
      case 'createCapture':
        return captures.createDisplay(this, message.value);
      case 'updateCapture':
        return captures.update(this, message.value);
      case 'stopCapture':
        return captures.stop(this, message.value);
      case 'watchCapture':
        return captures.watch(this, message.value.capture);
      case 'leaveCapture':
        captures.leave(this, message.value.capture);
        return;
      case 'muteParticipant':
        return this.onMute(message.value.name);
      case 'setParticipantVolume':
        return this.onVolume(message.value.name, message.value.volumePercent);
      default:
        return this.actOnInvites(message);
    }
  }

  private onVolume(name: string, volumePercent: number | undefined): object | undefined {
    if (name !== this.participant && this.role < Participant_Role.OWNER)
      return { code: PERMISSION_DENIED, message: 'Owners set how loud others are.' };
    if (!this.gateway.session.participants.has(name))
      return { code: NOT_FOUND, message: `No participant ${name}` };
    this.gateway.session.participant(name.split('/').at(-1)!, { volumePercent });
    return undefined;
  }

  private onMute(name: string): object | undefined {
    const { session } = this.gateway;
    const one = session.participants.get(name);
    if (!one) return { code: NOT_FOUND, message: `No participant ${name}` };
    const mutedBy = name === this.participant ? '' : this.participant;
    session.participant(name.split('/').at(-1)!, { muted: true, mutedBy });
    return undefined;
  }

  private actOnInvites(message: JoinRequest['message']): object | undefined {
    const { name } = this.gateway.session;
    const invite = create(InviteSchema, {
      name: `${name}/invites/i1`,
      role: Participant_Role.EDITOR,
      expireTime: timestampFromMs(Date.now() + 86_400_000),
      usesLeft: 1,
      creator: this.participant,
    });
    if (message.case === 'createInvite') {
      return {
        case: 'invite',
        value: create(InviteSchema, { ...invite, secret: 'editor-Zk3v9QmT7xYb2LwP' }),
      };
    }
    if (message.case === 'listInvites') {
      return { case: 'invites', value: create(ListInvitesResponseSchema, { invites: [invite] }) };
    }
    return undefined;
  }

  private onInput(input: { tab: string; sequence: bigint; data: Uint8Array }): undefined {
    const { session } = this.gateway;
    const terminal = session.terminals.get(input.tab);
    if (!terminal) return;
    const driver = session.tabs.get(input.tab)?.driver;
    if (driver && driver !== this.participant) {
      this.gateway.strayInputs++;
      const { tab, sequence } = input;
      terminal.skip(this.pageId, Number(sequence));
      this.send({ case: 'inputAck', value: create(InputAckSchema, { tab, sequence }) });
      this.send(outcome(0n, { code: FAILED_PRECONDITION, message: SOMEBODY_DRIVES }));
      return;
    }
    const sequence = terminal.type(this.pageId, Number(input.sequence), input.data);
    const ack = create(InputAckSchema, { tab: input.tab, sequence: BigInt(sequence) });
    this.send({ case: 'inputAck', value: ack });
    const typing = create(TypingSchema, { tab: input.tab, participant: this.participant });
    this.gateway.broadcast({ case: 'typing', value: typing });
  }

  /** Answers with what the test's other end makes of the offer, if there is one. */
  private async answer(epoch: bigint, offer: string): Promise<void> {
    const sdp = await this.gateway.onOffer?.(Number(epoch), offer);
    if (!sdp) return;
    const signal = { case: 'answerSdp' as const, value: sdp };
    this.send({ case: 'signal', value: create(PeerSignalSchema, { epoch, signal }) });
  }
}
