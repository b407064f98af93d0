import { html, type LitElement, nothing, type ReactiveController, type TemplateResult } from 'lit';
import { actionsOf } from '../room/actions';
import type { Room } from '../room/room';
import { type ActionId, chordsOf, showChord } from '../room/shortcuts';
import { icon } from './icons';
import { placeMenu, stepMenu } from './menu';

/** One thing that a menu offers. */
export interface MenuItem {
  title: string;
  run: () => void;
  /** Its key, or what else stands at the end of the line. */
  chord?: string;
  sign?: string;
  /** Why it cannot be done; it is listed to say so. */
  obstacle?: string;
  /** Doing it leaves the menu open. */
  stays?: boolean;
}

/** The button that opens a menu. */
interface Opener {
  name: string;
  sign: string;
  kind?: string;
  disabled?: boolean;
}

interface Ways {
  /** It floats over what is around it, where there is room. */
  floats?: boolean;
  /** Where the keyboard goes when something was chosen; else it stays with the button. */
  leave?: (byKey: boolean) => void;
}

/** A button and the menu that it opens, for the element that shows them. */
export class MenuHolder implements ReactiveController {
  private isOpen = false;
  private readonly host: LitElement;
  private readonly ways: Ways;

  constructor(host: LitElement, ways: Ways = {}) {
    this.host = host;
    this.ways = ways;
    host.addController(this);
  }

  hostUpdated(): void {
    if (this.menu && this.opener && this.ways.floats) placeMenu(this.menu, this.opener);
  }

  /** The items are asked for while the menu is open. */
  render(opener: Opener, items: () => readonly MenuItem[]): TemplateResult {
    const { name, sign, kind = '', disabled = false } = opener;
    return html`<span class="menu-holder" @keydown=${this.onKey} @focusout=${this.onFocusOut}>
      <button type="button" class="button button--icon ${kind}" title=${name} aria-label=${name} aria-haspopup="menu" aria-expanded=${this.isOpen} ?disabled=${disabled} @click=${() => this.show(!this.isOpen)}>${icon(sign)}</button>
      ${
        this.isOpen
          ? html`<div class="menu ${this.ways.floats ? 'menu--over' : ''}" role="menu" aria-label=${name}>
            ${items().map((one) => (one.obstacle ? this.note(one) : this.item(one)))}
          </div>`
          : nothing
      }
    </span>`;
  }

  /** What it was about is gone. */
  close(): void {
    if (this.isOpen) this.show(false);
  }

  private item(one: MenuItem): TemplateResult {
    return html`<button type="button" class="menu__item" role="menuitem" @click=${(event: MouseEvent) => this.choose(one, event.detail === 0)}>
      <span>${one.title}</span>${one.sign ? icon(one.sign) : html`<kbd>${one.chord ?? ''}</kbd>`}
    </button>`;
  }

  private note({ title, obstacle }: MenuItem): TemplateResult {
    return html`<button type="button" class="menu__item menu__item--note" role="menuitem" aria-disabled="true">
      <span>${title}<span>${obstacle}</span></span>
    </button>`;
  }

  private choose(one: MenuItem, byKey: boolean): void {
    if (!one.stays) {
      this.show(false);
      if (this.ways.leave) this.ways.leave(byKey);
      else this.opener?.focus();
    }
    one.run();
  }

  private show(isOpen: boolean): void {
    this.isOpen = isOpen;
    this.host.requestUpdate();
    if (!isOpen) return;
    void this.host.updateComplete.then(() =>
      this.holder?.querySelector<HTMLElement>('.menu__item')?.focus(),
    );
  }

  private get holder(): HTMLElement | null {
    return this.host.querySelector<HTMLElement>('.menu-holder');
  }

  private get opener(): HTMLElement | null {
    return this.host.querySelector<HTMLElement>('.menu-holder > button');
  }

  private get menu(): HTMLElement | null {
    return this.host.querySelector<HTMLElement>('.menu-holder > .menu');
  }

  private readonly onFocusOut = (event: FocusEvent) => {
    const to = event.relatedTarget as Node | null;
    if (this.isOpen && to && !this.holder?.contains(to)) this.show(false);
  };

  private readonly onKey = (event: KeyboardEvent) => {
    const { menu } = this;
    if (!menu) return;
    if (event.key === 'Escape') {
      this.show(false);
      this.opener?.focus();
    } else if (!stepMenu(menu, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}

/** Those of some actions that can be done now, as items, with their keys. */
export function menuItems(
  room: Room,
  ids: readonly ActionId[],
): (MenuItem & { id: ActionId; chord: string })[] {
  return actionsOf(room)
    .filter((one) => ids.includes(one.id))
    .map(({ id, title, run }) => ({
      id,
      title,
      run,
      chord: showChord(chordsOf(id, room.settings)[0] ?? ''),
    }));
}
