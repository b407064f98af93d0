import { html, nothing, type TemplateResult } from 'lit';
import { focusTerminal } from '../room/actions';
import type { Topic } from '../room/changes';
import type { Question } from '../room/room';
import { count } from '../state/words';
import { RoomElement } from './element';
import { icon } from './icons';

const PREVIEW_LINES = 6;

/** Asks before a paste runs something, or a program's text goes to the clipboard. */
class AtriumQuestion extends RoomElement {
  protected readonly topics: readonly Topic[] = ['view', 'tabs'];

  override render(): TemplateResult | typeof nothing {
    const { question } = this.room;
    if (!question) return nothing;
    return html`<div class="question" role="group" aria-label="Question" @keydown=${this.onKey}>
      ${question.kind === 'paste' ? this.paste(question) : this.clipboard(question)}
    </div>`;
  }

  protected override updated(): void {
    if (this.room.question?.kind === 'paste') this.querySelector<HTMLElement>('button')?.focus();
  }

  private paste(question: Question & { kind: 'paste' }): TemplateResult {
    const { lines, text } = question.paste;
    const shown = text.split('\r').slice(0, PREVIEW_LINES).join('\n');
    return html`
      <p>${icon('paste')} Paste ${lines === 1 ? 'a line that ends with Enter' : `${lines} lines`} into ${this.titleOf(question.tab)}?</p>
      <pre>${shown}${lines > PREVIEW_LINES ? '\n…' : ''}</pre>
      <button class="button button--main" @click=${() => this.answer(true)}>Paste</button>
      <button class="button" @click=${() => this.answer(false)}>Cancel</button>
    `;
  }

  private clipboard(question: Question & { kind: 'clipboard' }): TemplateResult {
    return html`
      <p role="status">${icon('copy')} Tab ${this.titleOf(question.tab)} wants to put ${count([...question.text].length, 'character')} on your clipboard.</p>
      <button class="button button--main" @click=${() => this.answer(true)}>Copy</button>
      <button class="button" @click=${() => this.answer(false)}>Ignore</button>
    `;
  }

  private titleOf(tab: string): string {
    return this.room.tabs.labelOf(tab) ?? 'this tab';
  }

  private answer(yes: boolean): void {
    const { question } = this.room;
    if (yes && question?.kind === 'paste') this.room.paste(question.tab, question.paste);
    if (yes && question?.kind === 'clipboard') {
      navigator.clipboard
        .writeText(question.text)
        .catch((error) => this.room.notices.failed(error));
    }
    this.room.show({ question: undefined });
    focusTerminal(this.room);
  }

  private readonly onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.preventDefault();
    this.answer(false);
  };
}

customElements.define('atrium-question', AtriumQuestion);
