import type { TemplateResult } from 'lit';
import type { Topic } from '../room/changes';
import { readTimeline } from '../room/history';
import { type ExportFormat, exportTimeline } from '../state/export';
import { RoomElement } from './element';
import { MenuHolder } from './menu_holder';

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
  private readonly menu = new MenuHolder(this);
  private busy = false;

  override render(): TemplateResult {
    const sign = this.busy ? 'spinner' : 'download';
    return this.menu.render({ name: 'Export the timeline', sign, disabled: this.busy }, () =>
      CHOICES.map((one) => ({
        title: one.title,
        chord: `.${one.ending}`,
        run: () => void this.save(one),
      })),
    );
  }

  private async save({ format, ending, type }: Choice): Promise<void> {
    this.busy = true;
    this.requestUpdate();
    try {
      const entries = await readTimeline((message) => this.room.ask(message));
      download(exportTimeline(entries, format), `${fileName()}.${ending}`, type);
    } catch (error) {
      this.room.notices.failed(error);
    }
    this.busy = false;
    this.requestUpdate();
  }
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
