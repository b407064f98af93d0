import type { Capture } from '../gen/atrium/v1/capture_pb';
import type { TerminalState } from '../terminal/dump';
import type { Room } from './room';

/** What tests and curious people may look at. Nothing here changes anything. */
export interface AtriumHook {
  readonly state: object;
  tabs(): object[];
  terminalText(tab: string): string | null;
  terminalState(tab: string): TerminalState | null;
  offset(tab: string): number;
  pendingInput(tab: string): number;
  peer(): RTCPeerConnection | null;
  /** The peer connection of a screen, shown or watched, by the capture's name. */
  capturePeer(capture: string): RTCPeerConnection | null;
  readonly counters: { joins: number; peers: number; skips: number };
}

declare global {
  interface Window {
    atrium: AtriumHook;
  }
}

/** Puts the hook on the window. A tab can be named by its name or its title. */
export function exposeDebugHook(room: Room): void {
  const nameOf = (tab: string) =>
    room.tabs.list.get(tab)?.name ??
    room.tabs.bar().find((one) => one.title === tab || one.name.endsWith(`/tabs/${tab}`))?.name ??
    tab;
  const screen = (tab: string) => room.terminals.screen(nameOf(tab));
  const hook: AtriumHook = {
    get state() {
      return describe(room);
    },
    tabs: () => room.tabs.bar().map((one) => describeTab(room, one.name)),
    terminalText: (tab) => screen(tab)?.text() ?? null,
    terminalState: (tab) => screen(tab)?.state() ?? null,
    offset: (tab) => screen(tab)?.feed.cursor.drawn ?? -1,
    pendingInput: (tab) => room.terminals.input.pendingBytes(nameOf(tab)),
    peer: () => room.call.peer,
    capturePeer: (capture) => room.captures.peerOf(capture) ?? null,
    get counters() {
      return {
        joins: room.link?.joins ?? 0,
        peers: room.call.peers,
        skips: room.terminals.skips,
      };
    },
  };
  Object.defineProperty(window, 'atrium', { value: Object.freeze(hook), configurable: false });
}

function describe(room: Room): object {
  return {
    link: room.linkState.kind,
    session: room.sessionName,
    me: room.me,
    role: room.self?.role ?? 0,
    stateEpoch: room.store.stateEpoch,
    revision: Number(room.store.revision),
    selected: room.tabs.selected ?? null,
    participants: [...room.store.participants.values()].map(
      ({
        name,
        displayName,
        role,
        live,
        muted,
        mutedBy,
        deafened,
        presence,
        talking,
        volumePercent,
      }) => ({
        name,
        displayName,
        role,
        live,
        muted,
        mutedBy,
        volumePercent,
        deafened,
        presence,
        talking,
      }),
    ),
    conversation: {
      state: room.store.conversation?.state ?? 0,
      activity: room.store.conversation?.activity ?? 0,
    },
    approvals: [...room.store.approvals.values()].map(({ name, state, decider }) => ({
      name,
      state,
      decider,
    })),
    entries: room.store.entries.map(({ name, kind, text, speakerNames }) => ({
      name,
      kind,
      text,
      speakerNames,
    })),
    captions: room.captions
      .visible(Date.now())
      .map(({ utterance, text, final }) => ({ utterance, text, final })),
    call: {
      phase: room.call.phase,
      epoch: Number(room.call.epoch),
      muted: room.call.muted,
      listensOnly: room.call.listensOnly,
      deafened: room.call.deafened,
      quality: room.call.quality,
    },
    captures: room.captures.all().map((one) => describeCapture(room, one)),
    roundTripMs: room.link?.roundTripMs ?? 0,
  };
}

function describeCapture(room: Room, capture: Capture): object {
  const { name, participant, title, state, viewerCount } = capture;
  const { captures } = room;
  const own = captures.isOwn(capture);
  const phase = own ? captures.shown.phase : (captures.watched.get(name)?.phase ?? 'left');
  const peers = own ? captures.shown.peers : (captures.watched.get(name)?.peers ?? 0);
  return { name, participant, title, state, viewerCount, own, phase, peers };
}

function describeTab(room: Room, name: string): object {
  const bar = room.tabs.list.get(name);
  const tab = bar?.tab;
  return {
    name,
    title: bar?.title ?? '',
    status: bar?.status ?? 'synced',
    remote: bar?.remote ?? false,
    state: tab?.state ?? 0,
    exitCode: tab?.exitCode ?? 0,
    sizeOwner: tab?.sizeOwner ?? '',
    driver: tab?.driver ?? '',
    controlRequesters: tab?.controlRequesters ?? [],
    sizePolicy: tab?.sizePolicy ?? 0,
    columns: tab?.size?.columns ?? 0,
    rows: tab?.size?.rows ?? 0,
    position: tab?.position ?? 0,
  };
}
