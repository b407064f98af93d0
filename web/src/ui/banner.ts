import { html, nothing, type TemplateResult } from 'lit';
import { Conversation_State } from '../gen/atrium/v1/conversation_pb';
import { type Degradation, Degradation_Kind } from '../gen/atrium/v1/session_pb';
import type { LinkState } from '../link/link';
import { actionsOf, toggleCall } from '../room/actions';
import type { Topic } from '../room/changes';
import type { Room } from '../room/room';
import { RoomElement } from './element';
import { icon } from './icons';

/** A blink of the connection is no news. */
const QUIET_MS = 700;

const CONTROL_AWAY =
  'The session’s control is restarting. Terminals go on without it; chat, tabs and calls wait.';
const SILENT = 'The server does not answer. What you type is kept, and sent once it does.';

interface Line {
  tone: 'warn' | 'bad';
  /** What is degraded, in two words. */
  name?: string;
  text: string;
  /** What the server said, if the text tells it. */
  said?: string;
  act?: { title: string; run: () => void };
  dismiss?: () => void;
}

/** One line: what is wrong, what still works, what happens next. */
class AtriumBanner extends RoomElement {
  protected readonly topics: readonly Topic[] = ['link', 'state', 'call'];
  private brokenMs = 0;
  /** All that does not work is shown. */
  private open = false;
  private told: string[] = [];
  private clock: ReturnType<typeof setInterval> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.clock = setInterval(() => {
      if (this.brokenMs > 0) this.requestUpdate();
    }, 500);
  }

  override disconnectedCallback(): void {
    clearInterval(this.clock);
    super.disconnectedCallback();
  }

  override render(): TemplateResult | typeof nothing {
    const { linkState } = this.room;
    if (linkState.kind === 'open' && !linkState.controlAway) this.brokenMs = 0;
    else this.brokenMs ||= Date.now();
    const lines = this.lines(linkState);
    this.told = lines.flatMap((one) => one.said ?? []);
    const [line] = lines;
    if (!line) return nothing;
    const more = lines.length - 1;
    return html`<div class="banner banner--${line.tone}" @keydown=${this.onKey}>
      ${icon('warn')}<span class="banner__text" role="status" title=${line.text}>${named(line)}</span>
      ${line.act ? html`<button class="link" @click=${line.act.run}>${line.act.title}</button>` : nothing}
      ${more > 0 ? html`<button class="link" aria-expanded=${this.open} @click=${() => this.toggle()}>${this.open ? 'less' : `and ${more} more`}</button>` : nothing}
      ${line.dismiss ? html`<button class="notice__close" aria-label="Dismiss" title="Dismiss" @click=${line.dismiss}>${icon('close')}</button>` : nothing}
      ${this.open && more > 0 ? html`<ul class="banner__all" aria-label="What does not work now">${lines.map((one) => html`<li>${named(one)}</li>`)}</ul>` : nothing}
    </div>`;
  }

  private lines(linkState: LinkState): Line[] {
    const link = this.linkLine(linkState);
    if (link) return [link];
    const { degradations } = this.room;
    const lines = degradations.map((one) => degradationLine(one));
    const told = degradations.some((one) => one.kind === Degradation_Kind.NO_PROVIDER);
    const agent = told ? undefined : this.agentLine();
    const call = callLine(this.room);
    return [...lines, ...(agent ? [agent] : []), ...(call ? [call] : [])];
  }

  protected override updated(): void {
    this.room.notices.leaveToBanner(this.told);
  }

  private toggle(): void {
    this.open = !this.open;
    this.requestUpdate();
  }

  private readonly onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape' || !this.open) return;
    event.preventDefault();
    this.toggle();
  };

  private linkLine(state: LinkState): Line | undefined {
    // The stage says it whole.
    if (this.room.door) return undefined;
    if (state.kind === 'ended') return { tone: 'bad', text: endText(state) };
    if (state.kind === 'open' && state.silent) return { tone: 'warn', text: SILENT };
    if (this.brokenMs === 0 || Date.now() - this.brokenMs < QUIET_MS) return undefined;
    if (state.kind === 'open') return { tone: 'warn', text: CONTROL_AWAY };
    if (!this.room.store.known && state.kind === 'connecting') return undefined;
    const lost = this.room.store.known ? this.lostText() : 'The server cannot be reached.';
    const waitS = state.kind === 'waiting' ? Math.ceil((state.untilMs - Date.now()) / 1000) : 0;
    const next = waitS > 0 ? `Retrying in ${waitS} s` : 'Retrying now';
    return {
      tone: 'warn',
      text: `${lost} ${next}`,
      act: { title: 'Retry now', run: () => this.room.link?.connect() },
    };
  }

  /** Whether the shells run nobody knows from here. */
  private lostText(): string {
    const keys = this.room.mayType ? '; what you type waits for the server' : '';
    return `Connection lost. What is shown can be read${keys}.`;
  }

  /** A provider that refuses, or that refused one answer. */
  private agentLine(): Line | undefined {
    const { store, troubles } = this.room;
    const failed = store.conversation?.state === Conversation_State.FAILED;
    const isUntold = failed && !store.conversation?.problem;
    if (!troubles.agent && !isUntold) return undefined;
    const text = sentence(troubles.agent, 'The voice agent is not available.');
    const start = actionsOf(this.room).find((one) => one.id === 'agent.start');
    return {
      tone: 'warn',
      name: failed ? 'No voice agent' : 'The agent has a problem',
      text: `${text} ${WORKS_ON}`,
      said: troubles.agent,
      act: start && { title: 'Start again', run: start.run },
      ...(isUntold ? {} : { dismiss: () => troubles.dismissAgent() }),
    };
  }
}

const WORKS_ON = 'Terminals and chat work.';

/** What is wrong with this page's call, what still works, and what to do. */
function callLine(room: Room): Line | undefined {
  const { call, troubles } = room;
  if (troubles.call && call.phase === 'idle')
    return {
      tone: 'warn',
      name: 'No live audio',
      text: `${troubles.call} ${WORKS_ON}`,
      act: { title: 'Try again', run: () => toggleCall(room) },
      dismiss: () => troubles.dismissCall(),
    };
  if (call.isReconnecting)
    return {
      tone: 'warn',
      name: 'Live audio was lost',
      text: `It connects again by itself. ${WORKS_ON}`,
    };
  if (troubles.listening)
    return {
      tone: 'warn',
      name: 'Listening only',
      text: `${troubles.listening} You hear the others meanwhile.`,
      act: {
        title: 'Check microphone',
        run: () => room.show({ checkingDevices: true }),
      },
      dismiss: () => troubles.dismissListening(),
    };
  if (!call.isLow) return undefined;
  return {
    tone: 'warn',
    name: 'Slow connection',
    text: `Voices may break up. ${WORKS_ON} Stop what else uses the network, or come closer to it.`,
  };
}

const NAMES: Partial<Record<Degradation_Kind, string>> = {
  [Degradation_Kind.NO_PROVIDER]: 'No voice agent',
  [Degradation_Kind.NO_MEDIA]: 'No calls',
  [Degradation_Kind.NO_STORE]: 'Nothing is stored',
  [Degradation_Kind.HOST_LOST]: 'Terminals out of reach',
  [Degradation_Kind.HOST_MEMORY]: 'Memory is short',
  [Degradation_Kind.HOST_LIMITED]: 'Terminals are limited',
};
const BAD = new Set([Degradation_Kind.NO_STORE, Degradation_Kind.HOST_LOST]);

function degradationLine({ kind, message }: Degradation): Line {
  const name = NAMES[kind] ?? 'Something does not work';
  return { tone: BAD.has(kind) ? 'bad' : 'warn', name, text: message, said: message };
}

function named(line: Line): TemplateResult {
  return html`${line.name ? html`<b class="banner__name">${line.name}</b> ` : nothing}${line.text}`;
}

function endText(state: LinkState & { kind: 'ended' }): string {
  switch (state.reason) {
    case 'no-credential':
      return withRemedy(sentence(state.message, 'This browser is not invited.'));
    case 'forbidden':
      return `${sentence(state.message, 'Your access was taken back.')} Ask an owner of the room for a new link.`;
    default:
      return `${sentence(state.message, 'The session ended.')} What was shown can still be read.`;
  }
}

function withRemedy(text: string): string {
  return /open an invite link/i.test(text) ? text : `${text} Open an invite link again.`;
}

function sentence(message: string, usual: string): string {
  if (!message) return usual;
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

customElements.define('atrium-banner', AtriumBanner);
