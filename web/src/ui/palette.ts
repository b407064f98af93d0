import { html, type TemplateResult } from 'lit';
import { type Action, actionsOf } from '../room/actions';
import type { Topic } from '../room/changes';
import { chordsOf, showChord } from '../room/shortcuts';
import { best } from '../state/palette';
import { RoomElement } from './element';
import { icon } from './icons';

/** Lists every action with its shortcut, and does the chosen one. */
class AtriumPalette extends RoomElement {
  protected readonly topics: readonly Topic[] = ['tabs', 'state', 'call'];
  private query = '';
  private at = 0;
  private back: Element | null = null;

  override connectedCallback(): void {
    super.connectedCallback();
    this.back = document.activeElement;
  }

  override render(): TemplateResult {
    const actions = this.actions();
    return html`<dialog class="palette" aria-label="All actions" @close=${this.onClose} @click=${this.onBackdrop}>
      <div class="palette__field">
        ${icon('search')}
        <input
          role="combobox"
          aria-expanded="true"
          aria-controls="palette-list"
          aria-activedescendant=${`palette-${this.at}`}
          aria-label="Find an action"
          placeholder="What do you want to do?"
          @input=${this.onInput}
          @keydown=${this.onKey}
        />
      </div>
      <ul id="palette-list" class="palette__list" role="listbox" aria-label="Actions">
        ${actions.map((one, index) => this.row(one, index))}
      </ul>
      ${actions.length === 0 ? html`<p class="empty">No action is called that.</p>` : ''}
    </dialog>`;
  }

  protected override firstUpdated(): void {
    this.querySelector('dialog')?.showModal();
    this.querySelector('input')?.focus();
  }

  private row(action: Action, index: number): TemplateResult {
    const chords = chordsOf(action.id, this.room.settings);
    return html`<li id=${`palette-${index}`} role="option" aria-selected=${index === this.at} class="palette__row" @click=${() => this.run(action)}>
      <span>${action.title}</span>
      <span>${chords.map((chord) => html`<kbd>${showChord(chord)}</kbd>`)}</span>
    </li>`;
  }

  private actions(): Action[] {
    return best(this.query, actionsOf(this.room));
  }

  private run(action: Action | undefined): void {
    this.querySelector('dialog')?.close();
    action?.run();
  }

  private readonly onInput = (event: Event) => {
    this.query = (event.target as HTMLInputElement).value;
    this.at = 0;
    this.requestUpdate();
  };

  private readonly onKey = (event: KeyboardEvent) => {
    const count = Math.max(1, this.actions().length);
    if (event.key === 'ArrowDown') this.at = (this.at + 1) % count;
    else if (event.key === 'ArrowUp') this.at = (this.at + count - 1) % count;
    else if (event.key === 'Enter') this.run(this.actions()[this.at]);
    else return;
    event.preventDefault();
    this.requestUpdate();
    void this.updateComplete.then(() =>
      this.querySelector('[aria-selected=true]')?.scrollIntoView({ block: 'nearest' }),
    );
  };

  private readonly onBackdrop = (event: MouseEvent) => {
    if (event.target === event.currentTarget) this.querySelector('dialog')?.close();
  };

  private readonly onClose = () => {
    this.room.show({ paletteOpen: false });
    const lost = !document.activeElement || document.activeElement === document.body;
    if (lost && this.back instanceof HTMLElement) this.back.focus();
  };
}

customElements.define('atrium-palette', AtriumPalette);
