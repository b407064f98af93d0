import { create } from '@bufbuild/protobuf';
import { html, nothing, type TemplateResult } from 'lit';
import {
  Conversation_AudioMode,
  StopConversationRequestSchema,
} from '../gen/atrium/v1/conversation_pb';
import type { Said } from '../link/codec';
import type { Topic } from '../room/changes';
import { type AgentForm, agentForm, agentUpdate, MODE_CHOICES } from '../state/agent_form';
import { usageRows } from '../state/usage';
import { RoomDialog } from './dialog';
import { icon } from './icons';

/** What the agent is told about itself, and who hears whom. */
class AtriumAgent extends RoomDialog {
  protected readonly topics: readonly Topic[] = ['state'];
  protected readonly heading = 'Agent';

  protected content(): TemplateResult {
    const conversation = this.room.store.conversation;
    const form = agentForm(conversation);
    const agentOnly = form.audioMode === Conversation_AudioMode.AGENT_ONLY;
    return html`
      ${conversation?.problem ? html`<p class="dialog__problem">${icon('warn')} ${conversation.problem}</p>` : nothing}
      <p class="dialog__note">${[conversation?.provider, conversation?.model].filter(Boolean).join(' · ')}</p>
      ${this.cost()} ${this.profiles()}
      <label class="field">
        <span>What the agent is told about itself</span>
        <textarea class="agent-instructions" rows="6" maxlength="16000" .value=${form.instructions}></textarea>
      </label>
      ${this.answers(form)}
      <label class="field field--inline">
        <input class="agent-only" type="checkbox" .checked=${agentOnly} />
        <span>People hear the agent only, as when they sit in one room</span>
      </label>
      <div class="dialog__acts dialog__acts--left">
        <button class="button" @click=${() => void this.stop()}>End the conversation</button>
        <button class="button button--main" @click=${() => void this.save()}>Save</button>
      </div>
    `;
  }

  /** What it cost so far; nothing before anything did. */
  private cost(): TemplateResult | typeof nothing {
    const rows = usageRows(this.room.store.conversation?.usage);
    if (rows.length === 0) return nothing;
    return html`<dl class="usage" aria-label="What the agent cost so far">
      ${rows.map(
        ({ label, value, note }) => html`<div>
          <dt>${label}</dt><dd><b>${value}</b>${note ? html`<span>${note}</span>` : nothing}</dd>
        </div>`,
      )}
    </dl>`;
  }

  /** With which voice, and whether aloud. */
  private answers(form: AgentForm): TemplateResult {
    return html`<label class="field field--inline">
        <span>It answers</span>
        <select class="agent-mode">
          ${MODE_CHOICES.map(([mode, title]) => html`<option value=${mode} .selected=${mode === form.mode}>${title}</option>`)}
        </select>
      </label>
      <label class="field field--inline">
        <span>Its voice</span>
        <input class="agent-voice" maxlength="80" autocomplete="off" spellcheck="false" placeholder="its profile's" title="A name that the provider knows; empty for the profile's" .value=${form.voice} />
      </label>
      ${
        this.room.store.conversation?.ownsTurns
          ? nothing
          : html`<label class="field field--inline">
        <span>What people speak</span>
        <input class="agent-language" maxlength="3" pattern="[A-Za-z]{2,3}" autocomplete="off" spellcheck="false" placeholder="it finds out" title="Two or three letters, for example de; empty for the profile's" .value=${form.language} />
      </label>`
      }`;
  }

  private profiles(): TemplateResult | typeof nothing {
    const { profiles = [], profile } = this.room.store.conversation ?? {};
    if (profiles.length < 2) return nothing;
    return html`<label class="field field--inline">
      <span>What it is</span>
      <select class="agent-profile">
        ${profiles.map((one) => html`<option value=${one.id} .selected=${one.id === profile}>${one.displayName}</option>`)}
      </select>
    </label>`;
  }

  private async save(): Promise<void> {
    const before = agentForm(this.room.store.conversation);
    const field = (name: string) => this.querySelector<HTMLInputElement>(`.agent-${name}`);
    const value = agentUpdate(`${this.room.sessionName}/conversation`, before, {
      profile: field('profile')?.value ?? before.profile,
      instructions: field('instructions')?.value ?? before.instructions,
      voice: field('voice')?.value ?? before.voice,
      language: field('language')?.value ?? before.language,
      mode: Number(field('mode')?.value ?? before.mode),
      audioMode: field('only')?.checked
        ? Conversation_AudioMode.AGENT_ONLY
        : Conversation_AudioMode.EVERYBODY,
    });
    if (value) await this.do({ case: 'updateConversation', value });
    else this.close();
  }

  private stop(): Promise<void> {
    const name = `${this.room.sessionName}/conversation`;
    const value = create(StopConversationRequestSchema, { name });
    return this.do({ case: 'stopConversation', value });
  }

  private async do(message: Said): Promise<void> {
    try {
      await this.room.ask(message);
      this.close();
    } catch (error) {
      this.room.notices.failed(error);
    }
  }
}

customElements.define('atrium-agent', AtriumAgent);
