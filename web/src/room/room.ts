import { create } from '@bufbuild/protobuf';
import { Call } from '../call/call';
import { BrowserDevices } from '../call/devices';
import type { Caption } from '../gen/atrium/v1/conversation_pb';
import {
  type AudioLevels,
  type JoinResponse_Outcome,
  type JoinResponse_Welcome,
  UpdateSelfSchema,
} from '../gen/atrium/v1/live_pb';
import type {
  Degradation,
  Participant,
  SessionChange,
  SessionSnapshot,
} from '../gen/atrium/v1/session_pb';
import { type Approval, Approval_State } from '../gen/atrium/v1/timeline_pb';
import type { Heard, Said } from '../link/codec';
import { Link, type LinkState } from '../link/link';
import { beginPageLife, keepPageLife } from '../link/page_life';
import { buyTicket } from '../link/ticket';
import { Captions } from '../state/captions';
import type { MarkedCommand } from '../state/commands';
import { AGENT, isOwner, mayType } from '../state/roster';
import { SessionStore } from '../state/session_store';
import type { CellSize } from '../terminal/feed';
import type { Paste } from '../terminal/paste';
import { pasteBytes } from '../terminal/paste';
import { DARK, LIGHT } from '../terminal/themes';
import { actionsOf } from './actions';
import { rememberCall, resumeCall } from './call_again';
import { RoomCaptures } from './captures';
import { Changes } from './changes';
import { RoomCommands } from './commands';
import { RoomDriving } from './driving';
import { TerminalFocus } from './focus';
import { Notices } from './notices';
import { reloadForOtherBuild } from './other_build';
import { loadSettings, type Settings, saveSettings } from './settings';
import { shortcutOf } from './shortcuts';
import { RoomTabs } from './tabs';
import { Terminals } from './terminals';
import { RoomTroubles } from './troubles';
import { isWide } from './wide';

const TYPING_STAYS_MS = 1500;
/** Levels come ten times a second; who is missing for so long is silent. */
const LEVELS_STAY_MS = 600;
const FONTS =
  '"JetBrains Mono", "Cascadia Mono", "SF Mono", Menlo, "DejaVu Sans Mono", Consolas, "Noto Sans Mono", monospace';

/** Said of this page's own screen, and of any that the agent sees. */
export const SCREEN_SHARED = 'Screen shared';
export const SCREEN_TO_AGENT = 'Screen to agent';

/** The page's panels; on a phone one of them is in front. */
export type Panel = 'terminal' | 'people' | 'timeline';
/** A dialog over the page. */
export type Dialog = 'agent' | 'invite' | 'session' | 'shortcuts' | 'size' | 'rename' | undefined;

/** A paste or a clipboard offer that waits for the person. */
export type Question =
  | { kind: 'paste'; tab: string; paste: Paste }
  | { kind: 'clipboard'; tab: string; text: string };

/** The room as this page knows it: state, link, terminals and call, joined. */
export class Room {
  readonly changes = new Changes();
  readonly notices = new Notices(this.changes);
  readonly store = new SessionStore();
  readonly captions = new Captions();
  readonly driving = new RoomDriving(this);
  readonly commands = new RoomCommands(this);
  readonly focus = new TerminalFocus(this);
  readonly captures = new RoomCaptures(this);
  readonly troubles = new RoomTroubles(this);
  readonly tabs: RoomTabs;
  readonly terminals: Terminals;
  readonly call: Call;
  readonly devices: BrowserDevices;
  settings: Settings = loadSettings();
  link: Link | undefined;
  linkState: LinkState = { kind: 'connecting' };
  me = '';
  sessionName = '';
  agentAvailable = false;
  disclosures: string[] = [];
  levels: AudioLevels | undefined;
  panel: Panel = 'terminal';
  dialog: Dialog;
  paletteOpen = false;
  /** Microphone and loudspeaker are looked at, beside what else is shown. */
  checkingDevices = false;
  /** What to share, and with whom, is being chosen. */
  choosingScreen = false;
  findOpen = false;
  question: Question | undefined;
  linkHint: string | null = null;
  /** The tab whose menu is open, and where. */
  tabMenu: { tab: string; left: number; top: number } | undefined;
  /** Welcomed, and the state that follows has not come yet. */
  private awaitsState = false;
  private dismissApprovalNotice: () => void = () => {};
  private levelsTimer: ReturnType<typeof setTimeout> | undefined;
  /** When each participant last typed, and where. */
  readonly typing = new Map<string, { tab: string; atMs: number }>();
  /** Says how many cells the stage has room for. */
  stageSize: () => CellSize | undefined = () => undefined;

  constructor() {
    this.tabs = new RoomTabs(this);
    this.terminals = new Terminals(() => this.link, this.terminalsListener());
    this.devices = new BrowserDevices((retry) =>
      this.notices.show('The browser holds the sound back until you click.', 'warn', [
        { label: 'Play', run: retry },
      ]),
    );
    void this.devices.useSpeaker(this.settings.speaker);
    this.call = new Call(
      this.devices,
      { say: (message) => this.say(message), ask: (message) => this.ask(message) },
      this.troubles,
    );
  }

  get self(): Participant | undefined {
    return this.store.participants.get(this.me);
  }
  get mayType(): boolean {
    return mayType(this.self);
  }
  get isOwner(): boolean {
    return isOwner(this.self);
  }

  /** Of several windows of one person the one in front decides a size. */
  get isFrontWindow(): boolean {
    return (this.self?.pageCount ?? 1) <= 1 || document.hasFocus();
  }

  /** True if this panel is in sight; on a phone only one of them is. */
  shows(panel: Panel): boolean {
    return this.panel === panel || isWide();
  }

  /** What does not work now. */
  get degradations(): readonly Degradation[] {
    return this.store.session?.degradations ?? [];
  }

  /** What is shared or recorded, one line each. */
  get trust(): string[] {
    const provider = this.store.conversation?.provider;
    const voice = provider ? [`Voice: ${provider}`] : [];
    const said = this.disclosures.length > 0 ? this.disclosures : voice;
    const shared = this.captures.shown.isShowing ? [SCREEN_SHARED] : [];
    const seen = this.captures.seenByAgent.length > 0 ? [SCREEN_TO_AGENT] : [];
    return [...shared, ...seen, ...said];
  }

  /** Joins the session, or the one that the credential is for. */
  async join(session: string | undefined): Promise<void> {
    if (session) this.enter(session);
    const life = await beginPageLife();
    this.terminals.input.restore(life.input);
    keepPageLife(life.pageId, () => this.terminals.input.save());
    const doors = { buyTicket, openSocket, random: Math.random };
    this.link = new Link(doors, this.linkListener(), life.pageId, session);
    rememberCall(this);
    this.captures.followPage();
    addEventListener('online', () => this.link?.wake());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.link?.wake();
    });
    this.link.connect();
  }

  /** The invite in the address is not good. */
  refuseEntry(message: string): void {
    this.onLinkState({ kind: 'ended', reason: 'no-credential', message });
  }

  /** The server does not answer while an invite is used. */
  sayUnreachable(retryMs: number): void {
    const message = 'The server cannot be reached.';
    this.onLinkState({ kind: 'waiting', untilMs: Date.now() + retryMs, message });
  }

  say(message: Said): boolean {
    return this.link?.say(message) ?? false;
  }

  ask(message: Said, again = true): Promise<JoinResponse_Outcome> {
    return this.link ? this.link.ask(message, again) : Promise.reject(new Error('Not connected.'));
  }

  /** What to call a speaker or a creator. */
  nameOf(name: string): string {
    if (name === AGENT) return 'Agent';
    if (name === this.me) return 'You';
    return this.store.participants.get(name)?.displayName || 'somebody';
  }

  setSettings(change: Partial<Settings>): void {
    this.settings = { ...this.settings, ...change };
    saveSettings(this.settings);
    for (const screen of this.terminals.screens()) screen.setLooks(this.looks());
    this.changes.emit('settings', 'terminal');
  }

  rename(displayName: string): void {
    const name = displayName.trim().slice(0, 40);
    if (!name) return;
    this.setSettings({ name });
    this.say({ case: 'updateSelf', value: create(UpdateSelfSchema, { displayName: name }) });
  }

  /** Shows a panel, a dialog, the palette or the find bar. */
  show(
    view: Partial<
      Pick<
        Room,
        | 'panel'
        | 'dialog'
        | 'paletteOpen'
        | 'checkingDevices'
        | 'choosingScreen'
        | 'findOpen'
        | 'question'
        | 'tabMenu'
      >
    >,
  ): void {
    Object.assign(this, view);
    if (this.panel === 'timeline') this.dismissApprovalNotice();
    this.changes.emit('view');
  }

  /** Types a text that the person gave, past xterm. */
  typeText(text: string): void {
    const { selected } = this.tabs;
    if (!selected) return;
    if (this.driving.obstacle(selected)) this.driving.hold(selected);
    else this.terminals.type(selected, new TextEncoder().encode(text));
  }

  /** Pastes what was confirmed. */
  paste(tab: string, paste: Paste): void {
    if (this.driving.obstacle(tab)) {
      this.driving.hold(tab);
      return;
    }
    const bracketed = this.terminals.screen(tab)?.term.modes.bracketedPasteMode ?? false;
    this.terminals.type(tab, pasteBytes(paste, bracketed));
  }

  onTabSelected(name: string | undefined): void {
    this.terminals.view(name);
    this.commands.onViewed(name);
    this.findOpen = false;
    this.sayViewing();
    this.changes.emit('terminal', 'view');
  }

  isDark(): boolean {
    const { theme } = this.settings;
    return theme === 'system'
      ? matchMedia('(prefers-color-scheme: dark)').matches
      : theme === 'dark';
  }

  looks() {
    return {
      fontSize: this.settings.fontSize,
      fontFamily: FONTS,
      theme: this.isDark() ? DARK : LIGHT,
      screenReader: this.settings.screenReader,
      predictEcho: this.settings.predictEcho,
    };
  }

  private enter(session: string): void {
    if (this.sessionName === session) return;
    this.sessionName = session;
    this.tabs.restore(session);
    const path = `/s/${session.replace(/^sessions\//, '')}`;
    if (location.pathname !== path) history.replaceState(null, '', path);
    this.changes.emit('tabs');
  }

  private linkListener() {
    return {
      onLinkState: (state: LinkState) => this.onLinkState(state),
      onWelcome: (welcome: JoinResponse_Welcome, session: string) => {
        this.awaitsState = true;
        this.me = welcome.participant;
        this.agentAvailable = welcome.agentAvailable;
        this.disclosures = welcome.disclosures;
        this.enter(session);
      },
      onHeard: (message: Heard) => this.onHeard(message),
      onOtherBuild: () => reloadForOtherBuild(this.notices),
      introduce: () => ({
        buildId: __BUILD_ID__,
        displayName: this.settings.name,
        liveEpoch: this.call.phase === 'live' ? this.call.epoch : 0n,
        muted: this.call.muted,
        deafened: this.call.deafened,
      }),
    };
  }

  private onLinkState(state: LinkState): void {
    this.linkState = state;
    if (state.kind !== 'open') this.terminals.unlink();
    else this.troubles.catchUp();
    if (state.kind === 'ended') {
      this.call.stop();
      this.captures.end();
    }
    this.changes.emit('link');
  }

  private onHeard(message: Heard): void {
    switch (message.case) {
      case 'snapshot':
        return this.onSnapshot(message.value);
      case 'change':
        return this.onChange(message.value);
      case 'output':
        return this.terminals.onOutput(message.value);
      case 'resized':
        return this.terminals.onResized(message.value);
      case 'screen':
        return this.terminals.onScreen(message.value);
      case 'inputAck':
        return this.terminals.onInputAck(message.value);
      case 'caption':
        return this.onCaption(message.value);
      case 'levels':
        return this.onLevels(message.value);
      case 'signal':
        return message.value.capture
          ? this.captures.onSignal(message.value)
          : this.call.onSignal(message.value);
      case 'captureReady':
        return this.captures.onReady(message.value);
      case 'captureEnded':
        return this.captures.onEnded(message.value.capture);
      case 'liveReady':
        return this.call.onReady(message.value);
      case 'liveEnded':
        return this.call.onEnded(message.value);
      case 'typing':
        return this.onTyping(message.value.participant, message.value.tab);
      case 'outcome':
        return this.onUnaskedOutcome(message.value);
      default:
        return;
    }
  }

  private onSnapshot(snapshot: SessionSnapshot): void {
    this.store.applySnapshot(snapshot);
    this.commands.onSnapshot(this.store.tabs.values());
    this.tabs.reconcile(this.store.tabs.values());
    this.terminals.sync(this.store.tabs.values());
    const rejoined = this.awaitsState;
    if (rejoined) {
      this.awaitsState = false;
      this.call.onRejoined(this.self?.live ?? false);
      void resumeCall(this);
      this.sayViewing();
    }
    this.captures.onSnapshot(rejoined);
    this.changes.emit('state', 'terminal', 'call');
  }

  private onChange(change: SessionChange): void {
    const changed = change.change.case === 'tab' ? change.change.value.name : '';
    const before = this.store.tabs.get(changed);
    const applied = this.store.applyChange(change);
    if (applied === 'gap') {
      this.link?.rejoin();
      return;
    }
    if (applied === 'ignored') return;
    const step = change.change;
    if (step.case === 'tab') {
      this.tabs.onTab(step.value);
      this.terminals.sync([step.value]);
      this.driving.onTab(before, step.value);
      this.commands.onTab(step.value);
    }
    if (step.case === 'approval') this.onApproval(step.value);
    if (step.case === 'deletedTab') this.tabs.onDeleted(step.value);
    if (step.case === 'capture') this.captures.onChange();
    if (step.case === 'deletedCapture') this.captures.onChange(step.value);
    this.changes.emit('state', 'terminal');
  }

  /** On a phone the card may be behind another panel. */
  private onApproval(approval: Approval): void {
    if (this.shows('timeline') || approval.state !== Approval_State.PENDING) return;
    this.dismissApprovalNotice = this.notices.show('An approval is asked for.', 'warn', [
      { label: 'Show', run: () => this.show({ panel: 'timeline' }) },
    ]);
  }

  private onLevels(levels: AudioLevels | undefined): void {
    clearTimeout(this.levelsTimer);
    this.levels = levels;
    if (levels) this.levelsTimer = setTimeout(() => this.onLevels(undefined), LEVELS_STAY_MS);
    this.changes.emit('levels');
  }

  private onCaption(caption: Caption): void {
    this.captions.apply(caption, Date.now());
    this.changes.emit('captions');
  }

  private onTyping(participant: string, tab: string): void {
    this.typing.set(participant, { tab, atMs: Date.now() });
    setTimeout(() => this.changes.emit('state', 'tabs'), TYPING_STAYS_MS + 50);
    this.changes.emit('state', 'tabs');
  }

  /** Whoever else types in this tab right now, by name. */
  typistsIn(tab: string): string[] {
    const since = Date.now() - TYPING_STAYS_MS;
    return [...this.typing]
      .filter(([name, one]) => name !== this.me && one.tab === tab && one.atMs > since)
      .map(([name]) => name);
  }

  private onUnaskedOutcome(outcome: JoinResponse_Outcome): void {
    if (this.driving.onUnaskedOutcome(outcome)) return;
    if (outcome.code !== 0 && outcome.message) this.notices.show(outcome.message, 'warn');
  }

  private sayViewing(): void {
    const value = create(UpdateSelfSchema, { viewingTab: this.tabs.selected ?? '' });
    this.say({ case: 'updateSelf', value });
  }

  /** True if this key, pressed in a terminal, is the page's. */
  private isShortcut(event: KeyboardEvent): boolean {
    const id = shortcutOf(event, this.settings, true);
    return id === 'palette' || (id !== undefined && actionsOf(this).some((one) => one.id === id));
  }

  /** Shows on the bar what ended unseen; draws again what is said of commands. */
  private onMarked(tab: string): void {
    const screen = this.terminals.screen(tab);
    const last = screen?.marks.commands.last();
    if (last?.end && !screen?.feed.replaying)
      this.tabs.onCommandEnd(tab, last.exitCode ?? 0, last.tookMs ?? 0);
    if (tab === this.tabs.selected) this.changes.emit('terminal');
  }

  private terminalsListener() {
    return {
      mayType: (tab: string) => this.driving.obstacle(tab) === undefined,
      looks: () => this.looks(),
      isShortcut: (event: KeyboardEvent) => this.isShortcut(event),
      onScreen: () => this.changes.emit('terminal'),
      onOutput: (tab: string) => this.tabs.onOutput(tab),
      onBell: (tab: string) => this.tabs.onBell(tab),
      onKeysHeld: (tab: string) => this.driving.hold(tab),
      onInputFull: () =>
        this.notices.show(
          'Too much typing waits for the server; the last keys were not taken.',
          'bad',
        ),
      onPaste: (tab: string, paste: Paste) => {
        if (paste.text.includes('\r')) this.show({ question: { kind: 'paste', tab, paste } });
        else this.paste(tab, paste);
      },
      onClipboard: (tab: string, text: string) =>
        this.show({ question: { kind: 'clipboard', tab, text } }),
      onLink: (hint: string | null) => {
        this.linkHint = hint;
        this.changes.emit('terminal');
      },
      onMarked: (tab: string) => this.onMarked(tab),
      onRebuilt: (tab: string) => this.commands.onRebuilt(tab),
      onCommandChosen: (_tab: string, command: MarkedCommand) =>
        this.commands.choose(command, false),
      onResized: () => this.changes.emit('terminal'),
    };
  }
}

function openSocket(protocols: string[]): WebSocket {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  return new WebSocket(`${scheme}://${location.host}/ws`, protocols);
}
