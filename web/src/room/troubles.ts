import type { CallListener } from '../call/call';
import type { CallTrouble } from '../call/problems';
import { ToldProblems } from '../call/told';
import type { CallProblem_Category } from '../gen/atrium/v1/live_pb';
import type { Room } from './room';

/** What goes wrong with calls and screens: counted, remembered, and said. */
export class RoomTroubles implements CallListener {
  /** Why there is no live audio, until it is tried again or put away. */
  call = '';
  /** What was wrong with the agent when the person put that away. */
  private agentKnown = '';
  /** The person was told why they only listen, and put it away. */
  private listeningIsKnown = false;
  private readonly told: ToldProblems;
  private readonly room: Room;

  constructor(room: Room) {
    this.room = room;
    this.told = new ToldProblems((message) => room.say(message));
  }

  /** The showing of another screen begins. */
  beginScreen(): void {
    this.told.begin(true);
  }

  /** Counts a problem for the deployment's figures. */
  count(category: CallProblem_Category | undefined, screen: boolean): void {
    if (category) this.told.tell(category, screen);
  }

  /** The link is there again. */
  catchUp(): void {
    this.told.catchUp();
  }

  /** What is wrong with the agent, until it is put away. */
  get agent(): string {
    const problem = this.room.store.conversation?.problem ?? '';
    return problem === this.agentKnown ? '' : problem;
  }

  dismissAgent(): void {
    this.agentKnown = this.room.store.conversation?.problem ?? '';
    this.room.changes.emit('state');
  }

  /** The conversation changed: what is wrong anew is told anew. */
  followAgent(): void {
    if (this.agent || !this.room.store.conversation?.problem) this.agentKnown = '';
  }

  /** Why this page has no microphone in the call, until that is put away; empty for viewers. */
  get listening(): string {
    const { call, mayType } = this.room;
    return mayType && !this.listeningIsKnown ? call.listensOnly : '';
  }

  dismissListening(): void {
    this.listeningIsKnown = true;
    this.room.changes.emit('call');
  }

  dismissCall(): void {
    this.call = '';
    this.room.changes.emit('call');
  }

  onCallChanged(): void {
    if (this.room.call.phase === 'asking') {
      this.call = '';
      this.listeningIsKnown = false;
      this.told.begin(false);
    }
    this.room.muting.heedRole();
    this.room.changes.emit('call');
  }

  onCallProblem({ text, category }: CallTrouble): void {
    this.count(category, false);
    if (!text) return;
    // What a call goes on after is no reason why there is none.
    if (category && this.room.call.phase === 'idle') this.call = text;
    else this.room.notices.callFailed(text);
    this.room.changes.emit('call');
  }

  onCallRefused(error: unknown): void {
    this.room.notices.callFailed(error instanceof Error ? error.message : String(error));
  }
}
