import { html, nothing, type TemplateResult } from 'lit';
import { SizePolicy } from '../gen/atrium/v1/tab_pb';
import type { Topic } from '../room/changes';
import type { CellSize } from '../terminal/feed';
import { RoomDialog } from './dialog';

const CHOICES: [SizePolicy, string, string][] = [
  [
    SizePolicy.LATEST_TAKEN,
    'Whoever took control last',
    'The program fills that window; others see it scaled, or scroll.',
  ],
  [
    SizePolicy.SMALLEST,
    'The smallest window',
    'Everybody who looks at the tab sees all of it, unscaled.',
  ],
  [SizePolicy.FIXED, 'A fixed size', 'It stays as it is, whoever looks.'],
];
const LEAST: CellSize = { columns: 20, rows: 5 };
const MOST: CellSize = { columns: 1000, rows: 500 };

/** Who decides how large the selected tab's program is. */
class AtriumSize extends RoomDialog {
  protected readonly topics: readonly Topic[] = [];
  private chosen: SizePolicy | undefined;

  protected get heading(): string {
    return `Size of ${this.room.tabs.current?.title ?? 'the terminal'}`;
  }

  protected content(): TemplateResult {
    const chosen = this.policy;
    const size = this.room.tabs.current?.tab?.size;
    return html`<form @submit=${this.onSubmit}>
      <fieldset class="roles">
        <legend>Who decides how many columns and rows the program has</legend>
        ${CHOICES.map(
          ([policy, title, text]) => html`<label class="roles__choice">
            <input type="radio" name="policy" .checked=${policy === chosen} @change=${() => this.choose(policy)} />
            <span><b>${title}</b><span>${text}</span></span>
          </label>`,
        )}
      </fieldset>
      ${
        chosen === SizePolicy.FIXED
          ? html`<div class="size-fields">
              ${numberField('Columns', 'columns', size?.columns ?? 80)} × ${numberField('Rows', 'rows', size?.rows ?? 24)}
            </div>`
          : nothing
      }
      <div class="dialog__acts"><button class="button button--main">Set</button></div>
    </form>`;
  }

  private get policy(): SizePolicy {
    const now = this.room.tabs.current?.tab?.sizePolicy || SizePolicy.LATEST_TAKEN;
    return this.chosen ?? now;
  }

  private choose(policy: SizePolicy): void {
    this.chosen = policy;
    this.requestUpdate();
  }

  private readonly onSubmit = (event: SubmitEvent) => {
    event.preventDefault();
    const { selected } = this.room.tabs;
    const fields = new FormData(event.target as HTMLFormElement);
    const size = { columns: Number(fields.get('columns')), rows: Number(fields.get('rows')) };
    const isFixed = this.policy === SizePolicy.FIXED;
    if (selected)
      void this.room.tabs.setSizePolicy(selected, this.policy, isFixed ? size : undefined);
    this.close();
  };
}

function numberField(title: string, name: keyof CellSize, value: number): TemplateResult {
  return html`<label class="field field--inline">
    <input type="number" name=${name} aria-label=${title} required min=${LEAST[name]} max=${MOST[name]} .value=${String(value)} />
    <span>${title.toLowerCase()}</span>
  </label>`;
}

customElements.define('atrium-size', AtriumSize);
