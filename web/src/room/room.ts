import { create } from '@bufbuild/protobuf';
import { Call } from '../call/call';
import { BrowserDevices } from '../call/devices';
import {
  type AudioLevels,
  type JoinResponse_Outcome,
  UpdateSelfSchema,
} from '../gen/atrium/v1/live_pb';
import type { Degradation, Participant } from '../gen/atrium/v1/session_pb';
import type { Said } from '../link/codec';
import { Link, type LinkState } from '../link/link';
import { beginPageLife, keepPageLife } from '../link/page_life';
import { buyTicket } from '../link/ticket';
import { Captions } from '../state/captions';
import type { MarkedCommand } from '../state/commands';
import type { Door } from '../state/door';
import { AGENT, isOwner, isService, mayType } from '../state/roster';
import { SessionStore } from '../state/session_store';
import type { CellSize } from '../terminal/feed';
import type { Paste } from '../terminal/paste';
import { pasteBytes } from '../terminal/paste';
import { DARK, LIGHT } from '../terminal/themes';
import { actionsOf } from './actions';
import { rememberCall } from './call_again';
import { RoomCaptures } from './captures';
import { Changes } from './changes';
import { RoomCommands } from './commands';
import { RoomDriving } from './driving';
import { TerminalFocus } from './focus';
import { RoomHeard } from './heard';
import { RoomMuting } from './muting';
import { Notices } from './notices';
import { loadSettings, type Settings, saveSettings } from './settings';
import { shortcutOf } from './shortcuts';
import { RoomTabs } from './tabs';
import { Talking } from './talking';
import { Terminals } from './terminals';
import { RoomTroubles } from './troubles';
import { RoomVolume } from './volume';
import { isWide } from './wide';
import { WindowSize } from './window_size';

const TYPING_STAYS_MS = 1500;
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
  readonly muting = new RoomMuting(this);
  readonly volume = new RoomVolume(this);
  readonly commands = new RoomCommands(this);
  readonly focus = new TerminalFocus(this);
  readonly captures = new RoomCaptures(this);
  readonly troubles = new RoomTroubles(this);
  readonly talking = new Talking(this);
  readonly windowSize = new WindowSize(this);
  private readonly heard = new RoomHeard(this);
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
  /** Where else the server is reached. */
  origins: string[] = [];
  /** Said in the place of a room that cannot be entered. */
  door: Door | undefined;
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

  /** Connected, and what is known of the session is of now. */
  get isCurrent(): boolean {
    const { linkState, heard } = this;
    return linkState.kind === 'open' && !linkState.controlAway && !heard.awaitsState;
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
    const buy = async (session: string | undefined) => {
      const ticket = await buyTicket(session);
      this.origins = ticket.origins ?? [];
      return ticket;
    };
    const doors = { buyTicket: buy, openSocket, random: Math.random };
    this.link = new Link(doors, this.heard, life.pageId, session);
    rememberCall(this);
    this.captures.followPage();
    this.tabs.followPage();
    addEventListener('online', () => this.link?.wake());
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) this.link?.wake();
    });
    this.link.connect();
  }

  /** The invite in the address lets nobody in, for this reason. */
  async refuseEntry(reason: string, message: string): Promise<void> {
    const { linkDoor, lockedDoor } = await import('../state/door');
    this.door = reason.startsWith('INVITE_') ? linkDoor(reason) : lockedDoor(message);
    this.heard.onLinkState({ kind: 'ended', reason: 'no-credential', message });
  }

  /** The room cannot be entered; without an invite there is but one thing to say. */
  async stayOutside(message: string): Promise<void> {
    const { lockedDoor } = await import('../state/door');
    this.door ??= lockedDoor(message);
    this.changes.emit('link');
  }

  /** The server does not answer while an invite is used. */
  sayUnreachable(retryMs: number): void {
    const message = 'The server cannot be reached.';
    this.heard.onLinkState({ kind: 'waiting', untilMs: Date.now() + retryMs, message });
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
    const known = this.store.participants.get(name)?.displayName;
    return known || (isService(name) ? 'A service' : 'somebody');
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
    if (this.panel === 'timeline') this.heard.dismissApprovalNotice();
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
    this.windowSize.show(name);
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

  /** The page is in this session. */
  enter(session: string): void {
    if (this.sessionName === session) return;
    this.sessionName = session;
    this.tabs.restore(session);
    const path = `/s/${session.replace(/^sessions\//, '')}`;
    if (location.pathname !== path) history.replaceState(null, '', path);
    this.changes.emit('tabs');
  }

  /** Somebody types in a tab. */
  onTyping(participant: string, tab: string): void {
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

  /** Tells the server which tab this page looks at. */
  sayViewing(): void {
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
      // After a while away one is told of last: until then what was typed is kept.
      mayType: (tab: string) => this.self && this.driving.obstacle(tab) === undefined,
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
