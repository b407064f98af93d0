import { create } from '@bufbuild/protobuf';
import { html, nothing, type TemplateResult } from 'lit';
import { SayRequest_Audience, SayRequestSchema } from '../gen/atrium/v1/timeline_pb';
import { callObstacle, toggleCall } from '../room/actions';
import type { Topic } from '../room/changes';
import { uuid } from '../room/settings';
import { bytesOf, MESSAGE_BYTES } from '../state/quotes';
import { RoomElement } from './element';
import { icon } from './icons';
import { agentWord } from './people';

const MENTION = /(^|\s)@agent\b|^\s*computer\b/i;

/** Writes to everybody, asks the agent, and holds the phone toggle. */
class AtriumComposer extends RoomElement {
  protected readonly topics: readonly Topic[] = ['call', 'state', 'link'];
  private toAgent = false;

  override render(): TemplateResult {
    const { room } = this;
    const may = room.mayType;
    const label = !may ? 'Viewers read along' : this.toAgent ? 'Ask the agent' : 'Message';
    const hint = may ? this.hint(label) : label;
    return html`<form class="composer" @submit=${this.onSubmit}>
      <atrium-attach .area=${() => this.area}></atrium-attach>
      ${
        room.agentAvailable && may
          ? html`<button type="button" class="button button--icon composer__agent" title=${this.agentTitle()} aria-label="The agent answers" aria-pressed=${this.toAgent} @click=${this.onAudience}>${icon('agent')}</button>`
          : nothing
      }
      <textarea rows="1" aria-label=${label} title=${hint} placeholder=${hint} ?disabled=${!may} @keydown=${this.onKey} @input=${this.grow}></textarea>
      ${this.phone()}
      <button class="button button--icon composer__send" title="Send" aria-label="Send" ?disabled=${!may}>${icon('send')}</button>
    </form>`;
  }

  /** Asking is all that it takes to start the agent. */
  private hint(label: string): string {
    if (!this.room.agentAvailable) return label;
    if (!this.toAgent) return 'Message, or @agent …';
    return this.agentIsOff ? 'Ask; this starts the agent' : label;
  }

  private agentTitle(): string {
    return this.agentIsOff ? 'The agent is off; asking starts it' : 'The agent answers';
  }

  private get agentIsOff(): boolean {
    return agentWord(this.room.store.conversation) === 'off';
  }

  private phone(): TemplateResult {
    const { phase } = this.room.call;
    const idle = phase === 'idle';
    const busy = phase === 'asking' || phase === 'connecting';
    const label = idle ? 'Start live audio' : 'Stop live audio';
    const title = idle && !this.room.mayType ? `${label}, to listen` : label;
    const obstacle = callObstacle(this.room);
    const sign = idle ? 'phone' : busy ? 'spinner' : 'phoneOff';
    return html`<button
      type="button"
      class="button button--icon phone phone--${phase}"
      title=${obstacle ?? title}
      aria-label=${label}
      aria-disabled=${obstacle !== undefined}
      aria-description=${obstacle ?? nothing}
      aria-busy=${busy}
      @click=${() => toggleCall(this.room)}
    >
      <span class=${busy ? 'spin' : ''}>${icon(sign)}</span>
    </button>`;
  }

  private get area(): HTMLTextAreaElement {
    return this.querySelector('textarea')!;
  }

  private readonly onSubmit = (event: Event) => {
    event.preventDefault();
    void this.send();
  };

  private readonly onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    void this.send();
  };

  private readonly onAudience = () => {
    this.toAgent = !this.toAgent;
    this.requestUpdate();
    this.area.focus();
  };

  private readonly grow = () => {
    this.area.style.height = 'auto';
    this.area.style.height = `${Math.min(this.area.scrollHeight, 160)}px`;
  };

  private async send(): Promise<void> {
    const text = this.area.value.trim();
    if (!text) return;
    const bytes = bytesOf(text);
    if (bytes > MESSAGE_BYTES) {
      const most = `A message holds ${MESSAGE_BYTES / 1024} KiB`;
      const over = `this one has ${(bytes / 1024).toFixed(1)}`;
      this.room.notices.show(`${most}; ${over}. Shorten it, or send it in parts.`, 'warn');
      return;
    }
    const agent = this.toAgent || (this.room.agentAvailable && MENTION.test(text));
    const audience = agent ? SayRequest_Audience.AGENT : SayRequest_Audience.ROOM;
    const value = create(SayRequestSchema, { text, audience, requestId: uuid() });
    this.area.value = '';
    this.grow();
    try {
      await this.room.ask({ case: 'say', value });
    } catch (error) {
      if (!this.area.value) this.area.value = text;
      this.room.notices.failed(error);
    }
  }
}

customElements.define('atrium-composer', AtriumComposer);
