import { create } from '@bufbuild/protobuf';
import { FieldMaskSchema } from '@bufbuild/protobuf/wkt';
import { Attention } from '../capture/attention';
import type { Consent } from '../capture/consent';
import { browserObstacle, type CaptureProblem } from '../capture/problems';
import { browserScreens } from '../capture/screens';
import { ShownCapture, stopOf } from '../capture/shown';
import { kindAndTitle } from '../capture/title';
import { leaveOf, WatchedCapture } from '../capture/watched';
import {
  type Capture,
  Capture_Source,
  Capture_State,
  CaptureSchema,
  CreateCaptureRequestSchema,
  UpdateCaptureRequestSchema,
} from '../gen/atrium/v1/capture_pb';
import { type Conversation, Conversation_State } from '../gen/atrium/v1/conversation_pb';
import type {
  CaptureReady,
  JoinResponse_CaptureBitrate,
  PeerSignal,
} from '../gen/atrium/v1/live_pb';
import { ForbiddenAct_Act } from '../gen/atrium/v1/session_pb';
import { forbiddenHere, screenUse } from '../state/use_policy';
import type { Room } from './room';
import { isWide } from './wide';

const PROBLEM_STAYS_MS = 12_000;

/** The screens that are shown: this page's own, and those that it watches. */
export class RoomCaptures {
  readonly shown: ShownCapture;
  /** What this page watches, by name. */
  readonly watched = new Map<string, WatchedCapture>();
  /** Screens that the person put away. */
  private readonly hidden = new Set<string>();
  /** Whose the announced screens are, by name; empty for one's own. */
  private readonly announced = new Map<string, string>();
  private readonly room: Room;
  private readonly attention = new Attention(document, () => this.sync());
  /** The state that is known is of this epoch. */
  private epoch = '';
  /** The screen on the main stage. */
  private staged = '';

  constructor(room: Room) {
    this.room = room;
    this.shown = new ShownCapture(browserScreens, room, {
      onShownChanged: () => this.sync(),
      onShownProblem: (problem) => this.onProblem(problem),
      onShownTrouble: (category) => room.troubles.count(category, true),
    });
  }

  /** What is shown ends with the page. */
  followPage(): void {
    addEventListener('pagehide', () => this.shown.leave());
  }

  /** All of them, this page's own first, then the oldest. */
  all(): Capture[] {
    if (this.room.linkState.kind === 'ended') return [];
    const all = [...this.room.store.captures.values()];
    return [...all.filter((one) => this.isOwn(one)), ...all.filter((one) => !this.isOwn(one))];
  }

  isOwn(capture: Capture): boolean {
    return capture.name === this.shown.name;
  }

  isHidden(name: string): boolean {
    return this.hidden.has(name);
  }

  /** True if it is one line: put away by the person, or on the main stage. */
  isPutAway(name: string): boolean {
    return this.hidden.has(name) || (isWide() && this.onStage?.name === name);
  }

  /** The screen on the main stage, if it is still there. */
  get onStage(): Capture | undefined {
    return this.hidden.has(this.staged) ? undefined : this.room.store.captures.get(this.staged);
  }

  streamOf(name: string): MediaStream | undefined {
    return name === this.shown.name ? this.shown.stream : this.watched.get(name)?.stream;
  }

  peerOf(name: string): RTCPeerConnection | undefined {
    return name === this.shown.name ? this.shown.peer : this.watched.get(name)?.peer;
  }

  /** What is to be said in the place of the picture; empty while it comes. */
  wordsOf(capture: Capture): string {
    if (this.isOwn(capture)) return '';
    const phase = this.watched.get(capture.name)?.phase ?? 'connecting';
    if (phase === 'seen') return '';
    if (phase === 'late') return 'The picture is late: connecting again';
    return capture.state === Capture_State.STARTING ? 'Waiting for the picture…' : 'Connecting…';
  }

  /** Whose it is: "Olga's screen". */
  whose(capture: Capture): string {
    if (isDisplay(capture)) return "The machine's display";
    if (capture.participant === this.room.me) return 'Your screen';
    const name = this.room.nameOf(capture.participant);
    return `${name === 'somebody' ? 'Somebody' : name}'s screen`;
  }

  /** What somebody shows, by title. */
  shownBy(participant: string): Capture[] {
    return this.all().filter((one) => one.participant === participant);
  }

  /** Why this person cannot show a screen here; undefined if they can. */
  get obstacle(): string | undefined {
    const { room } = this;
    const obstacle = browserObstacle() ?? this.forbidden(ForbiddenAct_Act.SHOW_SCREENS);
    if (obstacle || !room.self) return obstacle;
    if (room.mayType) return screenUse(room.store.session?.usePolicy, room.self.role);
    return 'Viewers cannot show a screen. Ask an owner for an editor link to show one.';
  }

  /** The agent can see screens, so that people say whether it may. */
  get agentCouldSee(): boolean {
    return this.agentTakesImages && !this.agentObstacle;
  }

  /** Why the agent, which could, is shown no screen here; undefined if it is. */
  get agentObstacle(): string | undefined {
    return this.agentTakesImages ? this.forbidden(ForbiddenAct_Act.SHOW_TO_AGENT) : undefined;
  }

  private get agentTakesImages(): boolean {
    return this.room.agentAvailable && (this.room.store.conversation?.takesImages ?? false);
  }

  private forbidden(act: ForbiddenAct_Act): string | undefined {
    return forbiddenHere(this.room.store.session, act);
  }

  /** Screens that the agent sees. */
  get seenByAgent(): Capture[] {
    return this.all().filter((one) => this.isSeenByAgent(one));
  }

  /** The agent may see it, and is there to do so. */
  isSeenByAgent({ agentSees }: Capture): boolean {
    return agentSees && isThere(this.room.store.conversation);
  }

  /** True if this person can show the machine's own display now. */
  get mayShowDisplay(): boolean {
    const { store, isOwner } = this.room;
    if (!isOwner || this.forbidden(ForbiddenAct_Act.SHOW_SCREENS)) return false;
    return (store.session?.hasDisplay ?? false) && !this.all().some(isDisplay);
  }

  /** Shows a screen, or stops; what is to be chosen first, is asked for. */
  toggle(): void {
    if (this.shown.isShowing) this.shown.stop();
    else if (this.mayShowDisplay || (this.agentCouldSee && !this.obstacle))
      this.room.show({ choosingScreen: !this.room.choosingScreen });
    else this.share();
  }

  /** Lets the person pick a screen and shows it. Only to be called from a click or a key. */
  share(consent: Consent = {}): void {
    const { obstacle, shown } = this;
    this.room.show({ choosingScreen: false });
    if (obstacle) this.room.notices.show(obstacle, 'warn');
    else if (this.room.linkState.kind !== 'open')
      this.room.notices.show('Not connected; a screen can be shared as soon as it is.', 'warn');
    else {
      this.room.troubles.beginScreen();
      void shown.start(consent);
    }
  }

  /** Shows the machine's own display. */
  showDisplay(agentSees: boolean): void {
    const capture = create(CaptureSchema, { agentSees });
    const value = create(CreateCaptureRequestSchema, { capture });
    this.room.show({ choosingScreen: false });
    this.room.ask({ case: 'createCapture', value }).catch((e) => this.room.notices.failed(e));
  }

  /** True if this person decides whether the agent sees it; owners can but end the showing. */
  decidesAgentSees(capture: Capture): boolean {
    return capture.participant === this.room.me;
  }

  /** Says whether the agent sees a screen. */
  async letAgentSee(name: string, agentSees: boolean): Promise<void> {
    if (name === this.shown.name) this.shown.allow(agentSees);
    const value = create(UpdateCaptureRequestSchema, {
      capture: create(CaptureSchema, { name, agentSees }),
      updateMask: create(FieldMaskSchema, { paths: ['agent_sees'] }),
    });
    try {
      await this.room.ask({ case: 'updateCapture', value });
    } catch (error) {
      if (agentSees && name === this.shown.name) this.shown.allow(false);
      this.room.notices.failed(error);
    }
  }

  /** Puts a screen on the main stage, or the one there back. */
  stage(name: string): void {
    this.staged = this.onStage?.name === name ? '' : name;
    if (this.staged) this.hidden.delete(name);
    this.sync();
  }

  hide(name: string): void {
    this.hidden.add(name);
    if (this.staged === name) this.staged = '';
    this.sync();
  }

  unhide(name: string): void {
    this.hidden.delete(name);
    this.sync();
  }

  /** Stops what somebody shows. For owners, and for one's own. */
  stop(name: string): void {
    if (name === this.shown.name) this.shown.stop();
    else this.room.ask(stopOf(name)).catch((error) => this.room.notices.failed(error));
  }

  onReady(ready: CaptureReady): void {
    if (ready.shows) this.shown.onReady(ready);
    else if (this.watched.has(ready.capture)) this.watched.get(ready.capture)?.onReady(ready);
    else this.room.ask(leaveOf(ready.capture)).catch(() => {});
  }

  /** This page does not see a screen any more that may be shown still. */
  onEnded(capture: string): void {
    this.watched.get(capture)?.onEnded();
  }

  onBitrate(bitrate: JoinResponse_CaptureBitrate): void {
    this.shown.onBitrate(bitrate);
  }

  onSignal(signal: PeerSignal): void {
    this.shown.onSignal(signal);
    this.watched.get(signal.capture)?.onSignal(signal);
  }

  /** All of the state was replaced; `rejoined` if over a new socket. */
  onSnapshot(rejoined: boolean): void {
    const { captures, stateEpoch } = this.room.store;
    const anew = this.epoch !== stateEpoch;
    this.epoch = stateEpoch;
    if (rejoined) {
      this.shown.onRejoined();
      for (const one of this.watched.values()) one.onRejoined();
    }
    this.shown.onState(captures, !anew);
    this.announce(!anew);
    this.sync();
  }

  /** A screen is shown, looks different or is gone. */
  onChange(gone?: string): void {
    if (gone) this.shown.onGone(gone);
    else this.shown.onState(this.room.store.captures, false);
    this.announce(true);
    this.sync();
  }

  onFrame(name: string): void {
    this.watched.get(name)?.onFrame();
  }

  /** The session ended for this page. */
  end(): void {
    this.shown.end();
    for (const one of this.watched.values()) one.end(true);
    this.watched.clear();
  }

  /** Watches what is to be seen, and nothing else. */
  private sync(): void {
    const { captures } = this.room.store;
    // The state may have told of it before the server gave its name.
    const own = captures.get(this.shown.name);
    if (own) this.shown.heed(own);
    for (const [name, one] of this.watched) {
      if (this.isWanted(captures.get(name))) continue;
      one.end(!captures.has(name));
      this.watched.delete(name);
    }
    for (const capture of captures.values()) {
      if (this.watched.has(capture.name) || !this.isWanted(capture)) continue;
      // Whether it is this page's own is known with the answer to `start_capture`.
      const mayBeOwn = capture.participant === this.room.me && !isDisplay(capture);
      if (mayBeOwn && this.shown.phase === 'starting') continue;
      const changed = () => this.room.changes.emit('captures');
      const one = new WatchedCapture(capture.name, browserScreens, this.room, changed);
      this.watched.set(capture.name, one);
    }
    for (const name of this.hidden) if (!captures.has(name)) this.hidden.delete(name);
    if (!captures.has(this.staged)) this.staged = '';
    this.room.changes.emit('captures');
  }

  private isWanted(capture: Capture | undefined): boolean {
    if (!capture || this.isOwn(capture) || this.hidden.has(capture.name)) return false;
    return this.attention.isThere && this.room.linkState.kind !== 'ended';
  }

  /** Says which screens are shown now and were not, and the other way around. */
  private announce(aloud: boolean): void {
    const { captures } = this.room.store;
    for (const capture of captures.values()) {
      if (this.announced.has(capture.name)) continue;
      const isMine = capture.participant === this.room.me && !isDisplay(capture);
      this.announced.set(capture.name, isMine ? '' : this.whose(capture));
      if (aloud && !isMine) this.announceBegin(capture);
    }
    for (const [name, whose] of this.announced) {
      if (captures.has(name)) continue;
      this.announced.delete(name);
      if (aloud && whose) this.room.notices.show(`${whose} is not shown any more.`);
    }
  }

  private announceBegin(capture: Capture): void {
    const { room } = this;
    const who = room.nameOf(capture.participant);
    const what = isDisplay(capture) ? "the machine's display" : `a ${kindAndTitle(capture.title)}`;
    const show = { label: 'Show', run: () => room.show({ panel: 'terminal' }) };
    const isInSight = room.shows('terminal');
    room.notices.show(
      `${who === 'somebody' ? 'Somebody' : who} shows ${what}.`,
      'plain',
      isInSight ? [] : [show],
    );
  }

  private onProblem({ text, again, category }: CaptureProblem): void {
    this.room.troubles.count(category, true);
    const acts = again ? [{ label: 'Share again', run: () => this.toggle() }] : [];
    this.room.notices.show(text, 'warn', acts, PROBLEM_STAYS_MS);
  }
}

/** The agent hears and sees, or will as soon as its provider is reached. */
function isThere(conversation: Conversation | undefined): boolean {
  const { ACTIVE, CONNECTING, RECONNECTING } = Conversation_State;
  const { state } = conversation ?? {};
  return state === ACTIVE || state === CONNECTING || state === RECONNECTING;
}

function isDisplay(capture: Capture): boolean {
  return capture.source === Capture_Source.DISPLAY;
}
