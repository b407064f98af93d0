import { html, nothing, type TemplateResult } from 'lit';
import { act, returnToTerminal } from '../room/actions';
import type { Topic } from '../room/changes';
import type { ActionId } from '../room/shortcuts';
import { RoomElement } from './element';
import { icon } from './icons';
import { MenuHolder, menuItems } from './menu_holder';

const QUALITY = { unknown: 0, poor: 1, fair: 2, good: 3 } as const;
const MENU: readonly ActionId[] = [
  'call.device',
  'captions.large',
  'agent.interrupt',
  'agent.start',
];

/** The call's controls, shown while this page is in it. */
class AtriumCallBar extends RoomElement {
  protected readonly topics: readonly Topic[] = ['call', 'settings', 'state'];
  private readonly more = new MenuHolder(this, {
    floats: true,
    leave: (byKey) => !byKey && returnToTerminal(this.room),
  });

  override render(): TemplateResult | typeof nothing {
    const { call } = this.room;
    if (call.phase === 'idle') return nothing;
    return html`<div class="call" role="toolbar" aria-label="Live audio">
      ${call.listensOnly ? this.unheard(call.listensOnly) : this.microphone()}
      ${this.toggle(call.deafened, call.deafened ? 'speakerOff' : 'speaker', call.deafened ? 'Hear the others' : 'Silence the others', () => call.setDeafened(!call.deafened))}
      ${call.listensOnly ? nothing : this.talkButton()}
      ${this.quality()}
      ${this.more.render({ name: 'More of the call', sign: 'more' }, () => menuItems(this.room, MENU))}
      <button class="button button--icon call__end" title="Hang up" aria-label="Hang up" @click=${() => act(this.room, 'call.toggle')}>${icon('phoneOff')}</button>
    </div>`;
  }

  protected override updated(): void {
    if (this.room.call.phase !== 'idle') return;
    this.more.close();
    this.endTalking();
  }

  /** There is no microphone: says so, and what to do. */
  private unheard(why: string): TemplateResult {
    const { room } = this;
    const tell = () =>
      room.mayType ? room.show({ checkingDevices: true }) : room.notices.show(why, 'warn');
    return html`<button class="button button--quiet call__unheard" title=${why} aria-label="Listening only" aria-description=${why} @click=${tell}>
      ${icon('micOff')}<span>Listening only</span>
    </button>`;
  }

  private microphone(): TemplateResult {
    const { call } = this.room;
    const [sign, title] = call.muted ? ['micOff', 'Unmute'] : ['mic', 'Mute'];
    return this.toggle(call.muted, sign, title, () => call.setMuted(!call.muted), this.mutedBy);
  }

  private talkButton(): TemplateResult {
    const { talking } = this.room;
    return html`<button
      class="button button--icon"
      title="Hold to talk"
      aria-label="Hold to talk"
      @pointerdown=${(event: PointerEvent) => talking.onPointerDown(event)}
      @pointerup=${this.endTalking}
      @pointercancel=${this.endTalking}
      @lostpointercapture=${this.endTalking}
      @blur=${this.endTalking}
      @keydown=${(event: KeyboardEvent) => this.onTalkKey(event, true)}
      @keyup=${(event: KeyboardEvent) => this.onTalkKey(event, false)}
    >
      ${icon('talk')}
    </button>`;
  }

  private onTalkKey(event: KeyboardEvent, held: boolean): void {
    if (event.key !== ' ' && event.key !== 'Enter') return;
    event.preventDefault();
    if (!held) this.endTalking();
    else if (!event.repeat) this.room.talking.begin();
  }

  private readonly endTalking = () => this.room.talking.end();

  /** Said beside what the button does, if somebody else muted us. */
  private get mutedBy(): string {
    const { self, call, muting } = this.room;
    return self?.mutedBy && call.muted ? `, ${muting.word(self)}` : '';
  }

  private toggle(
    pressed: boolean,
    sign: string,
    title: string,
    run: () => void,
    note = '',
  ): TemplateResult {
    return html`<button class="button button--icon ${pressed ? 'button--off' : ''}" title=${`${title}${note}`} aria-label=${title} @click=${run}>${icon(sign)}</button>`;
  }

  private quality(): TemplateResult {
    const { phase, quality } = this.room.call;
    const word = phase === 'live' ? (quality === 'unknown' ? 'live' : quality) : 'connecting';
    const bars = phase === 'live' ? QUALITY[quality] || 3 : 0;
    return html`<span class="quality quality--${quality}" title=${`Connection: ${word}`}>
      <span class="quality__bars" aria-hidden="true">${[1, 2, 3].map((one) => html`<i class=${one <= bars ? 'on' : ''}></i>`)}</span>
      <span class="quality__word">${word}</span>
    </span>`;
  }
}

customElements.define('atrium-call-bar', AtriumCallBar);
