import { create } from '@bufbuild/protobuf';
import { callBrowserObstacle } from '../call/problems';
import {
  Conversation_State,
  InterruptConversationRequestSchema,
  StartConversationRequestSchema,
} from '../gen/atrium/v1/conversation_pb';
import { Degradation_Kind, ForbiddenAct_Act } from '../gen/atrium/v1/session_pb';
import { callUse, forbiddenHere } from '../state/use_policy';
import { captureActions } from './capture_actions';
import { notifyObstacle, toggleNotify } from './desktop';
import type { Room } from './room';
import { MAX_FONT_SIZE, MIN_FONT_SIZE } from './settings';
import type { ActionId } from './shortcuts';

/** One thing that a person can do, as the palette lists it. */
export interface Action {
  id: ActionId;
  title: string;
  run: () => void;
}

/** Everything that can be done in this room now. */
export function actionsOf(room: Room): Action[] {
  return [
    ...tabActions(room),
    ...terminalActions(room),
    ...driveActions(room),
    ...commandActions(room),
    ...callActions(room),
    ...captureActions(room),
    ...pageActions(room),
  ];
}

/** Does one thing by name; false if it cannot be done now. */
export function act(room: Room, id: ActionId): boolean {
  const action = actionsOf(room).find((one) => one.id === id);
  action?.run();
  return action !== undefined;
}

function tabActions(room: Room): Action[] {
  const { tabs } = room;
  const { selected } = tabs;
  const actions: Action[] = [];
  if (room.mayType)
    actions.push({ id: 'tab.open', title: 'Open a tab', run: () => void tabs.open() });
  if (selected && room.mayType) {
    actions.push(
      { id: 'tab.close', title: 'Close this tab', run: () => tabs.close(selected) },
      { id: 'tab.rename', title: 'Rename this tab', run: () => room.show({ dialog: 'rename' }) },
      {
        id: 'terminal.size',
        title: "Choose who decides this terminal's size",
        run: () => room.show({ dialog: 'size' }),
      },
    );
    if (room.store.tabs.get(selected)?.idleExpireTime)
      actions.push({
        id: 'tab.keep',
        title: 'Keep this tab open',
        run: () => tabs.keepOpen(selected),
      });
  }
  if (selected) actions.push(menuAction(room, selected));
  if (tabs.bar().length > 1) {
    if (selected && room.mayType)
      actions.push(
        {
          id: 'tab.left',
          title: 'Move this tab to the left',
          run: () => tabs.moveBeside(selected, -1),
        },
        {
          id: 'tab.right',
          title: 'Move this tab to the right',
          run: () => tabs.moveBeside(selected, 1),
        },
      );
    actions.push(
      { id: 'tab.next', title: 'Next tab', run: () => showBeside(room, 1) },
      { id: 'tab.previous', title: 'Previous tab', run: () => showBeside(room, -1) },
    );
  }
  return [...actions, ...showActions(room)];
}

function showActions({ tabs }: Room): Action[] {
  const labels = tabs.labels();
  return tabs
    .bar()
    .slice(0, 9)
    .map((one, index) => ({
      id: `tab.${index + 1}` as ActionId,
      title: `Show tab ${index + 1}: ${labels.get(one.name)}`,
      run: () => tabs.show(one.name),
    }));
}

function terminalActions(room: Room): Action[] {
  const { selected } = room.tabs;
  if (!selected) return [];
  const actions: Action[] = [
    { id: 'terminal.focus', title: 'Go to the terminal', run: () => focusTerminal(room) },
    {
      id: 'terminal.find',
      title: 'Find in the terminal',
      run: () => room.show({ findOpen: true }),
    },
    { id: 'terminal.copy', title: 'Copy what is selected', run: () => copySelection(room) },
    { id: 'text.larger', title: 'Larger text', run: () => zoom(room, 1) },
    { id: 'text.smaller', title: 'Smaller text', run: () => zoom(room, -1) },
    { id: 'text.usual', title: 'Usual text size', run: () => room.setSettings({ fontSize: 13 }) },
  ];
  const { scrollTerminal: scrolls, predictEcho } = room.settings;
  actions.push({
    id: 'terminal.predict',
    title: predictEcho
      ? 'Wait for the echo of keys on slow links'
      : 'Show keys before their echo on slow links',
    run: () => room.setSettings({ predictEcho: !predictEcho }),
  });
  actions.push({
    id: 'terminal.scroll',
    title: scrolls ? 'Scale larger terminals to fit' : 'Scroll larger terminals, unscaled',
    run: () => room.setSettings({ scrollTerminal: !scrolls }),
  });
  return actions;
}

/** Who drives the tab that is looked at. */
function driveActions(room: Room): Action[] {
  const { driving } = room;
  const { selected } = room.tabs;
  if (!selected || !room.mayType) return [];
  const drive = driving.of(selected);
  const actions: Action[] = [];
  if (drive.kind === 'free' || (drive.kind === 'other' && room.isOwner)) {
    actions.push({
      id: 'terminal.control',
      title: 'Take control of this terminal',
      run: () => driving.take(selected),
    });
  }
  if (drive.kind === 'other' && !drive.asked)
    actions.push({
      id: 'drive.ask',
      title: `Ask ${room.nameOf(drive.driver)} for control`,
      run: () => driving.ask(selected),
    });
  if (drive.kind === 'mine' || (drive.kind === 'other' && room.isOwner))
    actions.push({
      id: 'drive.release',
      title: 'Release control: everybody types again',
      run: () => driving.release(selected),
    });
  const [asking] = driving.asked();
  if (asking) {
    const name = room.nameOf(asking.requester);
    actions.push(
      {
        id: 'drive.give',
        title: `Give control to ${name}`,
        run: () => driving.give(asking.tab, asking.requester),
      },
      {
        id: 'drive.decline',
        title: `Keep control: not now, ${name}`,
        run: () => driving.decline(asking.tab),
      },
    );
  }
  return actions;
}

/** The commands that the shell marked. */
function commandActions(room: Room): Action[] {
  const { commands } = room;
  const { selected } = room.tabs;
  const { subject } = commands;
  if (!selected || commands.all().length === 0) return [];
  const actions: Action[] = [
    { id: 'command.previous', title: 'Go to the previous command', run: () => commands.step(-1) },
    { id: 'command.next', title: 'Go to the next command', run: () => commands.step(1) },
  ];
  if (!subject) return actions;
  const what = subject.text ? `: ${subject.text.slice(0, 40)}` : '';
  actions.push({
    id: 'command.copy',
    title: `Copy what the command printed${what}`,
    run: () => void commands.copyOutput(),
  });
  if (subject.text && room.driving.obstacle(selected) === undefined)
    actions.push({
      id: 'command.again',
      title: `Run the command again${what}`,
      run: () => commands.runAgain(),
    });
  return actions;
}

function menuAction(room: Room, tab: string): Action {
  return {
    id: 'tab.menu',
    title: 'Menu of this tab',
    run: () => {
      const bar = document.querySelector('.tab--selected')?.getBoundingClientRect();
      room.show({ tabMenu: { tab, left: bar?.left ?? 0, top: bar?.bottom ?? 0 } });
    },
  };
}

function callActions(room: Room): Action[] {
  return [...(callObstacle(room) ? [] : audioActions(room)), ...agentActions(room)];
}

function audioActions(room: Room): Action[] {
  const { call } = room;
  const idle = call.phase === 'idle';
  const actions: Action[] = [
    {
      id: 'call.toggle',
      title: idle ? 'Start live audio' : 'Stop live audio',
      run: () => toggleCall(room),
    },
    {
      id: 'call.device',
      title: room.mayType ? 'Microphone and loudspeaker' : 'Loudspeaker',
      run: () => room.show({ checkingDevices: true }),
    },
  ];
  if (!idle && !call.listensOnly)
    actions.push(
      {
        id: 'call.mute',
        title: call.muted ? 'Unmute the microphone' : 'Mute the microphone',
        run: () => call.setMuted(!call.muted),
      },
      { id: 'call.talk', title: 'Talk while held', run: () => call.setMuted(false) },
    );
  if (!idle)
    actions.push({
      id: 'call.deafen',
      title: call.deafened ? 'Hear the others again' : 'Silence the others',
      run: () => call.setDeafened(!call.deafened),
    });
  return actions;
}

function agentActions(room: Room): Action[] {
  if (!room.mayType || !room.agentAvailable) return [];
  const name = `${room.sessionName}/conversation`;
  const value = create(InterruptConversationRequestSchema, { name });
  return [
    ...(room.store.conversation?.state === Conversation_State.FAILED ? [startAction(room)] : []),
    {
      id: 'agent.settings',
      title: 'Settings of the agent',
      run: () => room.show({ dialog: 'agent' }),
    },
    {
      id: 'agent.interrupt',
      title: 'Interrupt the agent',
      run: () => void room.ask({ case: 'interrupt', value }).catch((e) => room.notices.failed(e)),
    },
  ];
}

/** Whatever the agent needed may be there now. */
function startAction(room: Room): Action {
  const name = `${room.sessionName}/conversation`;
  const value = create(StartConversationRequestSchema, { name });
  return {
    id: 'agent.start',
    title: 'Start the agent again',
    run: () =>
      void room.ask({ case: 'startConversation', value }).catch((e) => room.notices.failed(e)),
  };
}

function pageActions(room: Room): Action[] {
  const { settings } = room;
  const actions: Action[] = [
    {
      id: 'chat.focus',
      title: 'Write a message',
      run: () => focusPart(room, 'timeline', '.composer textarea'),
    },
    ...(room.mayType ? [attachAction(room)] : []),
    {
      id: 'people.focus',
      title: 'Go to the people',
      run: () => focusPart(room, 'people', '.people__list'),
    },
    {
      id: 'timeline.find',
      title: 'Find in the timeline',
      run: () => focusPart(room, 'timeline', '.timeline__find input'),
    },
    {
      id: 'timeline.export',
      title: 'Export the timeline',
      run: () => {
        room.show({ panel: 'timeline' });
        requestAnimationFrame(() =>
          document.querySelector<HTMLElement>('atrium-export button')?.click(),
        );
      },
    },
    {
      id: 'captions.large',
      title: settings.largeCaptions ? 'Small captions' : 'Large captions',
      run: () => room.setSettings({ largeCaptions: !settings.largeCaptions }),
    },
    {
      id: 'theme',
      title: room.isDark() ? 'Light colours' : 'Dark colours',
      run: () => room.setSettings({ theme: room.isDark() ? 'light' : 'dark' }),
    },
    {
      id: 'screen-reader',
      title: settings.screenReader ? 'Screen reader support off' : 'Screen reader support on',
      run: () => room.setSettings({ screenReader: !settings.screenReader }),
    },
    { id: 'shortcuts', title: 'Change shortcuts', run: () => room.show({ dialog: 'shortcuts' }) },
  ];
  if (room.isOwner)
    actions.push(
      { id: 'invite', title: 'Invite people', run: () => room.show({ dialog: 'invite' }) },
      {
        id: 'session.settings',
        title: 'Settings of this session',
        run: () => room.show({ dialog: 'session' }),
      },
    );
  if (!notifyObstacle())
    actions.push({
      id: 'notify',
      title: settings.notify
        ? 'No notifications when long commands end'
        : 'Notify me when long commands end unseen',
      run: () => void toggleNotify(room),
    });
  if (room.store.approvals.size > 0) {
    actions.push({
      id: 'approval.focus',
      title: 'Go to the pending approval',
      run: () => focusPart(room, 'timeline', '.approval--pending', true),
    });
  }
  if (room.linkState.kind === 'waiting')
    actions.push({ id: 'link.retry', title: 'Connect now', run: () => room.link?.connect() });
  return actions;
}

function attachAction(room: Room): Action {
  return {
    id: 'chat.attach',
    title: 'Attach text to the message',
    run: () => {
      room.show({ panel: 'timeline' });
      requestAnimationFrame(() =>
        document.querySelector<HTMLElement>('.composer__attach')?.click(),
      );
    },
  };
}

/** Why this person cannot be in the call; undefined if they can. */
export function callObstacle(room: Room): string | undefined {
  if (!room.self || room.call.phase !== 'idle') return undefined;
  const noMedia = room.degradations.find((one) => one.kind === Degradation_Kind.NO_MEDIA);
  const { session } = room.store;
  const forbidden = forbiddenHere(session, ForbiddenAct_Act.CALL);
  const use = callUse(session?.usePolicy, room.self.role);
  return callBrowserObstacle() ?? forbidden ?? use ?? noMedia?.message;
}

/** Why a viewer is not heard. */
export const VIEWERS_LISTEN =
  'Viewers hear the call and are not heard. Ask an owner for an editor link to speak.';

/** Starts live audio, after the device check if it was never done; or ends it. */
export function toggleCall(room: Room): void {
  const { call, settings } = room;
  const obstacle = callObstacle(room);
  if (obstacle) room.notices.show(obstacle, 'warn');
  else if (call.phase !== 'idle') call.hangUp();
  else if (!room.mayType) void call.listen(VIEWERS_LISTEN, false);
  else if (settings.checked) void call.start(settings.microphone);
  else room.show({ checkingDevices: true });
}

/** Back to the terminal after a click; on touch that would bring up the keyboard. */
export function returnToTerminal(room: Room): void {
  room.focus.byClick();
}

export function focusTerminal(room: Room): void {
  room.focus.bring();
}

function showBeside(room: Room, step: 1 | -1): void {
  room.tabs.selectBeside(step);
  returnToTerminal(room);
}

function focusPart(room: Room, panel: Room['panel'], selector: string, borrows = false): void {
  room.show({ panel });
  requestAnimationFrame(() => {
    const part = document.querySelector<HTMLElement>(selector);
    if (part && borrows) room.focus.borrow(part);
    else part?.focus();
  });
}

function zoom(room: Room, step: number): void {
  const size = room.settings.fontSize + step;
  room.setSettings({ fontSize: Math.min(MAX_FONT_SIZE, Math.max(MIN_FONT_SIZE, size)) });
}

function copySelection(room: Room): void {
  const { selected } = room.tabs;
  const text = selected ? room.terminals.screen(selected)?.term.getSelection() : '';
  if (text) void navigator.clipboard?.writeText(text);
}
