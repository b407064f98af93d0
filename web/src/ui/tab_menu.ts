import { html, nothing, type TemplateResult } from 'lit';
import { returnToTerminal } from '../room/actions';
import type { Topic } from '../room/changes';
import { chordsOf, showChord } from '../room/shortcuts';
import { RoomElement } from './element';
import { stepMenu } from './menu';

interface Item {
  title: string;
  run: () => void;
  chord?: string;
}

const EDGE_PX = 8;

/** What can be done with one tab; opened by its context menu, a key or the palette. */
class AtriumTabMenu extends RoomElement {
  protected readonly topics: readonly Topic[] = ['view', 'state', 'tabs'];
  private shownFor = '';

  override render(): TemplateResult | typeof nothing {
    const { tabMenu, tabs } = this.room;
    const entry = tabMenu && tabs.list.get(tabMenu.tab);
    if (!entry) return nothing;
    return html`<div class="menu menu--tab" role="menu" aria-label=${`Tab ${tabs.labelOf(entry.name) ?? entry.title}`} @keydown=${this.onKey} @focusout=${this.onFocusOut}>
      ${this.items(entry.name).map(
        (one) => html`<button class="menu__item" role="menuitem" @click=${() => this.choose(one)}>
          <span>${one.title}</span><kbd>${one.chord ?? ''}</kbd>
        </button>`,
      )}
    </div>`;
  }

  protected override updated(): void {
    const { tabMenu } = this.room;
    const menu = this.querySelector<HTMLElement>('.menu');
    if (!menu || !tabMenu) {
      this.shownFor = '';
      return;
    }
    menu.style.left = `${Math.max(EDGE_PX, Math.min(tabMenu.left, innerWidth - menu.offsetWidth - EDGE_PX))}px`;
    menu.style.top = `${Math.max(EDGE_PX, Math.min(tabMenu.top, innerHeight - menu.offsetHeight - EDGE_PX))}px`;
    if (this.shownFor === tabMenu.tab) return;
    this.shownFor = tabMenu.tab;
    this.querySelector<HTMLElement>('.menu__item')?.focus();
  }

  private items(tab: string): Item[] {
    const { room } = this;
    const { tabs } = room;
    const items: Item[] = [];
    const bar = tabs.bar();
    const at = bar.findIndex((one) => one.name === tab);
    const known = room.store.tabs.has(tab);
    if (room.mayType && known) {
      items.push(
        { title: 'Rename…', run: () => this.dialog(tab, 'rename'), chord: 'F2' },
        { title: 'Size…', run: () => this.dialog(tab, 'size') },
        ...this.driving(tab),
      );
      if (at > 0)
        items.push({
          ...this.item('tab.left', 'Move to the left'),
          run: () => tabs.moveBeside(tab, -1),
        });
      if (at < bar.length - 1)
        items.push({
          ...this.item('tab.right', 'Move to the right'),
          run: () => tabs.moveBeside(tab, 1),
        });
      if (room.store.tabs.get(tab)?.idleExpireTime)
        items.push({ title: 'Keep open', run: () => tabs.keepOpen(tab) });
    }
    if (room.mayType || !known)
      items.push({ ...this.item('tab.close', 'Close'), run: () => tabs.close(tab) });
    if (items.length === 0) items.push({ title: 'Show', run: () => tabs.select(tab) });
    return items;
  }

  private driving(tab: string): Item[] {
    const { driving, isOwner } = this.room;
    const drive = driving.of(tab);
    const items: Item[] = [];
    if (drive.kind === 'free' || (drive.kind === 'other' && isOwner))
      items.push({
        ...this.item('terminal.control', 'Take control'),
        run: () => driving.take(tab),
      });
    if (drive.kind === 'other' && !drive.asked)
      items.push({ ...this.item('drive.ask', 'Ask for control'), run: () => driving.ask(tab) });
    if (drive.kind === 'mine' || (drive.kind === 'other' && isOwner))
      items.push({
        ...this.item('drive.release', 'Release control'),
        run: () => driving.release(tab),
      });
    return items;
  }

  private item(action: Parameters<typeof chordsOf>[0], title: string) {
    return { title, chord: showChord(chordsOf(action, this.room.settings)[0] ?? '') };
  }

  /** Dialogs are about the tab that is looked at. */
  private dialog(tab: string, dialog: 'rename' | 'size'): void {
    this.room.tabs.select(tab);
    this.room.show({ dialog });
  }

  private choose(item: Item): void {
    this.close();
    returnToTerminal(this.room);
    item.run();
  }

  private close(): void {
    this.room.show({ tabMenu: undefined });
  }

  private readonly onFocusOut = (event: FocusEvent) => {
    const to = event.relatedTarget as Node | null;
    if (!this.contains(to)) this.close();
  };

  private readonly onKey = (event: KeyboardEvent) => {
    const menu = this.querySelector<HTMLElement>('.menu');
    if (!menu) return;
    if (event.key === 'Escape' || event.key === 'Tab') {
      this.close();
      returnToTerminal(this.room);
    } else if (!stepMenu(menu, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}

customElements.define('atrium-tab-menu', AtriumTabMenu);
