import { html, type TemplateResult } from 'lit';
import { RoomElement } from './element';
import { icon } from './icons';

/** A dialog of the room's: a title, a close button, and what is inside. */
export abstract class RoomDialog extends RoomElement {
  protected abstract readonly heading: string;
  protected abstract content(): TemplateResult;

  override render(): TemplateResult {
    return html`<dialog class="dialog" aria-labelledby="dialog-title" @close=${() => this.room.show({ dialog: undefined })}>
      <div class="dialog__head">
        <h2 id="dialog-title">${this.heading}</h2>
        <button class="button button--icon" aria-label="Close" title="Close" @click=${() => this.close()}>${icon('close')}</button>
      </div>
      ${this.content()}
    </dialog>`;
  }

  protected override firstUpdated(): void {
    this.querySelector('dialog')?.showModal();
  }

  protected close(): void {
    this.querySelector('dialog')?.close();
  }
}
