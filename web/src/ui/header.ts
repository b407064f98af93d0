import { html, nothing, type TemplateResult } from 'lit';
import type { LinkState } from '../link/link';
import { callObstacle, returnToTerminal, toggleCall } from '../room/actions';
import type { Topic } from '../room/changes';
import { SCREEN_SHARED, SCREEN_TO_AGENT } from '../room/room';
import { type ActionId, chordsOf, showChord } from '../room/shortcuts';
import { namesText } from '../state/words';
import { RoomElement } from './element';
import { icon } from './icons';
import { MenuHolder, type MenuItem, menuItems } from './menu_holder';

const LINK_WORDS = {
  open: 'connected',
  connecting: 'connecting',
  waiting: 'reconnecting',
  ended: 'disconnected',
} as const;

/** The light's kind, and what it says. */
function lightOf(state: LinkState): [keyof typeof LINK_WORDS, string] {
  if (state.kind === 'open' && state.controlAway) return ['waiting', 'control is restarting'];
  if (state.kind === 'open' && state.silent) return ['waiting', 'no answer'];
  return [state.kind, LINK_WORDS[state.kind]];
}

/** The room's name and how the link to it stands. */
class AtriumHeader extends RoomElement {
  protected readonly topics: readonly Topic[] = ['link', 'state'];

  override render(): TemplateResult {
    const { linkState, store } = this.room;
    const [kind, word] = lightOf(linkState);
    return html`<div class="name" title=${`Atrium: ${word}`}>
      <span class="light light--${kind}" role="img" aria-label=${word}></span>
      <span class="name__text">${store.session?.displayName || 'Atrium'}</span>
    </div>`;
  }
}

const TEXT_SIZES: ReadonlySet<ActionId> = new Set(['text.larger', 'text.smaller']);
const MENU: readonly ActionId[] = [
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
  protected readonly topics: readonly Topic[] = ['state', 'settings', 'link', 'captures', 'call'];
  private readonly menu = new MenuHolder(this, {
    leave: (byKey) => !byKey && returnToTerminal(this.room),
  });

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
      ${this.join()}
      ${this.menu.render({ name: 'Settings', sign: 'gear' }, () => this.items())}
    `;
  }

  /** Others are in the call; on a phone the composer, where one joins, is behind the terminal. */
  private join(): TemplateResult | typeof nothing {
    const { room } = this;
    const all = [...room.store.participants.values()];
    const names = all
      .filter((one) => one.live && one.name !== room.me)
      .map((one) => one.displayName);
    if (names.length === 0 || room.call.phase !== 'idle' || callObstacle(room)) return nothing;
    const title = `Join the call of ${namesText(names)}`;
    return html`<button class="button join" title=${title} aria-label=${title} @click=${() => toggleCall(room)}>${icon('phone')}<span>Join</span></button>`;
  }

  private items(): MenuItem[] {
    const items = menuItems(this.room, MENU).map((one) =>
      TEXT_SIZES.has(one.id) ? { ...one, stays: true } : one,
    );
    const { obstacle, agentObstacle } = this.room.captures;
    // Why no screen can be shared from here, or the agent sees none.
    const notes = [
      { title: 'Share screen', run: () => {}, obstacle },
      {
        title: 'Let the agent see it',
        run: () => {},
        obstacle: obstacle ? undefined : agentObstacle,
      },
    ];
    return [...items, ...notes.filter((one) => one.obstacle)];
  }
}

customElements.define('atrium-header', AtriumHeader);
customElements.define('atrium-trust', AtriumTrust);
