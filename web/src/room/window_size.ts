import { create } from '@bufbuild/protobuf';
import { ResizeTerminalSchema } from '../gen/atrium/v1/live_pb';
import { SizePolicy, type Tab, TerminalSizeSchema } from '../gen/atrium/v1/tab_pb';
import { type Sizing, sizingOf } from '../state/driving';
import type { CellSize } from '../terminal/feed';
import type { Room } from './room';

/** The terminal's host may hear of a new owner or policy later than this page. */
const AGAIN_AFTER_MS = 1000;
const TIMES_AGAIN = 2;
/** This window does not show the tab. */
const NOT_SHOWN: CellSize = { columns: 0, rows: 0 };

interface Told extends CellSize {
  tab: string;
  incarnation: string;
  sizing: Sizing;
  joins: number;
}

/**
 * Tells how many cells this page's window has for the tab that it shows, where that
 * counts: each size once, and again whenever it begins to count anew.
 */
export class WindowSize {
  private readonly room: Pick<Room, 'say' | 'store' | 'self' | 'isFrontWindow' | 'link'>;
  /** What was told since the window began to count. */
  private told: Told | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(room: Pick<Room, 'say' | 'store' | 'self' | 'isFrontWindow' | 'link'>) {
    this.room = room;
  }

  /** The window shows this tab and has room for so many cells. */
  fit(tab: Tab, size: CellSize): void {
    const sizing = this.sizingOf(tab);
    if (sizing === 'looks') return;
    if (sizing === 'decides' && isOf(tab, size)) return;
    const { name, incarnation } = tab;
    const joins = this.room.link?.joins ?? 0;
    const wanted: Told = { ...size, tab: name, incarnation, sizing, joins };
    const { told } = this;
    if (told && JSON.stringify(told) === JSON.stringify(wanted)) return;
    if (!this.tell(name, size)) return;
    this.told = wanted;
    if (told?.sizing !== sizing) this.tellAgain(TIMES_AGAIN);
  }

  /** The state changed: where the window does not count any more, it will begin anew. */
  follow(): void {
    const { told } = this;
    if (!told) return;
    const tab = this.room.store.tabs.get(told.tab);
    if (!tab || this.sizingOf(tab) !== told.sizing) this.forget();
  }

  /** The window shows this tab from now on, or none. */
  show(name: string | undefined): void {
    const { told } = this;
    if (!told || told.tab === name) return;
    this.forget();
    const { link, store } = this.room;
    const counts = store.tabs.get(told.tab)?.sizePolicy === SizePolicy.SMALLEST;
    if (counts && told.joins === link?.joins) this.tell(told.tab, NOT_SHOWN);
  }

  private sizingOf(tab: Tab): Sizing {
    return sizingOf(tab, this.room.self, this.room.isFrontWindow);
  }

  private tellAgain(times: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      const { told } = this;
      const tab = told && this.room.store.tabs.get(told.tab);
      if (!told || !tab || (told.sizing === 'decides' && isOf(tab, told))) return;
      this.tell(told.tab, told);
      if (times > 1) this.tellAgain(times - 1);
    }, AGAIN_AFTER_MS);
  }

  private tell(tab: string, { columns, rows }: CellSize): boolean {
    const size = create(TerminalSizeSchema, { columns, rows });
    return this.room.say({ case: 'resize', value: create(ResizeTerminalSchema, { tab, size }) });
  }

  private forget(): void {
    clearTimeout(this.timer);
    this.told = undefined;
  }
}

function isOf(tab: Tab, { columns, rows }: CellSize): boolean {
  return tab.size?.columns === columns && tab.size.rows === rows;
}
