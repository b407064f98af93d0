import { Participant_Role } from '../../src/gen/atrium/v1/session_pb';
import type {
  GrantControlRequest,
  ReleaseControlRequest,
  RequestControlRequest,
  Tab,
  TakeControlRequest,
} from '../../src/gen/atrium/v1/tab_pb';
import type { FakeSession } from './session';

const NOT_FOUND = 5;
const PERMISSION_DENIED = 7;
const FAILED_PRECONDITION = 9;

/** Why something is not done, as an outcome says it. */
export interface Refusal {
  code: number;
  message: string;
  reason?: string;
  field?: string;
}

/** Who drives a tab: what TabService says about it. */
export class FakeDriving {
  constructor(private readonly session: FakeSession) {}

  take(me: string, request: TakeControlRequest): Refusal | undefined {
    const tab = this.session.tabs.get(request.tab);
    if (!tab) return noTab();
    const held = tab.driver && tab.driver !== me;
    if (held && !this.isOwner(me)) {
      return {
        code: FAILED_PRECONDITION,
        reason: 'KEYBOARD_HELD',
        message: 'Somebody holds the keyboard of this tab: ask for it.',
      };
    }
    this.give(tab, me);
    return undefined;
  }

  ask(me: string, request: RequestControlRequest): Refusal | undefined {
    const tab = this.session.tabs.get(request.tab);
    if (!tab) return noTab();
    if (!tab.driver) {
      this.give(tab, me);
      return undefined;
    }
    const others = tab.controlRequesters.filter((one) => one !== me);
    this.session.updateTab(tab.name, { controlRequesters: [...others, me] });
    return undefined;
  }

  grant(me: string, request: GrantControlRequest): Refusal | undefined {
    const tab = this.session.tabs.get(request.tab);
    if (!tab) return noTab();
    if (tab.driver !== me && !this.isOwner(me)) return notYours();
    if (request.participant) this.give(tab, request.participant);
    else this.session.updateTab(tab.name, { controlRequesters: [] });
    return undefined;
  }

  release(me: string, request: ReleaseControlRequest): Refusal | undefined {
    const tab = this.session.tabs.get(request.tab);
    if (!tab) return noTab();
    if (!tab.driver) return undefined;
    if (tab.driver !== me && !this.isOwner(me)) return notYours();
    this.session.updateTab(tab.name, { driver: '', controlRequesters: [] });
    return undefined;
  }

  private give(tab: Tab, participant: string): void {
    this.session.updateTab(tab.name, {
      driver: participant,
      sizeOwner: participant,
      controlRequesters: [],
    });
  }

  private isOwner(name: string): boolean {
    return this.session.participants.get(name)?.role === Participant_Role.OWNER;
  }
}

const noTab = (): Refusal => ({ code: NOT_FOUND, message: 'There is no such tab.' });
const notYours = (): Refusal => ({
  code: PERMISSION_DENIED,
  message: 'Who drives and owners decide this.',
});
