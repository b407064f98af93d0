import { html, type TemplateResult } from 'lit';
import { focusTerminal } from '../room/actions';
import type { Topic } from '../room/changes';
import { RoomElement } from './element';
import { icon } from './icons';

const DECORATIONS = {
  matchBackground: '#6b5a1e',
  activeMatchBackground: '#b98a1a',
  matchOverviewRuler: '#b98a1a',
  activeMatchColorOverviewRuler: '#e6c06e',
};

/** Finds in the scrollback of the terminal that is looked at. */
class AtriumFind extends RoomElement {
  protected readonly topics: readonly Topic[] = ['terminal'];
  private found = '';

  override render(): TemplateResult {
    return html`<div class="find" role="search">
      <input
        type="search"
        aria-label="Find in the terminal"
        placeholder="Find in the terminal"
        @input=${() => this.find(true)}
        @keydown=${this.onKey}
      />
      <span class="find__count" role="status">${this.found}</span>
      <button class="button button--icon" aria-label="Previous" title="Previous" @click=${() => this.find(false)}>${icon('up')}</button>
      <button class="button button--icon" aria-label="Next" title="Next" @click=${() => this.find(true, true)}>${icon('down')}</button>
      <button class="button button--icon" aria-label="Close" title="Close" @click=${() => this.close()}>${icon('close')}</button>
    </div>`;
  }

  protected override firstUpdated(): void {
    this.querySelector('input')?.focus();
    this.search?.onDidChangeResults(({ resultIndex, resultCount }) => {
      this.found = resultCount > 0 ? `${resultIndex + 1} of ${resultCount}` : 'nothing';
      this.requestUpdate();
    });
  }

  private get search() {
    const { selected } = this.room.tabs;
    return selected ? this.room.terminals.screen(selected)?.search : undefined;
  }

  private find(forward: boolean, again = false): void {
    const text = this.querySelector('input')?.value ?? '';
    const options = { incremental: forward && !again, decorations: DECORATIONS };
    if (forward) this.search?.findNext(text, options);
    else this.search?.findPrevious(text, options);
  }

  private close(): void {
    this.search?.clearDecorations();
    this.room.show({ findOpen: false });
    focusTerminal(this.room);
  }

  private readonly onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') this.close();
    else if (event.key === 'Enter') this.find(!event.shiftKey, true);
    else return;
    event.preventDefault();
  };
}

customElements.define('atrium-find', AtriumFind);
