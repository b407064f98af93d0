import { create } from '@bufbuild/protobuf';
import { durationMs } from '@bufbuild/protobuf/wkt';
import {
  type Command,
  ListCommandsRequestSchema,
  RunCommandRequestSchema,
  type Tab,
} from '../gen/atrium/v1/tab_pb';
import { commandBeside, type MarkedCommand, placeOf } from '../state/commands';
import { count, spanText } from '../state/words';
import { notifyOnDesktop } from './desktop';
import type { Room } from './room';
import { uuid } from './settings';

const PAGE = 200;
/** A command that ran longer is told of when it ends in a tab that nobody looks at. */
const LONG_COMMAND_MS = 10_000;
const NOTICE_STAYS_MS = 12_000;
const MAX_TITLE = 60;

/** The commands that shells marked: to go to, to copy, to run again. */
export class RoomCommands {
  private chosen: { tab: string; id: number } | undefined;
  /** Terminals whose commands were asked for since they were rebuilt. */
  private readonly listed = new Set<string>();
  /** The last ended command that was seen, by tab. */
  private readonly lastNumbers = new Map<string, bigint>();
  /** A snapshot was seen: what ends from now on is news. */
  private knowsAll = false;
  private readonly room: Room;

  constructor(room: Room) {
    this.room = room;
  }

  /** The command that was gone to, if it is still there. */
  get current(): MarkedCommand | undefined {
    const { chosen } = this;
    if (!chosen || chosen.tab !== this.room.tabs.selected) return undefined;
    return this.room.terminals.screen(chosen.tab)?.marks.commands.get(chosen.id);
  }

  /** All commands of the tab that is looked at, the oldest first. */
  all(): MarkedCommand[] {
    return this.screen?.marks.commands.all() ?? [];
  }

  /** The command that an act is about: the one gone to, or else the last that ended. */
  get subject(): MarkedCommand | undefined {
    return this.current ?? this.all().findLast((one) => one.end);
  }

  /** Goes to the command before or after the one gone to, or what is in view. */
  step(step: 1 | -1): void {
    const { screen } = this;
    if (!screen) return;
    const { active } = screen.term.buffer;
    const { current } = this;
    const bottom = active.baseY + active.cursorY + 1;
    const line = current ? placeOf(current) : step < 0 ? bottom : active.viewportY;
    const next = commandBeside(this.all(), line, step);
    if (next) this.choose(next, true);
    else if (step > 0) this.leave();
  }

  choose(command: MarkedCommand, scroll: boolean): void {
    const { selected } = this.room.tabs;
    if (!selected) return;
    this.chosen = { tab: selected, id: command.id };
    this.screen?.showCommand(command, scroll);
    this.room.changes.emit('terminal');
  }

  /** Back to the newest line. */
  leave(): void {
    this.chosen = undefined;
    this.screen?.showCommand(undefined, false);
    this.screen?.term.scrollToBottom();
    this.room.changes.emit('terminal');
  }

  async copyOutput(): Promise<void> {
    const { subject, screen } = this;
    if (!subject || !screen) return;
    const text = screen.marks.output(subject).replace(/\n+$/, '');
    try {
      await navigator.clipboard.writeText(text);
      const lines = text === '' ? 0 : text.split('\n').length;
      this.room.notices.show(
        `Copied ${count(lines, 'line')} that ${titleOf(subject.text)} printed.`,
        'good',
      );
    } catch (error) {
      this.room.notices.failed(error);
    }
  }

  /** Types it again at the prompt; the server refuses where there is none. */
  runAgain(): void {
    const { subject } = this;
    const { selected } = this.room.tabs;
    if (!subject?.text || !selected) return;
    const value = create(RunCommandRequestSchema, {
      parent: this.room.sessionName,
      command: subject.text,
      tab: selected,
      requestId: uuid(),
    });
    this.leave();
    if (this.room.say({ case: 'runCommand', value })) return;
    this.room.notices.show('Not connected; nothing was run.', 'warn');
  }

  /** A terminal begins anew: what is known of its commands is not placed yet. */
  onRebuilt(tab: string): void {
    this.listed.delete(tab);
    if (this.chosen?.tab === tab) this.chosen = undefined;
    if (tab === this.room.tabs.selected) void this.list(tab);
  }

  onViewed(tab: string | undefined): void {
    if (tab && this.room.terminals.screen(tab)) void this.list(tab);
  }

  /** A tab now looks like this; its last command may be news. */
  onTab(tab: Tab): void {
    const { lastCommand } = tab;
    if (!lastCommand) return;
    const screen = this.room.terminals.screen(tab.name);
    screen?.marks.commands.learn(lastCommand);
    screen?.drawCommands();
    const before = this.lastNumbers.get(tab.name) ?? 0n;
    this.lastNumbers.set(tab.name, lastCommand.number);
    if (lastCommand.number <= before || !this.knowsAll) return;
    const tookMs = lastCommand.duration ? durationMs(lastCommand.duration) : 0;
    // A terminal that rests here has no marks that would say so.
    this.room.tabs.onCommandEnd(tab.name, lastCommand.exitCode ?? 0, tookMs);
    this.onEnded(tab, lastCommand, tookMs);
  }

  /** All tabs are so; what ended before this page came is no news. */
  onSnapshot(tabs: Iterable<Tab>): void {
    for (const tab of tabs) this.onTab(tab);
    this.knowsAll = true;
    this.listed.clear();
  }

  private get screen() {
    const { selected } = this.room.tabs;
    return selected ? this.room.terminals.screen(selected) : undefined;
  }

  private async list(tab: string): Promise<void> {
    const screen = this.room.terminals.screen(tab);
    if (!screen || this.listed.has(tab)) return;
    this.listed.add(tab);
    try {
      const value = create(ListCommandsRequestSchema, { tab, pageSize: PAGE });
      const { result } = await this.room.ask({ case: 'listCommands', value });
      if (result.case !== 'commands') return;
      const isComplete = result.value.nextPageToken === '';
      screen.marks.commands.list(result.value.commands, isComplete);
      screen.drawCommands();
      this.room.changes.emit('terminal');
    } catch {
      // The marks in the output say enough; names and times are missing then.
    }
  }

  private onEnded(tab: Tab, command: Command, tookMs: number): void {
    if (tookMs < LONG_COMMAND_MS) return;
    const isSelected = tab.name === this.room.tabs.selected && this.room.shows('terminal');
    const isShown = isSelected && !document.hidden;
    if (isShown && document.hasFocus()) return;
    const good = (command.exitCode ?? 0) === 0;
    const how = good ? 'is done' : `ended with exit code ${command.exitCode}`;
    const text = `${titleOf(command.text)} ${how} in ${tab.title}, after ${spanText(tookMs)}.`;
    const show = () => this.room.tabs.show(tab.name);
    if (!isShown) {
      const acts = [{ label: 'Show', run: show }];
      this.room.notices.show(text, good ? 'good' : 'bad', acts, NOTICE_STAYS_MS);
    }
    if (this.room.settings.notify) notifyOnDesktop(tab.title, text, tab.name, show);
  }
}

function titleOf(text: string): string {
  const line = text.split('\n')[0] || 'The command';
  return line.length > MAX_TITLE ? `${line.slice(0, MAX_TITLE)}…` : line;
}
