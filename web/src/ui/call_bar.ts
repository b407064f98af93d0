import { html, nothing, type TemplateResult } from 'lit';
import { type Action, act, actionsOf } from '../room/actions';
import type { Topic } from '../room/changes';
import { type ActionId, chordsOf, showChord } from '../room/shortcuts';
import { RoomElement } from './element';
import { icon } from './icons';
import { placeMenu, stepMenu } from './menu';

const QUALITY = { unknown: 0, poor: 1, fair: 2, good: 3 } as const;
const MENU: readonly ActionId[] = ['call.device', 'captions.large', 'agent.interrupt'];

/** The call's controls, shown while this page is in it. */
class AtriumCallBar extends RoomElement {
  protected readonly topics: readonly Topic[] = ['call', 'settings'];
  private open = false;

  override render(): TemplateResult | typeof nothing {
    const { call } = this.room;
    if (call.phase === 'idle') return nothing;
    return html`<div class="call" role="toolbar" aria-label="Live audio">
      ${this.toggle(call.muted, call.muted ? 'micOff' : 'mic', call.muted ? 'Unmute' : 'Mute', () => call.setMuted(!call.muted))}
      ${this.toggle(call.deafened, call.deafened ? 'speakerOff' : 'speaker', call.deafened ? 'Hear the others' : 'Silence the others', () => call.setDeafened(!call.deafened))}
      <button
        class="button button--icon"
        title="Hold to talk"
        aria-label="Hold to talk"
        @pointerdown=${() => call.hold(true)}
        @pointerup=${() => call.hold(false)}
        @pointercancel=${() => call.hold(false)}
        @keydown=${(event: KeyboardEvent) => this.onTalkKey(event, true)}
        @keyup=${(event: KeyboardEvent) => this.onTalkKey(event, false)}
      >
        ${icon('talk')}
      </button>
      ${this.quality()}
      <span class="menu-holder" @keydown=${this.onKey} @focusout=${this.onFocusOut}>
        <button class="button button--icon" title="More of the call" aria-label="More of the call" aria-haspopup="menu" aria-expanded=${this.open} @click=${() => this.show(!this.open)}>${icon('more')}</button>
        ${this.open ? this.menu() : nothing}
      </span>
      <button class="button button--icon call__end" title="Hang up" aria-label="Hang up" @click=${() => act(this.room, 'call.toggle')}>${icon('phoneOff')}</button>
    </div>`;
  }

  protected override updated(): void {
    if (this.room.call.phase === 'idle') this.open = false;
    const menu = this.querySelector<HTMLElement>('.menu');
    const opener = this.querySelector<HTMLElement>('[aria-haspopup]');
    if (menu && opener) placeMenu(menu, opener);
  }

  private menu(): TemplateResult {
    const actions = actionsOf(this.room).filter((one) => MENU.includes(one.id));
    return html`<div class="menu menu--over" role="menu" aria-label="More of the call">
      ${actions.map(
        (one) => html`<button class="menu__item" role="menuitem" @click=${() => this.choose(one)}>
          <span>${one.title}</span><kbd>${showChord(chordsOf(one.id, this.room.settings)[0] ?? '')}</kbd>
        </button>`,
      )}
    </div>`;
  }

  private choose(action: Action): void {
    this.show(false);
    action.run();
  }

  private show(open: boolean): void {
    this.open = open;
    this.requestUpdate();
    void this.updateComplete.then(() => {
      if (open) this.querySelector<HTMLElement>('.menu__item')?.focus();
    });
  }

  private readonly onFocusOut = (event: FocusEvent) => {
    const to = event.relatedTarget as Node | null;
    if (this.open && to && !this.querySelector('.menu-holder')?.contains(to)) this.show(false);
  };

  private readonly onKey = (event: KeyboardEvent) => {
    const menu = this.querySelector<HTMLElement>('.menu');
    if (!menu) return;
    if (event.key === 'Escape') {
      this.show(false);
      this.querySelector<HTMLElement>('[aria-haspopup]')?.focus();
    } else if (!stepMenu(menu, event.key)) return;
    event.preventDefault();
  };

  private onTalkKey(event: KeyboardEvent, held: boolean): void {
    if (event.key !== ' ' && event.key !== 'Enter') return;
    event.preventDefault();
    if (!event.repeat) this.room.call.hold(held);
  }

  private toggle(pressed: boolean, sign: string, title: string, run: () => void): TemplateResult {
    return html`<button class="button button--icon ${pressed ? 'button--off' : ''}" title=${title} aria-label=${title} @click=${run}>${icon(sign)}</button>`;
  }

  private quality(): TemplateResult {
    const { phase, quality } = this.room.call;
    const word = phase === 'live' ? (quality === 'unknown' ? 'live' : quality) : 'connecting';
    const bars = phase === 'live' ? QUALITY[quality] || 3 : 0;
    return html`<span class="quality quality--${quality}" title=${`Connection: ${word}`}>
      <span class="quality__bars" aria-hidden="true">${[1, 2, 3].map((one) => html`<i class=${one <= bars ? 'on' : ''}></i>`)}</span>
      <span>${word}</span>
    </span>`;
  }
}

customElements.define('atrium-call-bar', AtriumCallBar);
