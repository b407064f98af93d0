import { html, nothing, type TemplateResult } from 'lit';
import { Conversation_State } from '../gen/atrium/v1/conversation_pb';
import type { LinkState } from '../link/link';
import type { Topic } from '../room/changes';
import { RoomElement } from './element';
import { icon } from './icons';

/** A blink of the connection is no news. */
const QUIET_MS = 700;

const CONTROL_AWAY =
  'The session’s control is restarting. Your shells are running; what you type reaches them.';

interface Line {
  tone: 'warn' | 'bad';
  text: string;
  act?: { title: string; run: () => void };
}

/** One line: what is wrong, what still works, what happens next. */
class AtriumBanner extends RoomElement {
  protected readonly topics: readonly Topic[] = ['link', 'state'];
  private brokenMs = 0;
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
    const line = this.linkLine(linkState) ?? this.agentLine();
    if (!line) return nothing;
    return html`<div class="banner banner--${line.tone}" role="status">
      ${icon('warn')}<span class="banner__text">${line.text}</span>
      ${line.act ? html`<button class="link" @click=${line.act.run}>${line.act.title}</button>` : nothing}
    </div>`;
  }

  private linkLine(state: LinkState): Line | undefined {
    if (state.kind === 'ended') return { tone: 'bad', text: endText(state) };
    if (this.brokenMs === 0 || Date.now() - this.brokenMs < QUIET_MS) return undefined;
    if (state.kind === 'open') return { tone: 'warn', text: CONTROL_AWAY };
    if (!this.room.store.known && state.kind === 'connecting') return undefined;
    const running = this.room.store.known
      ? 'Connection lost. Your shells are running.'
      : 'The server cannot be reached.';
    const waitS = state.kind === 'waiting' ? Math.ceil((state.untilMs - Date.now()) / 1000) : 0;
    const next = waitS > 0 ? `Retrying in ${waitS} s` : 'Retrying now';
    return {
      tone: 'warn',
      text: `${running} ${next}`,
      act: { title: 'Retry now', run: () => this.room.link?.connect() },
    };
  }

  private agentLine(): Line | undefined {
    const conversation = this.room.store.conversation;
    if (conversation?.state !== Conversation_State.FAILED) return undefined;
    const problem = conversation.problem || 'The voice agent is not available.';
    return { tone: 'warn', text: `${problem} Terminals and chat work.` };
  }
}

function endText(state: LinkState & { kind: 'ended' }): string {
  switch (state.reason) {
    case 'no-credential':
      return `${sentence(state.message, 'This browser is not invited.')} Open an invite link again.`;
    case 'forbidden':
      return `${sentence(state.message, 'Your access was taken back.')} Ask an owner of the room for a new link.`;
    default:
      return `${sentence(state.message, 'The session ended.')} What was shown can still be read.`;
  }
}

function sentence(message: string, usual: string): string {
  if (!message) return usual;
  return /[.!?]$/.test(message) ? message : `${message}.`;
}

customElements.define('atrium-banner', AtriumBanner);
