import { html, nothing, type TemplateResult } from 'lit';
import { type Action, act, actionsOf } from '../room/actions';
import type { Topic } from '../room/changes';
import { SCREEN_SHARED, SCREEN_TO_AGENT } from '../room/room';
import { chordsOf, showChord } from '../room/shortcuts';
import { RoomElement } from './element';
import { icon } from './icons';

const LINK_WORDS = {
  open: 'connected',
  connecting: 'connecting',
  waiting: 'reconnecting',
  ended: 'disconnected',
} as const;

/** The room's name and how the link to it stands. */
class AtriumHeader extends RoomElement {
  protected readonly topics: readonly Topic[] = ['link', 'state'];

  override render(): TemplateResult {
    const { linkState, store } = this.room;
    const away = linkState.kind === 'open' && linkState.controlAway;
    const kind = away ? 'waiting' : linkState.kind;
    const word = away ? 'control is restarting' : LINK_WORDS[linkState.kind];
    return html`<div class="name" title=${`Atrium: ${word}`}>
      <span class="light light--${kind}" role="img" aria-label=${word}></span>
      <span class="name__text">${store.session?.displayName || 'Atrium'}</span>
    </div>`;
  }
}

const MENU: Action['id'][] = [
  'capture.toggle',
  'capture.display',
  'session.settings',
  'theme',
  'text.larger',
  'text.smaller',
  'captions.large',
  'screen-reader',
  'call.device',
  'notify',
  'shortcuts',
];

/** What is shared with whom, the palette's button and the settings. */
class AtriumTrust extends RoomElement {
  protected readonly topics: readonly Topic[] = ['state', 'settings', 'link', 'captures'];
  private open = false;

  override render(): TemplateResult {
    const { room } = this;
    const lines = room.trust;
    const chords = chordsOf('palette', room.settings);
    const chord = chords.find((one) => one.startsWith('Meta')) ?? chords[0] ?? '';
    return html`
      ${lines.length > 0 ? html`<p class="trust" title=${lines.join(' · ')}>${lines.map((line, index) => html`${index > 0 ? ' · ' : nothing}<span class=${line === SCREEN_SHARED || line === SCREEN_TO_AGENT ? 'trust__screen' : ''}>${line}</span>`)}</p>` : nothing}
      <button class="button button--quiet palette-button" title="All actions" @click=${() => room.show({ paletteOpen: true })}>
        ${icon('search')}<span class="sr-only">All actions</span><kbd>${showChord(chord)}</kbd>
      </button>
      <div class="menu-holder" @focusout=${this.onFocusOut} @keydown=${this.onKey}>
        <button
          class="button button--icon"
          title="Settings"
          aria-label="Settings"
          aria-haspopup="menu"
          aria-expanded=${this.open}
          @click=${() => this.toggle(!this.open)}
        >
          ${icon('gear')}
        </button>
        ${this.open ? this.menu() : nothing}
      </div>
    `;
  }

  private menu(): TemplateResult {
    const actions = actionsOf(this.room).filter((one) => MENU.includes(one.id));
    return html`<div class="menu" role="menu" aria-label="Settings">
      ${actions.map(
        (one) => html`<button class="menu__item" role="menuitem" @click=${() => this.choose(one)}>
          ${one.title}<kbd>${showChord(chordsOf(one.id, this.room.settings)[0] ?? '')}</kbd>
        </button>`,
      )}
      ${this.captureNote()}
    </div>`;
  }

  /** Why no screen can be shared from here, where the button would be. */
  private captureNote(): TemplateResult | typeof nothing {
    const { obstacle } = this.room.captures;
    if (!obstacle) return nothing;
    return html`<button class="menu__item menu__item--note" role="menuitem" aria-disabled="true">
      <span>Share screen<span>${obstacle}</span></span>
    </button>`;
  }

  private choose(action: Action): void {
    act(this.room, action.id);
    if (!action.id.startsWith('text.')) this.toggle(false);
  }

  private toggle(open: boolean): void {
    this.open = open;
    this.requestUpdate();
    void this.updateComplete.then(() => {
      if (open) this.querySelector<HTMLElement>('.menu__item')?.focus();
    });
  }

  private readonly onFocusOut = (event: FocusEvent) => {
    const to = event.relatedTarget as Node | null;
    if (this.open && to && !this.querySelector('.menu-holder')?.contains(to)) this.toggle(false);
  };

  private readonly onKey = (event: KeyboardEvent) => {
    const items = [...this.querySelectorAll<HTMLElement>('.menu__item')];
    const at = items.indexOf(document.activeElement as HTMLElement);
    if (event.key === 'ArrowDown') items[(at + 1) % items.length]?.focus();
    else if (event.key === 'ArrowUp') items[(at - 1 + items.length) % items.length]?.focus();
    else if (event.key === 'Escape' && this.open) {
      this.toggle(false);
      this.querySelector<HTMLElement>('[aria-haspopup]')?.focus();
    } else return;
    event.preventDefault();
  };
}

customElements.define('atrium-header', AtriumHeader);
customElements.define('atrium-trust', AtriumTrust);
