import { html, nothing, type TemplateResult } from 'lit';
import { returnToTerminal } from '../room/actions';
import type { Topic } from '../room/changes';
import type { MarkedCommand } from '../state/commands';
import { spanText } from '../state/words';
import { RoomElement } from './element';
import { icon } from './icons';

/** The command that was gone to: how it went, and what can be done with it. */
class AtriumCommandBar extends RoomElement {
  protected readonly topics: readonly Topic[] = ['terminal', 'tabs', 'state'];

  override render(): TemplateResult | typeof nothing {
    const command = this.room.commands.current;
    if (!command) return nothing;
    return html`<div class="command-bar" role="group" aria-label="Command" @keydown=${this.onKey}>
      <button class="button button--icon" title="Previous command" aria-label="Previous command" @click=${() => this.room.commands.step(-1)}>${icon('up')}</button>
      <button class="button button--icon" title="Next command" aria-label="Next command" @click=${() => this.room.commands.step(1)}>${icon('down')}</button>
      <span class="command-bar__about" role="status">
        <code class="command-bar__text" title=${command.text}>${command.text || 'command'}</code>
        ${this.outcome(command)}
      </span>
      ${this.acts(command)}
      <button class="button button--icon" title="Close" aria-label="Close" @click=${() => this.leave()}>${icon('close')}</button>
    </div>`;
  }

  private outcome(command: MarkedCommand): TemplateResult {
    if (!command.end) {
      return html`<span class="command-bar__how"><span class="spin">${icon('spinner')}</span> running</span>`;
    }
    const good = (command.exitCode ?? 0) === 0;
    const took = command.tookMs === undefined ? '' : ` · ${spanText(command.tookMs)}`;
    return html`<span class="command-bar__how command-bar__how--${good ? 'good' : 'bad'}">
      ${icon(good ? 'check' : 'close')} exit ${command.exitCode ?? '?'}<span class="command-bar__took">${took}</span>
    </span>`;
  }

  private acts(command: MarkedCommand): TemplateResult {
    const { room } = this;
    const { selected } = room.tabs;
    const may = command.text !== '' && selected && room.driving.obstacle(selected) === undefined;
    return html`
      <button class="button button--quiet" title="Copy what it printed" @click=${() => void room.commands.copyOutput()}>${icon('copy')}<span class="command-bar__word">Copy output</span></button>
      ${may ? html`<button class="button button--quiet" title="Run it again at the prompt" @click=${() => this.again()}>${icon('again')}<span class="command-bar__word">Run again</span></button>` : nothing}
    `;
  }

  private again(): void {
    this.room.commands.runAgain();
    returnToTerminal(this.room);
  }

  private leave(): void {
    this.room.commands.leave();
    returnToTerminal(this.room);
  }

  private readonly onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    this.leave();
  };
}

customElements.define('atrium-command-bar', AtriumCommandBar);
