import { html, nothing, type TemplateResult } from 'lit';
import type { Topic } from '../room/changes';
import { readTimeline } from '../room/history';
import { type ExportFormat, exportTimeline } from '../state/export';
import { RoomElement } from './element';
import { icon } from './icons';
import { stepMenu } from './menu';

interface Choice {
  format: ExportFormat;
  title: string;
  ending: string;
  type: string;
}

const CHOICES: readonly Choice[] = [
  { format: 'text', title: 'Text', ending: 'txt', type: 'text/plain' },
  { format: 'json', title: 'JSON lines', ending: 'jsonl', type: 'application/jsonl' },
  { format: 'webvtt', title: 'Captions (WebVTT)', ending: 'vtt', type: 'text/vtt' },
];

/** Saves the whole timeline as a file, in the form that is chosen. */
class AtriumExport extends RoomElement {
  protected readonly topics: readonly Topic[] = [];
  private open = false;
  private busy = false;

  override render(): TemplateResult {
    const name = 'Export the timeline';
    return html`<div class="menu-holder" @focusout=${this.onFocusOut} @keydown=${this.onKey}>
      <button class="button button--icon" title=${name} aria-label=${name} aria-haspopup="menu" aria-expanded=${this.open} ?disabled=${this.busy} @click=${() => this.toggle(!this.open)}>
        ${icon(this.busy ? 'spinner' : 'download')}
      </button>
      ${this.open ? this.menu(name) : nothing}
    </div>`;
  }

  private menu(name: string): TemplateResult {
    return html`<div class="menu" role="menu" aria-label=${name}>
      ${CHOICES.map(
        (
          one,
        ) => html`<button class="menu__item" role="menuitem" @click=${() => void this.save(one)}>
          <span>${one.title}</span><kbd>.${one.ending}</kbd>
        </button>`,
      )}
    </div>`;
  }

  private toggle(open: boolean): void {
    this.open = open;
    this.requestUpdate();
    if (!open) return;
    void this.updateComplete.then(() => this.querySelector<HTMLElement>('.menu__item')?.focus());
  }

  private async save({ format, ending, type }: Choice): Promise<void> {
    this.busy = true;
    this.close();
    try {
      const entries = await readTimeline((message) => this.room.ask(message));
      download(exportTimeline(entries, format), `${fileName()}.${ending}`, type);
    } catch (error) {
      this.room.notices.failed(error);
    }
    this.busy = false;
    this.requestUpdate();
  }

  private close(): void {
    this.querySelector<HTMLElement>('button')?.focus();
    this.toggle(false);
  }

  private readonly onFocusOut = (event: FocusEvent) => {
    const to = event.relatedTarget as Node | null;
    if (this.open && !this.contains(to)) this.toggle(false);
  };

  private readonly onKey = (event: KeyboardEvent) => {
    const menu = this.querySelector<HTMLElement>('.menu');
    if (!menu) return;
    if (event.key === 'Escape') this.close();
    else if (!stepMenu(menu, event.key)) return;
    event.preventDefault();
    event.stopPropagation();
  };
}

function fileName(): string {
  return `timeline-${new Date().toISOString().slice(0, 16).replace(':', '')}`;
}

function download(text: string, name: string, type: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

customElements.define('atrium-export', AtriumExport);
