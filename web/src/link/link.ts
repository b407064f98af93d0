import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  JoinRequest_HelloSchema,
  type JoinResponse_Outcome,
  type JoinResponse_Welcome,
} from '../gen/atrium/v1/live_pb';
import { afterClose, retryDelay } from '../state/reconnect';
import { Requests } from '../state/requests';
import { decode, encode, type Heard, request, type Said } from './codec';
import { Refusal, type Ticket } from './ticket';

/**
 * How the link stands. `waiting` says when the next attempt comes. An open link
 * may be without the session's control for a while: terminals go on, the rest waits.
 * `silent` is one whose other end owes an answer and says nothing.
 */
export type LinkState =
  | { kind: 'connecting' }
  | { kind: 'open'; controlAway: boolean; silent: boolean }
  | { kind: 'waiting'; untilMs: number; message: string }
  | { kind: 'ended'; reason: LinkEnd; message: string };
export type LinkEnd = 'no-credential' | 'forbidden' | 'session-ended';

/** A request that was refused. */
export class Refused extends Error {
  constructor(readonly outcome: JoinResponse_Outcome) {
    super(outcome.message || `Refused (${outcome.code}).`);
  }
}

/** Told of what happens on the link. */
export interface LinkListener {
  onLinkState(state: LinkState): void;
  onWelcome(welcome: JoinResponse_Welcome, session: string): void;
  /** Another socket is open: what goes on as before may be said without waiting. */
  onRejoining(say: (message: Said) => void): void;
  onHeard(message: Heard): void;
  /** The server runs another build. */
  onOtherBuild(): void;
  /** What `hello` should say; session and page are filled in. */
  introduce(): MessageInitShape<typeof JoinRequest_HelloSchema>;
}

/** Where sockets and tickets come from. */
export interface Doors {
  buyTicket(session: string | undefined): Promise<Ticket>;
  openSocket(protocols: string[]): WebSocket;
  random(): number;
}

const BEAT_EVERY_MS = 500;
const PING_EVERY_MS = 5000;
/** The same while somebody types. */
const PING_TYPING_MS = 1000;
/** The fastest of the last answers counts: a busy page makes others look slow. */
const TRIPS = 2;
/** A ping that is answered by nothing for so long: 12 s of silence in all. */
const SILENCE_MS = 7000;
/** What is silent for so long, and three of its round trips, is said to be. */
const PATIENCE_MS = 1500;
/** The same, when there is a reason to doubt the socket. */
const DOUBT_MS = 2000;
const OTHER_BUILD_RETRY_MS = 10_000;
const WELCOME_WITHIN_MS = 5000;
const ANSWER_WITHIN_MS = 30000;
/** Said of no request: the session's control is away and comes back by itself. */
const CONTROL_AWAY = 'PROCESS_UNREACHABLE';
/** A socket that lived so long ends a row of failed attempts. */
const STEADY_AFTER_MS = 2000;

/**
 * One page's link to its session, over as many sockets as it takes.
 * A socket that closes is followed by another until the end is final.
 */
export class Link {
  // Given.
  private readonly doors: Doors;
  private readonly listener: LinkListener;
  private readonly pageId: string;
  // State.
  private session: string | undefined;
  private socket: WebSocket | undefined;
  private current: LinkState = { kind: 'connecting' };
  private attempt = 0;
  private pingedMs = 0;
  /** When the first ping was sent that nothing was heard after; 0 if none. */
  private unansweredMs = 0;
  /** The first request that was made after control went away. */
  private awayFrom = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private beatTimer: ReturnType<typeof setInterval> | undefined;
  private welcomeTimer: ReturnType<typeof setTimeout> | undefined;
  private steadyTimer: ReturnType<typeof setTimeout> | undefined;
  private readonly requests = new Requests<ReturnType<typeof request>, JoinResponse_Outcome>();
  /** Sockets that were welcomed. */
  joins = 0;
  private trips: number[] = [];

  constructor(doors: Doors, listener: LinkListener, pageId: string, session: string | undefined) {
    this.doors = doors;
    this.listener = listener;
    this.pageId = pageId;
    this.session = session;
  }

  get state(): LinkState {
    return this.current;
  }

  /** How long the way there and back takes; 0 while that is not known. */
  get roundTripMs(): number {
    return this.trips.length > 0 ? Math.min(...this.trips) : 0;
  }

  /** Something was asked, and nothing was heard since. */
  get isOwedAnswer(): boolean {
    return this.unansweredMs > 0;
  }

  get isOpen(): boolean {
    return this.current.kind === 'open';
  }

  /** Words, pings among them, are answered by nobody until control is back. */
  private get controlIsAway(): boolean {
    return this.current.kind === 'open' && this.current.controlAway;
  }

  /** Connects at once, whatever timer runs. Does nothing on a living socket. */
  connect(): void {
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    if (this.socket || this.current.kind === 'ended') return;
    this.setState({ kind: 'connecting' });
    void this.openSocket();
  }

  /** The network came back or the page became visible. */
  wake(): void {
    if (this.retryTimer) {
      this.connect();
      return;
    }
    const { socket } = this;
    if (!socket || !this.isOpen || this.controlIsAway) return;
    this.ping();
    setTimeout(() => {
      const silent = this.isOwedAnswer && Date.now() - this.unansweredMs >= DOUBT_MS;
      if (socket === this.socket && silent) this.lose(0);
    }, DOUBT_MS);
  }

  /** Drops the socket and joins afresh, for a new snapshot. */
  rejoin(): void {
    this.lose(0);
  }

  /** Ends the link for good. */
  close(): void {
    this.end('session-ended', '');
  }

  /** Says something that needs no answer; false if there is no socket. */
  say(message: Said): boolean {
    if (!this.socket || !this.isOpen) return false;
    this.socket.send(encode(request(message)));
    if (message.case === 'input') this.watch();
    return true;
  }

  /**
   * Asks for something. Resolves with the outcome or rejects with `Refused`.
   * While there is no socket it waits for one. With `again` false it fails when
   * the socket is lost, because nobody knows whether it was done.
   */
  async ask(message: Said, again = true): Promise<JoinResponse_Outcome> {
    if (this.current.kind === 'ended') throw new Error(this.current.message);
    const [made, answer, id] = this.requests.add((number) => request(message, number), again);
    if (this.isOpen) this.socket?.send(encode(made));
    const timer = setTimeout(() => {
      this.requests.fail(id, new Error('No answer came within 30 s. Please try again.'));
    }, ANSWER_WITHIN_MS);
    const outcome = await answer.finally(() => clearTimeout(timer));
    if (outcome.code !== 0) throw new Refused(outcome);
    return outcome;
  }

  private async openSocket(): Promise<void> {
    let ticket: Ticket;
    try {
      ticket = await this.doors.buyTicket(this.session);
    } catch (error) {
      this.onNoTicket(error);
      return;
    }
    if (this.socket || this.current.kind !== 'connecting') return;
    this.session = ticket.session;
    const socket = this.doors.openSocket(['atrium.v1', `ticket.${ticket.ticket}`]);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    socket.onopen = () => this.onSocketOpen(socket);
    socket.onmessage = (event) => this.onFrame(socket, event.data);
    socket.onclose = (event) => {
      if (socket === this.socket) this.lose(event.code, event.reason);
    };
    this.welcomeTimer = setTimeout(() => {
      if (socket === this.socket && !this.isOpen) this.lose(0);
    }, WELCOME_WITHIN_MS);
  }

  private onNoTicket(error: unknown): void {
    if (this.current.kind !== 'connecting') return;
    if (error instanceof Refusal && error.final) {
      if (error.status === 401) this.end('no-credential', error.message);
      else this.end(error.status === 403 ? 'forbidden' : 'session-ended', error.message);
      return;
    }
    const wait = error instanceof Refusal ? error.retryAfterMs : 0;
    this.retryAfter(Math.max(wait, this.nextDelay()), 'The server cannot be reached.');
  }

  private onSocketOpen(socket: WebSocket): void {
    if (socket !== this.socket) return;
    const hello = create(JoinRequest_HelloSchema, this.listener.introduce());
    hello.session = this.session ?? '';
    hello.pageId = this.pageId;
    socket.send(encode(request({ case: 'hello', value: hello })));
    if (this.joins > 0) this.listener.onRejoining((said) => socket.send(encode(request(said))));
    this.unansweredMs = 0;
    this.beatTimer = setInterval(() => this.beat(), BEAT_EVERY_MS);
  }

  private onFrame(socket: WebSocket, frame: string | ArrayBuffer): void {
    if (socket !== this.socket) return;
    this.unansweredMs = 0;
    if (this.current.kind === 'open' && this.current.silent) this.setOpen();
    let message: Heard;
    try {
      ({ message } = decode(frame));
    } catch {
      this.lose(0);
      return;
    }
    switch (message.case) {
      case 'welcome':
        this.onWelcome(message.value);
        break;
      case 'outcome':
        if (isControlAway(message.value)) this.onControlAway();
        else if (!this.requests.settle(Number(message.value.requestId), message.value)) {
          this.listener.onHeard(message);
        }
        break;
      case 'pongTimeUs':
        this.trips = [performance.now() - Number(message.value) / 1000, ...this.trips].slice(
          0,
          TRIPS,
        );
        break;
      default:
        this.hear(message);
    }
  }

  private hear(message: Heard): void {
    const isState = message.case === 'change' || message.case === 'snapshot';
    if (isState && this.controlIsAway) this.setOpen();
    this.listener.onHeard(message);
  }

  private onWelcome(welcome: JoinResponse_Welcome): void {
    const back = this.controlIsAway;
    if (!back) this.onJoined();
    this.listener.onWelcome(welcome, this.session ?? '');
    this.setOpen();
    // The gateway kept what was asked while control was away, and asks it itself.
    const lost = this.requests.unanswered(back ? this.awayFrom : undefined);
    for (const message of lost) this.socket?.send(encode(message));
    this.ping();
  }

  private onJoined(): void {
    clearTimeout(this.welcomeTimer);
    clearTimeout(this.steadyTimer);
    this.joins++;
    this.steadyTimer = setTimeout(() => {
      this.attempt = 0;
    }, STEADY_AFTER_MS);
  }

  /** The socket stays, with its subscriptions; another welcome will come over it. */
  private onControlAway(): void {
    if (!this.isOpen || this.controlIsAway) return;
    this.awayFrom = this.requests.nextId;
    this.setOpen({ controlAway: true });
  }

  private beat(): void {
    if (this.controlIsAway) return;
    const silentMs = this.isOwedAnswer ? Date.now() - this.unansweredMs : 0;
    if (silentMs >= SILENCE_MS) this.lose(0);
    else {
      if (Date.now() - this.pingedMs >= PING_EVERY_MS) this.ping();
      if (silentMs >= PATIENCE_MS + 3 * this.roundTripMs) this.doubt();
    }
  }

  /** Nobody may wait long to learn that nobody hears what they type. */
  private watch(): void {
    if (this.controlIsAway || this.isOwedAnswer) return;
    if (Date.now() - this.pingedMs >= PING_TYPING_MS) this.ping();
  }

  private doubt(): void {
    if (this.current.kind === 'open' && !this.current.silent) this.setOpen({ silent: true });
  }

  private ping(): void {
    this.pingedMs = Date.now();
    this.unansweredMs ||= this.pingedMs;
    this.say({ case: 'pingTimeUs', value: BigInt(Math.round(performance.now() * 1000)) });
  }

  private lose(code: number, message = ''): void {
    this.dropSocket();
    if (this.current.kind === 'ended') return;
    const next = afterClose(code, this.attempt, this.doors.random);
    if (next.kind === 'final') {
      this.end(next.reason === 'forbidden' ? 'forbidden' : 'session-ended', message);
      return;
    }
    this.requests.lose(new Error('The connection was lost before the answer came.'));
    if (next.kind === 'reload') this.listener.onOtherBuild();
    const delayMs = next.kind === 'retry' ? next.delayMs : OTHER_BUILD_RETRY_MS;
    this.attempt++;
    this.retryAfter(delayMs, 'Connection lost.');
  }

  private dropSocket(): void {
    clearInterval(this.beatTimer);
    clearTimeout(this.welcomeTimer);
    clearTimeout(this.steadyTimer);
    const socket = this.socket;
    this.socket = undefined;
    if (socket && socket.readyState <= 1) socket.close(1000);
  }

  private nextDelay(): number {
    return retryDelay(this.attempt++, this.doors.random);
  }

  private retryAfter(delayMs: number, message: string): void {
    clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => this.connect(), delayMs);
    this.setState({ kind: 'waiting', untilMs: Date.now() + delayMs, message });
  }

  private end(reason: LinkEnd, message: string): void {
    this.dropSocket();
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
    this.requests.failAll(new Error(message || 'The session ended.'));
    this.setState({ kind: 'ended', reason, message });
  }

  private setOpen({ controlAway = false, silent = false } = {}): void {
    this.setState({ kind: 'open', controlAway, silent });
  }

  private setState(state: LinkState): void {
    this.current = state;
    this.listener.onLinkState(state);
  }
}

function isControlAway(outcome: JoinResponse_Outcome): boolean {
  return outcome.requestId === 0n && outcome.reason === CONTROL_AWAY;
}
