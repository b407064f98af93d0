import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { WebSocket } from 'ws';
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
} from '../../src/gen/atrium/v1/session_pb';
import { SayRequest_Audience, TimelineEntry_Kind } from '../../src/gen/atrium/v1/timeline_pb';
import { type FakeGateway, frame, outcome } from './gateway';

const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;

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
  private kept: JoinRequest[] = [];

  constructor(
    private readonly gateway: FakeGateway,
    readonly socket: WebSocket,
    readonly participant: string,
  ) {}

  send(message: JoinResponse['message']): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(frame(message));
  }

  onRequest(request: JoinRequest): void {
    this.heard.push(request);
    const { control } = this.gateway;
    if (control !== 'here' && !OF_TERMINALS.has(request.message.case)) {
      if (control === 'away') this.kept.push(request);
      return;
    }
    this.obey(request);
  }

  private obey(request: JoinRequest): void {
    const refusal = this.refusal(request);
    if (refusal) {
      this.send(outcome(request.requestId, refusal));
      return;
    }
    const result = this.act(request);
    if (request.requestId > 0n) this.send(outcome(request.requestId, result ? { result } : {}));
  }

  /** Control is back: what waited is done now. */
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

  private refusal({ message }: JoinRequest): object | undefined {
    const role = this.gateway.session.participants.get(this.participant)?.role ?? 0;
    const needsEditor = [
      'input',
      'createTab',
      'updateTab',
      'deleteTab',
      'say',
      'decideApproval',
      'takeControl',
    ];
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
      case 'takeControl': {
        const { tab, size } = message.value;
        session.terminals.get(tab)?.resize(size!);
        session.updateTab(tab, { size, sizeOwner: this.participant });
        return;
      }
      case 'createTab': {
        const tab = session.openTab(`shell ${session.tabs.size + 1}`, this.participant, {
          size: message.value.tab?.size,
        });
        session.terminals.get(tab.name)?.showPrompt();
        return { case: 'tab', value: tab };
      }
      case 'updateTab': {
        const { tab, updateMask } = message.value;
        if (updateMask?.paths.includes('title'))
          session.updateTab(tab!.name, { title: tab!.title });
        if (updateMask?.paths.includes('position')) session.moveTab(tab!.name, tab!.position);
        return;
      }
      case 'deleteTab':
        session.closeTab(message.value.name);
        return;
      default:
        return this.actOnPeople(message);
    }
  }

  private actOnPeople(message: JoinRequest['message']): object | undefined {
    const { session } = this.gateway;
    switch (message.case) {
      case 'updateSelf': {
        const { displayName, muted, deafened, viewingTab } = message.value;
        const set = Object.entries({ displayName, muted, deafened, viewingTab });
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
      case 'decideApproval':
        if (!session.decide(message.value.name, message.value.approve, this.participant)) {
          this.send(
            outcome(0n, { code: FAILED_PRECONDITION, message: 'Somebody decided before.' }),
          );
        }
        return;
      case 'goLive':
        session.participant(this.id, { live: true });
        this.makeLive();
        return;
      case 'hangUp':
        session.participant(this.id, { live: false });
        return;
      case 'signal':
        if (message.value.signal.case === 'offerSdp') {
          void this.answer(message.value.epoch, message.value.signal.value);
        }
        return;
      case 'pingTimeUs':
        this.send({ case: 'pongTimeUs', value: message.value });
        return;
      default:
        return this.actOnInvites(message);
    }
  }

  private actOnInvites(message: JoinRequest['message']): object | undefined {
    const { name } = this.gateway.session;
    const invite = create(InviteSchema, {
      name: `${name}/invites/i1`,
      role: Participant_Role.EDITOR,
      expireTime: timestampFromMs(Date.now() + 86_400_000),
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
