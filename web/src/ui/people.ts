import { html, nothing, type TemplateResult } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { kindAndTitle } from '../capture/title';
import {
  type Conversation,
  Conversation_Activity,
  Conversation_State,
} from '../gen/atrium/v1/conversation_pb';
import {
  type Participant,
  Participant_Kind,
  Participant_Presence,
} from '../gen/atrium/v1/session_pb';
import type { Topic } from '../room/changes';
import { FULL } from '../room/volume';
import { AGENT, loudness, mayType, roleWord, sortRoster } from '../state/roster';
import { lagText, lagWords } from '../state/words';
import { RoomElement } from './element';
import { icon } from './icons';

const TYPING_STAYS_MS = 1500;

/** Who is here, what they may do and what they do. */
class AtriumPeople extends RoomElement {
  protected readonly topics: readonly Topic[] = [
    'state',
    'levels',
    'call',
    'view',
    'tabs',
    'captures',
  ];
  private naming = false;
  /** Whose volume is being set, by name. */
  private setting = '';

  override render(): TemplateResult {
    const { room } = this;
    const people = sortRoster(room.store.participants.values(), room.me);
    return html`<section class="people" aria-label="People">
      <div class="panel-head">
        <h2>People <span class="count">${people.length}</span></h2>
        ${
          room.isOwner
            ? html`<button class="button button--quiet" @click=${() => room.show({ dialog: 'invite' })}>${icon('invite')} Invite</button>`
            : nothing
        }
      </div>
      <ul class="people__list" tabindex="0" aria-label="People in the room">
        ${repeat(
          people,
          (one) => one.name,
          (one) => this.person(one),
        )}
        ${room.agentAvailable ? this.agent(room.store.conversation) : nothing}
      </ul>
    </section>`;
  }

  /** A slider that could not be used any more is put away for good. */
  protected override willUpdate(): void {
    const one = this.room.store.participants.get(this.setting);
    if (!one || !this.room.volume.may(one)) this.setting = '';
  }

  protected override updated(): void {
    const input = this.querySelector<HTMLInputElement>('.person__input');
    if (this.naming && input && document.activeElement !== input) input.focus();
  }

  private person(one: Participant): TemplateResult {
    const me = one.name === this.room.me;
    const loud = loudness(this.room.levels, one.name);
    const gone = one.presence === Participant_Presence.RECONNECTING;
    return html`<li class="person ${gone ? 'person--away' : ''}" data-participant=${one.name}>
      <span class="face ${loud > 0 ? 'face--speaking' : ''}" style=${`--loud:${loud.toFixed(2)}`} aria-hidden="true">
        ${one.kind === Participant_Kind.SERVICE ? icon('gear') : initials(one.displayName)}
      </span>
      ${me ? this.myself(one) : html`<span class="person__name" title=${one.displayName}>${one.displayName}</span>`}
      <span class="person__role">${roleWord(one.role)}</span>
      <span class="person__signs">${this.signs(one, loud)}${this.volumeButton(one)}${this.muteButton(one)}${this.giveButton(one)}</span>
      ${this.volumeSlider(one)}
    </li>`;
  }

  private myself(one: Participant): TemplateResult {
    const { name } = this.room.settings;
    if (this.naming || !name) {
      return html`<form class="person__form" @submit=${this.onName}>
        <input class="person__input" name="name" maxlength="40" autocomplete="nickname" aria-label="Your name" placeholder="Your name?" .value=${this.naming ? one.displayName : ''} @blur=${this.onNameLeft} />
      </form>`;
    }
    return html`<button class="person__name person__name--me" title="Change your name" @click=${() => this.rename()}>
      ${one.displayName} <span class="person__you">you</span>
    </button>`;
  }

  private signs(one: Participant, loud: number): TemplateResult[] {
    const signs: TemplateResult[] = [];
    if (one.presence === Participant_Presence.RECONNECTING)
      signs.push(sign('spinner', 'reconnecting', 'spin'));
    const typing = this.room.typing.get(one.name);
    const tab = this.room.tabs.current?.tab;
    if (typing && Date.now() - typing.atMs < TYPING_STAYS_MS)
      signs.push(sign('keyboard', 'typing', 'accent', `typing in ${this.titleOf(typing.tab)}`));
    else if (tab?.driver === one.name) signs.push(sign('wheel', 'driving', 'accent'));
    else if (tab?.controlRequesters.includes(one.name))
      signs.push(sign('wheel', 'asks for control', 'warn'));
    const lag = lagText(one.lag);
    if (one.lag && lag)
      signs.push(sign('clock', lag, 'warn', lagWords(one.lag, this.room.nameOf(one.name))));
    const [capture] = this.room.captures.shownBy(one.name);
    if (capture)
      signs.push(
        sign('screen', 'showing a screen', 'accent', `showing a ${kindAndTitle(capture.title)}`),
      );
    const volume = this.room.volume.of(one);
    if (one.live && volume !== FULL)
      signs.push(sign('speaker', `${volume} %`, 'warn', `heard at ${volume} % by everybody`));
    if (one.deafened) signs.push(sign('speakerOff', 'does not listen', 'bad'));
    if (one.live && !mayType(one)) signs.push(sign('speaker', 'listening'));
    else if (one.live && one.muted)
      signs.push(sign('micOff', 'muted', 'bad', this.room.muting.word(one)));
    else if (one.live)
      signs.push(sign('mic', loud > 0 ? 'speaking' : 'live', loud > 0 ? 'good' : ''));
    return signs;
  }

  private titleOf(tab: string): string {
    return this.room.tabs.labelOf(tab) ?? 'a tab';
  }

  /** For whoever has the keyboard of the tab that is looked at, and for owners. */
  private giveButton(one: Participant): TemplateResult | typeof nothing {
    const { room } = this;
    const tab = room.tabs.selected;
    if (!tab || one.name === room.me || !mayType(one)) return nothing;
    const drive = room.driving.of(tab);
    const may = drive.kind === 'mine' || (drive.kind === 'other' && room.isOwner);
    if (!may || (drive.kind === 'other' && drive.driver === one.name)) return nothing;
    const title = `Give control to ${one.displayName}`;
    return html`<button class="button button--icon person__give" title=${title} aria-label=${title} @click=${() => room.driving.give(tab, one.name)}>${icon('give')}<span class="person__give-word">Give</span></button>`;
  }

  private muteButton(one: Participant): TemplateResult | typeof nothing {
    const { muting } = this.room;
    if (!muting.may(one)) return nothing;
    const name = `Mute ${one.displayName}`;
    return html`<button class="button button--icon person__give" title=${`${name}. They can unmute themselves`} aria-label=${name} @click=${() => muting.mute(one)}>${icon('micOff')}<span class="person__give-word">Mute</span></button>`;
  }

  private volumeButton(one: Participant): TemplateResult | typeof nothing {
    if (!this.room.volume.may(one)) return nothing;
    const isOpen = this.setting === one.name;
    const name = `How loud ${one.displayName} is`;
    const toggle = () => (isOpen ? this.closeVolume() : void this.openVolume(one.name));
    return html`<button class="button button--icon person__give person__loud" title=${`${name} for everybody`} aria-label=${name} aria-expanded=${isOpen} @click=${toggle}>${icon('speaker')}<span class="person__give-word">Volume</span></button>`;
  }

  private volumeSlider(one: Participant): TemplateResult | typeof nothing {
    if (this.setting !== one.name) return nothing;
    const close = () => {
      this.closeVolume();
      this.querySelector<HTMLElement>(`[data-participant="${one.name}"] .person__loud`)?.focus();
    };
    return html`<atrium-volume .participant=${one} @close=${close}></atrium-volume>`;
  }

  /** Only this brings the keyboard to a slider: it may be drawn anew while somebody types. */
  private async openVolume(name: string): Promise<void> {
    this.setting = name;
    this.requestUpdate();
    await this.updateComplete;
    const slider = this.querySelector<RoomElement>('atrium-volume');
    await slider?.updateComplete;
    slider?.querySelector('input')?.focus();
  }

  private closeVolume(): void {
    this.setting = '';
    this.requestUpdate();
  }

  private agent(conversation: Conversation | undefined): TemplateResult {
    const word = agentWord(conversation);
    const loud = loudness(this.room.levels, AGENT);
    const made = [conversation?.provider, conversation?.model].filter(Boolean).join(' · ');
    const how = word === 'off' ? 'Write to the agent to start it' : made;
    const title = conversation?.problem || how;
    return html`<li class="person person--agent" title=${title} data-participant="agent">
      <span class="face face--agent ${loud > 0 ? 'face--speaking' : ''}" style=${`--loud:${loud.toFixed(2)}`} aria-hidden="true">${icon('agent')}</span>
      ${
        this.room.mayType
          ? html`<button class="person__name person__name--me" title="Settings of the agent" @click=${() => this.room.show({ dialog: 'agent' })}>Agent</button>`
          : html`<span class="person__name">Agent</span>`
      }
      <span class="agent-state agent-state--${word.replaceAll(' ', '-')}"><span class="agent-state__shape" aria-hidden="true"></span>${word}</span>
    </li>`;
  }

  private rename(): void {
    this.naming = true;
    this.requestUpdate();
  }

  private readonly onName = (event: SubmitEvent) => {
    event.preventDefault();
    const input = this.querySelector<HTMLInputElement>('.person__input');
    this.naming = false;
    this.room.rename(input?.value ?? '');
    this.requestUpdate();
  };

  private readonly onNameLeft = (event: FocusEvent) => {
    const { value } = event.target as HTMLInputElement;
    if (value.trim()) this.room.rename(value);
    this.naming = false;
    this.requestUpdate();
  };
}

/** What the agent does, in a word. */
export function agentWord(conversation: Conversation | undefined): string {
  switch (conversation?.state) {
    case Conversation_State.CONNECTING:
      return 'connecting';
    case Conversation_State.RECONNECTING:
      return 'reconnecting';
    case Conversation_State.FAILED:
      return 'unavailable';
    case Conversation_State.ACTIVE:
      break;
    default:
      return 'off';
  }
  switch (conversation.activity) {
    case Conversation_Activity.THINKING:
      return 'thinking';
    case Conversation_Activity.SPEAKING:
      return 'speaking';
    case Conversation_Activity.WAITING_FOR_APPROVAL:
      return 'waiting for approval';
    default:
      return 'listening';
  }
}

function sign(name: string, word: string, tone = '', title = word): TemplateResult {
  return html`<span class="sign ${tone ? `sign--${tone}` : ''}" title=${title}>
    <span class=${tone === 'spin' ? 'spin' : ''}>${icon(name)}</span><span class="sign__word">${word}</span>
  </span>`;
}

function initials(name: string): string {
  const words = name
    .trim()
    .split(/[\s._-]+/)
    .filter(Boolean);
  const [first, second] = words;
  return `${first?.[0] ?? '?'}${second?.[0] ?? ''}`.toUpperCase();
}

customElements.define('atrium-people', AtriumPeople);
