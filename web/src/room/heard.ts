import type { Caption } from '../gen/atrium/v1/conversation_pb';
import type {
  AudioLevels,
  JoinResponse_Outcome,
  JoinResponse_Welcome,
} from '../gen/atrium/v1/live_pb';
import type { SessionChange, SessionSnapshot } from '../gen/atrium/v1/session_pb';
import { type Approval, Approval_State } from '../gen/atrium/v1/timeline_pb';
import type { Heard, Said } from '../link/codec';
import type { LinkListener, LinkState } from '../link/link';
import { resumeCall } from './call_again';
import { reloadForOtherBuild } from './other_build';
import type { Room } from './room';

/** Levels come ten times a second; who is missing for so long is silent. */
const LEVELS_STAY_MS = 600;
/** Why a last word of this page about its call came too late: that ended there before. */
const NOT_LIVE = 'NOT_LIVE';

/** What the room hears over its link, given to the part that it is for. */
export class RoomHeard implements LinkListener {
  private readonly room: Room;
  /** Welcomed, and the state that follows has not come yet. */
  awaitsState = false;
  private levelsTimer: ReturnType<typeof setTimeout> | undefined;
  /** Takes back the word that a card waits behind another panel. */
  dismissApprovalNotice: () => void = () => {};

  constructor(room: Room) {
    this.room = room;
  }

  onLinkState(state: LinkState): void {
    const { room } = this;
    room.linkState = state;
    if (state.kind !== 'open') {
      room.terminals.unlink();
      room.muting.forget();
      // The server takes it as let go, too.
      room.talking.end();
    } else room.troubles.catchUp();
    if (state.kind === 'ended') {
      room.call.stop();
      room.captures.end();
      if (!room.store.known) void room.stayOutside(state.message);
    }
    room.changes.emit('link');
  }

  onRejoining(say: (message: Said) => void): void {
    this.room.terminals.resume(say);
  }

  onWelcome(welcome: JoinResponse_Welcome, session: string): void {
    const { room } = this;
    this.awaitsState = true;
    room.me = welcome.participant;
    room.agentAvailable = welcome.agentAvailable;
    room.disclosures = welcome.disclosures;
    room.enter(session);
  }

  onOtherBuild(): void {
    reloadForOtherBuild(this.room.notices);
  }

  introduce() {
    const { call, settings } = this.room;
    return {
      buildId: __BUILD_ID__,
      displayName: settings.name,
      liveEpoch: call.phase === 'live' ? call.epoch : 0n,
      muted: call.muted || call.listensOnly !== '',
      deafened: call.deafened,
    };
  }

  onHeard(message: Heard): void {
    const { room } = this;
    switch (message.case) {
      case 'snapshot':
        return this.onSnapshot(message.value);
      case 'change':
        return this.onChange(message.value);
      case 'output':
        return room.terminals.onOutput(message.value);
      case 'resized':
        return room.terminals.onResized(message.value);
      case 'screen':
        return room.terminals.onScreen(message.value);
      case 'inputAck':
        return room.terminals.onInputAck(message.value);
      case 'caption':
        return this.onCaption(message.value);
      case 'levels':
        return this.onLevels(message.value);
      case 'signal':
        return message.value.capture
          ? room.captures.onSignal(message.value)
          : room.call.onSignal(message.value);
      case 'captureReady':
        return room.captures.onReady(message.value);
      case 'captureBitrate':
        return room.captures.onBitrate(message.value);
      case 'captureEnded':
        return room.captures.onEnded(message.value.capture);
      case 'liveReady':
        return room.call.onReady(message.value);
      case 'liveEnded':
        return room.call.onEnded(message.value);
      case 'typing':
        return room.onTyping(message.value.participant, message.value.tab);
      case 'outcome':
        return this.onUnaskedOutcome(message.value);
      default:
        return;
    }
  }

  private onSnapshot(snapshot: SessionSnapshot): void {
    const { room } = this;
    room.store.applySnapshot(snapshot);
    room.commands.onSnapshot(room.store.tabs.values());
    room.tabs.reconcile(room.store.tabs.values());
    room.terminals.sync(room.store.tabs.values());
    const rejoined = this.awaitsState;
    if (rejoined) {
      this.awaitsState = false;
      room.call.onRejoined(room.self?.live ?? false);
      void resumeCall(room);
      room.sayViewing();
    }
    room.muting.follow();
    room.windowSize.follow();
    room.troubles.followAgent();
    room.captures.onSnapshot(rejoined);
    room.changes.emit('state', 'terminal', 'call');
  }

  private onChange(change: SessionChange): void {
    const { room } = this;
    const changed = change.change.case === 'tab' ? change.change.value.name : '';
    const before = room.store.tabs.get(changed);
    const applied = room.store.applyChange(change);
    if (applied === 'gap') {
      room.link?.rejoin();
      return;
    }
    if (applied === 'ignored') return;
    const step = change.change;
    if (step.case === 'tab') {
      room.tabs.onTab(step.value);
      room.terminals.sync([step.value]);
      room.driving.onTab(before, step.value);
      room.commands.onTab(step.value);
    }
    if (step.case === 'participant') room.muting.follow();
    if (step.case === 'participant' && step.value.name === room.me)
      room.terminals.sync(room.store.tabs.values());
    if (step.case === 'tab' || step.case === 'participant') room.windowSize.follow();
    if (step.case === 'conversation') room.troubles.followAgent();
    if (step.case === 'approval') this.onApproval(step.value);
    if (step.case === 'deletedTab') room.tabs.onDeleted(step.value);
    if (step.case === 'capture') room.captures.onChange();
    if (step.case === 'deletedCapture') room.captures.onChange(step.value);
    room.changes.emit('state', 'terminal');
  }

  /** On a phone the card may be behind another panel. */
  private onApproval(approval: Approval): void {
    if (this.room.shows('timeline') || approval.state !== Approval_State.PENDING) return;
    this.dismissApprovalNotice = this.room.notices.show('An approval is asked for.', 'warn', [
      { label: 'Show', run: () => this.room.show({ panel: 'timeline' }) },
    ]);
  }

  private onLevels(levels: AudioLevels | undefined): void {
    clearTimeout(this.levelsTimer);
    this.room.levels = levels;
    if (levels) this.levelsTimer = setTimeout(() => this.onLevels(undefined), LEVELS_STAY_MS);
    this.room.changes.emit('levels');
  }

  private onCaption(caption: Caption): void {
    this.room.captions.apply(caption, Date.now());
    this.room.changes.emit('captions');
  }

  private onUnaskedOutcome(outcome: JoinResponse_Outcome): void {
    if (this.room.driving.onUnaskedOutcome(outcome)) return;
    if (outcome.reason === NOT_LIVE) return;
    if (outcome.code !== 0 && outcome.message) this.room.notices.show(outcome.message, 'warn');
  }
}
