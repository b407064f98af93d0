import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { tab } from '../../test/support/make';
import { Tab_State } from '../gen/atrium/v1/tab_pb';
import type { Said } from '../link/codec';
import { Changes } from './changes';
import { Notices } from './notices';
import type { Room } from './room';
import { RoomTabs } from './tabs';

let tabs: RoomTabs;
let notices: Notices;
let asked: string[];
let said: string[];
let isOpen: boolean;
let hidePage: () => void;

const nameOf = (message: Said) => (message.case === 'deleteTab' ? message.value.name : '');
const build = tab('build');
const notice = () => notices.shown[0];

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  said = [];
  isOpen = true;
  const changes = new Changes();
  notices = new Notices(changes);
  vi.stubGlobal('addEventListener', (type: string, run: () => void) => {
    if (type === 'pagehide') hidePage = run;
  });
  const room = {
    changes,
    notices,
    me: 'ada',
    mayType: true,
    sessionName: '',
    store: { participants: new Map() },
    focus: { byClick: () => {} },
    show: () => {},
    onTabSelected: () => {},
    ask: async (message: Said) => asked.push(nameOf(message)),
    say: (message: Said) => isOpen && said.push(nameOf(message)) > 0,
  };
  tabs = new RoomTabs(room as unknown as Room);
  tabs.followPage();
  tabs.reconcile([build]);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('M5, M7: a tab that was closed', () => {
  it('lives on for 5 s, then is closed', () => {
    tabs.close(build.name);
    vi.advanceTimersByTime(4999);
    expect([asked, notices.shown.length]).toEqual([[], 1]);
    vi.advanceTimersByTime(1);
    expect([asked, said, notices.shown.length]).toEqual([[build.name], [], 0]);
  });

  it('is closed at once, and once, when the page goes meanwhile', () => {
    tabs.close(build.name);
    hidePage();
    hidePage();
    vi.advanceTimersByTime(60_000);
    expect([asked, said, notices.shown.length]).toEqual([[], [build.name], 0]);
  });

  it('is closed in its time if the page goes without a connection, and comes back', () => {
    tabs.close(build.name);
    isOpen = false;
    hidePage();
    vi.advanceTimersByTime(5000);
    expect([asked, said]).toEqual([[build.name], []]);
  });

  it('stays if that was taken back, also when the page goes then', () => {
    tabs.close(build.name);
    notice()!.actions[0]!.run();
    hidePage();
    vi.advanceTimersByTime(60_000);
    expect([asked, said, tabs.list.get(build.name)?.status]).toEqual([[], [], 'synced']);
  });

  it('is closed at once if its shell has ended', () => {
    tabs.onTab(tab('build', { state: Tab_State.EXITED }));
    tabs.close(build.name);
    expect([asked, notices.shown]).toEqual([[build.name], []]);
  });
});
