import { create } from '@bufbuild/protobuf';
import { FieldMaskSchema } from '@bufbuild/protobuf/wkt';
import {
  CreateTabRequestSchema,
  DeleteTabRequestSchema,
  type SizePolicy,
  type Tab,
  Tab_State,
  TabSchema,
  TerminalSizeSchema,
  UpdateTabRequestSchema,
} from '../gen/atrium/v1/tab_pb';
import type { Said } from '../link/codec';
import { type Opener, openedText, openerOf } from '../state/opened_by';
import { tabLabels } from '../state/tab_labels';
import { type BarTab, type SavedTab, TabList } from '../state/tab_list';
import type { CellSize } from '../terminal/feed';
import type { Room } from './room';
import { readJson, uuid, writeJson } from './settings';

/** How long a tab that goes takes to fade. */
const FADE_MS = 300;
/** How long closing can be taken back. */
const UNDO_MS = 5000;
/** How long a stale tab that nobody looks at stays. */
const STALE_STAYS_MS = 8000;
/** A command that ran longer gets a sign when it ends unseen. */
const LONG_COMMAND_MS = 5000;

/** Signs on a tab that is not looked at. */
export interface TabSigns {
  unseen: boolean;
  bell: boolean;
  exitCode: number | undefined;
}

interface SavedBar {
  tabs: SavedTab[];
  selected: string | undefined;
}

/** The tab bar's acts and memory. */
export class RoomTabs {
  readonly list = new TabList();
  selected: string | undefined;
  private readonly room: Room;
  private readonly signs = new Map<string, TabSigns>();
  private readonly hidden = new Set<string>();
  /** Tabs that will be closed unless that is taken back: how to do it now. */
  private readonly closing = new Map<string, () => void>();

  constructor(room: Room) {
    this.room = room;
  }

  /** What was closed is closed when the page goes, though it could still be taken back. */
  followPage(): void {
    addEventListener('pagehide', () => {
      for (const closeNow of [...this.closing.values()]) closeNow();
    });
  }

  /** What the bar shows, in order. */
  bar(): BarTab[] {
    return this.list.ordered().filter((one) => !this.hidden.has(one.name));
  }

  /** What people call a tab; undefined if it is not in the bar. */
  labelOf(name: string): string | undefined {
    return this.labels().get(name);
  }

  /** The same for all tabs in the bar. */
  labels(): Map<string, string> {
    const parts = this.bar().map(({ name, title, tab }) => ({
      name,
      title,
      pinned: tab?.titlePinned ?? false,
      directory: tab?.workingDirectory ?? '',
    }));
    return tabLabels(parts);
  }

  signsOf(name: string): TabSigns {
    return this.signs.get(name) ?? { unseen: false, bell: false, exitCode: undefined };
  }

  /** Who opened a tab that this page did not open. */
  openerOf(entry: BarTab): Opener {
    return openerOf(entry.tab?.creator ?? '', this.room.me, this.room.store.participants);
  }

  /** The tab that is looked at. */
  get current(): BarTab | undefined {
    return this.selected ? this.list.get(this.selected) : undefined;
  }

  /** Shows what this browser remembers of the session, before the server speaks. */
  restore(session: string): void {
    const saved = readJson<SavedBar>(localStorage, storageKey(session));
    if (!saved) return;
    this.list.restore(saved.tabs);
    this.selected = saved.selected;
  }

  persist(): void {
    const session = this.room.sessionName;
    if (!session) return;
    const saved: SavedBar = { tabs: this.list.save(), selected: this.selected };
    writeJson(localStorage, storageKey(session), saved);
  }

  /** The server's whole list came. */
  reconcile(tabs: Iterable<Tab>): void {
    const { added, stale } = this.list.reconcile(tabs, this.room.me);
    for (const one of added) if (one.remote) this.announce(one);
    for (const one of stale) this.letGoOfStale(one);
    this.selectSomething();
    this.changed();
  }

  /** One tab now looks like this. */
  onTab(tab: Tab): void {
    const known = this.list.get(tab.name);
    const entry = this.list.upsert(tab, this.room.me);
    if (!known && entry.remote) this.announce(entry);
    if (!this.selected) this.select(tab.name);
    this.changed();
  }

  /** One tab is gone. */
  onDeleted(name: string): void {
    const entry = this.list.get(name);
    if (!entry) return;
    this.list.close(name);
    this.changed();
    setTimeout(() => this.forget(name), FADE_MS);
  }

  select(name: string): void {
    if (this.selected !== name) {
      const before = this.selected ? this.list.get(this.selected) : undefined;
      this.selected = name;
      if (before?.status === 'stale') this.fade(before.name);
    }
    this.signs.delete(name);
    this.room.onTabSelected(name);
    this.changed();
  }

  /** Shows a tab, and goes there with the keyboard. */
  show(name: string): void {
    this.room.show({ panel: 'terminal' });
    this.select(name);
    this.room.focus.byClick();
  }

  selectBeside(step: number): void {
    const bar = this.bar();
    const at = bar.findIndex((one) => one.name === this.selected);
    const entry = bar[(at + step + bar.length) % bar.length];
    if (entry) this.select(entry.name);
  }

  async open(): Promise<void> {
    this.list.beginOpening();
    this.room.focus.beginOpening();
    const size = terminalSize(this.room.stageSize());
    const value = create(CreateTabRequestSchema, {
      tab: create(TabSchema, { size }),
      requestId: uuid(),
    });
    try {
      const outcome = await this.room.ask({ case: 'createTab', value });
      const tab = outcome.result.case === 'tab' ? outcome.result.value : undefined;
      this.list.endOpening(tab?.name);
      if (tab) {
        this.list.upsert(tab, this.room.me);
        this.select(tab.name);
      }
      this.room.focus.endOpening(tab !== undefined);
    } catch (error) {
      this.list.endOpening(undefined);
      this.room.focus.endOpening(false);
      this.room.notices.failed(error);
    }
  }

  rename(name: string, title: string): Promise<void> {
    return this.update(name, { title }, ['title']);
  }

  move(name: string, position: number): Promise<void> {
    return this.update(name, { position }, ['position']);
  }

  /** Closes a tab; for 5 s it can be taken back while the shell lives on. */
  close(name: string): void {
    const entry = this.list.get(name);
    if (!entry) return;
    if (entry.status === 'stale' || !entry.tab) {
      this.fade(name);
      return;
    }
    if (!this.room.mayType) {
      this.room.notices.show('You are a viewer here; editors close tabs.', 'warn');
      return;
    }
    if (entry.tab.state === Tab_State.EXITED || entry.tab.state === Tab_State.LOST) {
      void this.remove(name);
      return;
    }
    this.closeLater(entry);
  }

  /** Moves a tab one place to the left or to the right. */
  moveBeside(name: string, step: 1 | -1): void {
    const bar = this.bar();
    const to = bar.findIndex((one) => one.name === name) + step;
    if (to >= 0 && to < bar.length) void this.move(name, to);
  }

  /** Uses the tab without changing it, so that it is not closed for being unused. */
  keepOpen(name: string): void {
    const tab = this.room.store.tabs.get(name);
    if (tab) void this.update(name, { position: tab.position }, ['position']);
  }

  /** Says who decides how large the program's screen is. */
  setSizePolicy(name: string, sizePolicy: SizePolicy, size?: CellSize): Promise<void> {
    const fields = { sizePolicy, size: terminalSize(size) };
    return this.update(name, fields, size ? ['size_policy', 'size'] : ['size_policy']);
  }

  onOutput(name: string): void {
    if (name !== this.selected) this.sign(name, { unseen: true });
  }

  onBell(name: string): void {
    if (name !== this.selected) this.sign(name, { bell: true });
  }

  onCommandEnd(name: string, exitCode: number, tookMs: number): void {
    if (name !== this.selected && tookMs >= LONG_COMMAND_MS) this.sign(name, { exitCode });
  }

  private sign(name: string, signs: Partial<TabSigns>): void {
    const before = this.signsOf(name);
    const after = { ...before, ...signs };
    if (JSON.stringify(before) === JSON.stringify(after)) return;
    this.signs.set(name, after);
    this.room.changes.emit('tabs');
  }

  private async update(
    name: string,
    fields: Partial<Pick<Tab, 'title' | 'position' | 'sizePolicy' | 'size'>>,
    paths: string[],
  ): Promise<void> {
    const value = create(UpdateTabRequestSchema, {
      tab: create(TabSchema, { name, ...fields }),
      updateMask: create(FieldMaskSchema, { paths }),
    });
    try {
      await this.room.ask({ case: 'updateTab', value });
    } catch (error) {
      this.room.notices.failed(error);
    }
  }

  private closeLater(entry: BarTab): void {
    const { name } = entry;
    const title = this.labelOf(name) ?? entry.title;
    this.list.close(name);
    this.leave(name);
    setTimeout(() => {
      if (this.list.get(name)?.status === 'closing') this.hidden.add(name);
      this.changed();
    }, FADE_MS);
    const letGo = () => {
      clearTimeout(timer);
      this.closing.delete(name);
      takeAway();
    };
    const timer = setTimeout(() => {
      letGo();
      void this.remove(name);
    }, UNDO_MS);
    // There is no time to wait for an answer.
    this.closing.set(name, () => {
      if (this.room.say(deletionOf(name))) letGo();
    });
    const undo = () => {
      letGo();
      this.hidden.delete(name);
      this.list.reopen(name);
      this.show(name);
    };
    const takeAway = this.room.notices.show(
      `Closed ${title}. Its shell still runs.`,
      'plain',
      [{ label: 'Undo', run: undo }],
      UNDO_MS,
    );
    this.changed();
  }

  private async remove(name: string): Promise<void> {
    try {
      await this.room.ask(deletionOf(name));
    } catch (error) {
      this.hidden.delete(name);
      this.list.reopen(name);
      this.room.notices.failed(error);
    }
    this.changed();
  }

  private announce(entry: BarTab): void {
    const label = this.labelOf(entry.name) ?? entry.title;
    const how = openedText(this.openerOf(entry));
    this.room.notices.show(`Tab "${label}" ${how}`, 'plain', [
      { label: 'Show', run: () => this.show(entry.name) },
    ]);
  }

  private letGoOfStale(entry: BarTab): void {
    setTimeout(() => {
      const still = this.list.get(entry.name)?.status === 'stale';
      if (still && this.selected !== entry.name) this.fade(entry.name);
    }, STALE_STAYS_MS);
  }

  private fade(name: string): void {
    this.list.close(name);
    this.leave(name);
    this.changed();
    setTimeout(() => this.forget(name), FADE_MS);
  }

  private forget(name: string): void {
    this.leave(name);
    this.list.drop(name);
    this.hidden.delete(name);
    this.signs.delete(name);
    this.room.terminals.remove(name);
    this.changed();
  }

  /** Selects a neighbour if this tab is looked at. */
  private leave(name: string): void {
    if (this.selected !== name) return;
    const open = this.bar().filter((one) => one.status !== 'closing' || one.name === name);
    const at = open.findIndex((one) => one.name === name);
    const next = open[at + 1] ?? open[at - 1];
    this.selected = undefined;
    if (next) this.select(next.name);
    else this.room.onTabSelected(undefined);
  }

  private selectSomething(): void {
    const { current } = this;
    const empty = current?.status === 'stale' && !this.room.terminals.screen(current.name);
    if (current && !empty) {
      this.room.onTabSelected(this.selected);
      return;
    }
    const first = this.bar().find((one) => one.status === 'synced');
    if (first) this.select(first.name);
  }

  private changed(): void {
    this.persist();
    this.room.changes.emit('tabs', 'terminal');
  }
}

function deletionOf(name: string): Said {
  return { case: 'deleteTab', value: create(DeleteTabRequestSchema, { name }) };
}

function storageKey(session: string): string {
  return `atrium.tabs.${session}`;
}

function terminalSize(size: CellSize | undefined) {
  return size ? create(TerminalSizeSchema, size) : undefined;
}
