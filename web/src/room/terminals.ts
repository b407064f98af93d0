import { create } from '@bufbuild/protobuf';
import {
  type InputAck,
  type Subscribe,
  SubscribeSchema,
  TerminalAckSchema,
  TerminalInputSchema,
  UnsubscribeSchema,
} from '../gen/atrium/v1/live_pb';
import {
  AttachTabRequest_Delivery,
  type Tab,
  Tab_State,
  type TerminalExit,
  type TerminalOutput,
  type TerminalResized,
  type TerminalSize,
  type TerminalSnapshot,
} from '../gen/atrium/v1/tab_pb';
import type { Said } from '../link/codec';
import { type Link, Refused } from '../link/link';
import type { MarkedCommand } from '../state/commands';
import { InputQueue, type PendingInput } from '../state/input_queue';
import type { CellSize } from '../terminal/feed';
import type { Paste } from '../terminal/paste';
import type { Looks, TerminalScreen } from '../terminal/screen';

/** Told of what happens in the terminals. */
export interface TerminalsListener {
  /** False if this page may not type in this tab now; undefined while that is not known. */
  mayType(tab: string): boolean | undefined;
  looks(): Looks;
  isShortcut(event: KeyboardEvent): boolean;
  onScreen(tab: string): void;
  onOutput(tab: string): void;
  onBell(tab: string): void;
  /** What was typed is not sent. */
  onKeysHeld(tab: string): void;
  onInputFull(tab: string): void;
  onPaste(tab: string, paste: Paste): void;
  onClipboard(tab: string, text: string): void;
  onLink(hint: string | null): void;
  onMarked(tab: string): void;
  /** A terminal was rebuilt from a snapshot. */
  onRebuilt(tab: string): void;
  onCommandChosen(tab: string, command: MarkedCommand): void;
  onResized(tab: string): void;
}

/** Terminals that are fed at once; the ones looked at longest ago rest. */
const MAX_FED = 16;
/** Less than a window's worth may wait, so that few packets go up a line that loses some. */
const ACK_AFTER_MS = 500;
const RESUBSCRIBE_AFTER_MS = 1000;
/** Input that is not acknowledged for so long is sent again. */
const RESEND_AFTER_MS = 3000;
/** So long after typing a program may offer something for the clipboard. */
const TYPED_LATELY_MS = 10_000;

interface Station {
  tab: string;
  incarnation: string;
  screen: TerminalScreen | undefined;
  /** Bytes come, or were asked for, on the socket that is open now. */
  subscribed: boolean;
  /** Asked for on this socket before its welcome, where the bytes had come to. */
  resumed: boolean;
  state: Tab_State;
  /** Input waits that may not be sent: somebody else drives, or it is not known who does. */
  held: boolean;
  lookedAtMs: number;
  typedMs: number;
  sentMs: number;
  askedMs: number;
  ackTimer: ReturnType<typeof setTimeout> | undefined;
  askTimer: ReturnType<typeof setTimeout> | undefined;
}

type ScreenModule = typeof import('../terminal/screen');

/** All terminals of the page: subscriptions, acknowledgements, typed bytes. */
export class Terminals {
  readonly input = new InputQueue();
  // Given.
  private readonly link: () => Link | undefined;
  private readonly listener: TerminalsListener;
  // State.
  private readonly stations = new Map<string, Station>();
  private module: ScreenModule | undefined;
  private viewed: string | undefined;

  constructor(link: () => Link | undefined, listener: TerminalsListener) {
    this.link = link;
    this.listener = listener;
    void import('../terminal/screen').then((module) => {
      this.module = module;
      for (const station of this.stations.values()) this.serve(station);
    });
    setInterval(() => this.resendStuck(), RESEND_AFTER_MS / 3);
  }

  /** Snapshots that replaced what was drawn, over all tabs. */
  get skips(): number {
    let sum = 0;
    for (const one of this.stations.values()) sum += one.screen?.feed.skips ?? 0;
    return sum;
  }

  screen(tab: string): TerminalScreen | undefined {
    return this.stations.get(tab)?.screen;
  }

  screens(): TerminalScreen[] {
    return [...this.stations.values()].flatMap((one) => (one.screen ? [one.screen] : []));
  }

  /** The state says that these tabs exist. */
  sync(tabs: Iterable<Tab>): void {
    for (const tab of tabs) this.syncTab(tab);
    this.rest();
  }

  /** The tab is gone. */
  remove(tab: string): void {
    const station = this.stations.get(tab);
    if (!station) return;
    clearTimeout(station.ackTimer);
    clearTimeout(station.askTimer);
    if (station.subscribed || station.resumed) this.unsubscribe(tab);
    station.screen?.dispose();
    this.stations.delete(tab);
    this.input.forget(tab);
  }

  /** This tab is looked at. */
  view(tab: string | undefined): void {
    this.viewed = tab;
    const station = tab ? this.stations.get(tab) : undefined;
    if (!station) return;
    station.lookedAtMs = Date.now();
    this.serve(station);
    this.rest();
  }

  /** The socket is gone, and all subscriptions with it. */
  unlink(): void {
    for (const station of this.stations.values()) station.subscribed = station.resumed = false;
  }

  /**
   * A socket takes the place of one that was lost: bytes go on where they had come to,
   * without a round trip more. Should the tab have changed, the state says so soon.
   */
  resume(say: (message: Said) => void): void {
    for (const station of this.stations.values()) {
      const { screen } = station;
      if (!screen || screen.feed.cursor.received < 0 || !canBeRead(station.state)) continue;
      station.resumed = true;
      say({ case: 'subscribe', value: subscription(station.tab, screen) });
    }
  }

  /** Types into a tab. False if nothing was taken. */
  type(tab: string, bytes: Uint8Array): boolean {
    const station = this.stations.get(tab);
    if (!station || bytes.length === 0 || hasEnded(station.state)) return false;
    const added = this.input.push(tab, bytes);
    if (!added) {
      this.listener.onInputFull(tab);
      return false;
    }
    station.typedMs = Date.now();
    if (!station.subscribed) return true;
    this.send(station, station.held ? this.input.pending(tab) : added);
    const { predicted } = station.screen ?? {};
    predicted?.typed(new TextDecoder().decode(bytes), this.link()?.roundTripMs ?? 0);
    return true;
  }

  typedLately(tab: string): boolean {
    return Date.now() - (this.stations.get(tab)?.typedMs ?? 0) < TYPED_LATELY_MS;
  }

  onOutput(output: TerminalOutput): void {
    const feed = this.stations.get(output.tab)?.screen?.feed;
    if (feed?.output(Number(output.offset), output.data)) this.listener.onOutput(output.tab);
  }

  onScreen(piece: TerminalSnapshot): void {
    this.stations.get(piece.tab)?.screen?.feed.screen({
      offset: Number(piece.offset),
      size: cellSize(piece.size),
      bytes: piece.data,
      first: piece.first,
      last: piece.last,
    });
    if (piece.last) this.listener.onResized(piece.tab);
  }

  onResized(resized: TerminalResized): void {
    const size = cellSize(resized.size);
    const feed = this.stations.get(resized.tab)?.screen?.feed;
    if (size) feed?.resized(Number(resized.offset), size);
  }

  onExit(_exit: TerminalExit): void {
    // The exit code is shown from the tab's state, which outlives this socket.
  }

  onInputAck(ack: InputAck): void {
    this.input.acknowledge(ack.tab, Number(ack.sequence));
    const station = this.stations.get(ack.tab);
    if (station) station.sentMs = Date.now();
  }

  private syncTab(tab: Tab): void {
    let station = this.stations.get(tab.name);
    if (!station) {
      station = newStation(tab);
      this.stations.set(tab.name, station);
    }
    if (tab.incarnation && station.incarnation && tab.incarnation !== station.incarnation) {
      station.screen?.feed.cursor.reset();
      station.subscribed = station.resumed = false;
    }
    if (station.state === Tab_State.UNREACHABLE && tab.state !== Tab_State.UNREACHABLE) {
      station.subscribed = station.resumed = false;
    }
    station.incarnation = tab.incarnation || station.incarnation;
    station.state = tab.state;
    if (hasEnded(tab.state)) this.input.forget(tab.name);
    if (station.subscribed && this.listener.mayType(tab.name) === station.held)
      this.send(station, this.input.pending(tab.name));
    this.serve(station);
  }

  /** Makes and subscribes what can be. */
  private serve(station: Station): void {
    if (!this.module || !canBeRead(station.state)) return;
    const mayRest = station.tab !== this.viewed && this.fed() >= MAX_FED && !station.screen;
    if (mayRest) return;
    if (!station.screen) {
      station.screen = this.makeScreen(this.module, station);
      this.listener.onScreen(station.tab);
    }
    if (!station.subscribed) this.subscribe(station);
  }

  private fed(): number {
    return [...this.stations.values()].filter((one) => one.screen).length;
  }

  /** Lets the longest unseen terminals go while there are too many. */
  private rest(): void {
    const fed = [...this.stations.values()].filter((one) => one.screen && one.tab !== this.viewed);
    fed.sort((a, b) => a.lookedAtMs - b.lookedAtMs);
    for (const station of fed.slice(0, Math.max(0, fed.length + 1 - MAX_FED))) {
      this.unsubscribe(station.tab);
      station.screen?.dispose();
      station.screen = undefined;
      station.subscribed = station.resumed = false;
    }
  }

  private unsubscribe(tab: string): void {
    this.link()?.say({ case: 'unsubscribe', value: create(UnsubscribeSchema, { tab }) });
  }

  private subscribe(station: Station): void {
    const link = this.link();
    const { screen } = station;
    if (!link?.isOpen || !screen) return;
    station.subscribed = true;
    if (!station.resumed) this.ask(link, station, screen);
    station.resumed = false;
    this.ackSoon(station);
    this.send(station, this.input.pending(station.tab));
  }

  private ask(link: Link, station: Station, screen: TerminalScreen): void {
    station.askedMs = Date.now();
    const joined = link.joins;
    const value = subscription(station.tab, screen);
    link.ask({ case: 'subscribe', value }, false).catch((error) => {
      if (error instanceof Refused && this.link()?.joins === joined) this.askAgain(station);
    });
  }

  /** Subscribes again, at most once a second: the tab's host may not be ready. */
  private askAgain(station: Station): void {
    const delayMs = Math.max(0, station.askedMs + RESUBSCRIBE_AFTER_MS - Date.now());
    station.askTimer ??= setTimeout(() => {
      station.askTimer = undefined;
      if (!this.stations.has(station.tab)) return;
      station.subscribed = station.resumed = false;
      this.serve(station);
    }, delayMs);
  }

  /** Who may not type now has nothing to send, not later either. */
  private send(station: Station, inputs: readonly PendingInput[]): void {
    if (inputs.length === 0) return;
    const mayType = this.listener.mayType(station.tab);
    station.held = !mayType;
    if (mayType === false) this.input.blank(station.tab);
    if (!mayType) return;
    for (const { sequence, bytes } of inputs) {
      station.sentMs = Date.now();
      const value = create(TerminalInputSchema, {
        tab: station.tab,
        sequence: BigInt(sequence),
        data: bytes,
      });
      this.link()?.say({ case: 'input', value });
    }
  }

  private resendStuck(): void {
    for (const station of this.stations.values()) {
      const pending = this.input.pending(station.tab);
      const stuck = station.subscribed && Date.now() - station.sentMs > RESEND_AFTER_MS;
      if (pending.length > 0 && stuck) this.send(station, pending);
    }
  }

  private ackSoon(station: Station): void {
    const cursor = station.screen?.feed.cursor;
    if (!cursor) return;
    if (cursor.ackIsDue) {
      this.ack(station);
      return;
    }
    station.ackTimer ??= setTimeout(() => this.ack(station), ACK_AFTER_MS);
  }

  private ack(station: Station): void {
    clearTimeout(station.ackTimer);
    station.ackTimer = undefined;
    const link = this.link();
    if (!link?.isOpen || !station.subscribed) return;
    const offset = station.screen?.feed.cursor.takeAck() ?? null;
    if (offset === null) return;
    const value = create(TerminalAckSchema, { tab: station.tab, offset: BigInt(offset) });
    link.say({ case: 'ack', value });
  }

  private makeScreen(module: ScreenModule, station: Station): TerminalScreen {
    const { tab } = station;
    const { listener } = this;
    const screen = new module.TerminalScreen(listener.looks(), {
      onInput: (bytes, bySelf) => this.onTyped(tab, bytes, bySelf),
      onPaste: (paste) =>
        listener.mayType(tab) === false ? listener.onKeysHeld(tab) : listener.onPaste(tab, paste),
      onDrawn: () => this.ackSoon(station),
      onGap: () => this.askAgain(station),
      onBell: () => listener.onBell(tab),
      onClipboard: (text) => this.typedLately(tab) && listener.onClipboard(tab, text),
      onLink: (hint) => listener.onLink(hint),
      onMarked: () => listener.onMarked(tab),
      onRebuilt: () => listener.onRebuilt(tab),
      onCommandChosen: (command) => listener.onCommandChosen(tab, command),
      isShortcut: (event) => listener.isShortcut(event),
    });
    screen.term.onResize(() => listener.onResized(tab));
    return screen;
  }

  private onTyped(tab: string, bytes: Uint8Array, bySelf: boolean): void {
    if (this.listener.mayType(tab) !== false) this.type(tab, bytes);
    else if (bySelf) this.listener.onKeysHeld(tab);
  }
}

function newStation(tab: Tab): Station {
  return {
    tab: tab.name,
    incarnation: tab.incarnation,
    screen: undefined,
    subscribed: false,
    resumed: false,
    state: tab.state,
    held: false,
    lookedAtMs: 0,
    typedMs: 0,
    sentMs: 0,
    askedMs: 0,
    ackTimer: undefined,
    askTimer: undefined,
  };
}

function subscription(tab: string, screen: TerminalScreen): Subscribe {
  return create(SubscribeSchema, {
    tab,
    offset: BigInt(screen.feed.cursor.received),
    delivery: AttachTabRequest_Delivery.LIVE,
  });
}

function hasEnded(state: Tab_State): boolean {
  return state === Tab_State.EXITED || state === Tab_State.LOST;
}

function canBeRead(state: Tab_State): boolean {
  return state === Tab_State.RUNNING || state === Tab_State.EXITED || state === Tab_State.LOST;
}

function cellSize(size: TerminalSize | undefined): CellSize | undefined {
  return size && size.columns > 0 && size.rows > 0
    ? { columns: size.columns, rows: size.rows }
    : undefined;
}
