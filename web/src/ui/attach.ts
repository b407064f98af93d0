import { html, type TemplateResult } from 'lit';
import type { Topic } from '../room/changes';
import { bytesOf, MESSAGE_BYTES, quoteOf, textOf } from '../state/quotes';
import { RoomElement } from './element';
import { MenuHolder } from './menu_holder';

/** Read of a file at most; more would be cut in any case. */
const MOST_READ_BYTES = 256 * 1024;
const NO_PICTURES =
  'is a picture, and messages hold text. Share your screen to show it, or attach its text.';
const PASTE_BY_KEYS =
  'The browser does not let this page read the clipboard. Paste with the keyboard instead.';

/** Puts the text of a file, or of the clipboard, into the message as a quote. */
class AtriumAttach extends RoomElement {
  static override properties = { area: { attribute: false } };
  protected readonly topics: readonly Topic[] = ['state'];
  /** The message that is written. */
  declare area: () => HTMLTextAreaElement;
  private readonly menu = new MenuHolder(this, { floats: true, leave: () => this.area().focus() });

  override connectedCallback(): void {
    super.connectedCallback();
    this.form?.addEventListener('paste', this.onPaste);
    this.form?.addEventListener('dragover', onDragOver);
    this.form?.addEventListener('drop', this.onDrop);
  }

  override disconnectedCallback(): void {
    this.form?.removeEventListener('paste', this.onPaste);
    this.form?.removeEventListener('dragover', onDragOver);
    this.form?.removeEventListener('drop', this.onDrop);
    super.disconnectedCallback();
  }

  override render(): TemplateResult {
    const opener = {
      name: 'Attach text',
      sign: 'attach',
      kind: 'composer__attach',
      disabled: !this.room.mayType,
    };
    return html`${this.menu.render(opener, () => [
      { title: 'A text file…', sign: 'file', run: () => this.choose() },
      { title: 'What is on the clipboard', sign: 'paste', run: () => void this.paste() },
    ])}
    <input type="file" hidden tabindex="-1" @change=${this.onChoose} />`;
  }

  private get form(): HTMLElement | null {
    return this.closest('form');
  }

  private choose(): void {
    this.querySelector<HTMLInputElement>('input')?.click();
  }

  private readonly onChoose = (event: Event) => {
    const input = event.target as HTMLInputElement;
    const [file] = input.files ?? [];
    if (file) void this.take(file);
    input.value = '';
  };

  private async paste(): Promise<void> {
    try {
      const items = await navigator.clipboard.read();
      const type = items.flatMap((one) => one.types).find((one) => one.startsWith('image/'));
      const text = await navigator.clipboard.readText();
      if (text) this.quote('', text);
      else if (type) this.refuse(`What is on the clipboard ${NO_PICTURES}`);
      else this.refuse('There is no text on the clipboard.');
    } catch {
      this.refuse(PASTE_BY_KEYS);
    }
  }

  private async take(file: File): Promise<void> {
    if (file.type.startsWith('image/')) {
      this.refuse(`${file.name} ${NO_PICTURES}`);
      return;
    }
    const isLong = file.size > MOST_READ_BYTES;
    const bytes = new Uint8Array(await file.slice(0, MOST_READ_BYTES).arrayBuffer());
    // A character may be cut at the end of what was read.
    const end = isLong ? bytes.lastIndexOf(10) + 1 : bytes.length;
    const text = textOf(bytes.subarray(0, end));
    if (text === undefined)
      this.refuse(`${file.name} is not text, and messages hold nothing else.`);
    else if (text.trim() === '') this.refuse(`${file.name} is empty.`);
    else this.quote(file.name, text, file.size);
  }

  private quote(name: string, text: string, size = bytesOf(text)): void {
    const area = this.area();
    const before = area.value.slice(0, area.selectionStart).replace(/\n+$/, '');
    const after = area.value.slice(area.selectionEnd).replace(/^\n+/, '');
    const around = bytesOf(before) + bytesOf(after) + 2;
    const quote = quoteOf(name, text, MESSAGE_BYTES - around);
    const what = name || 'what was pasted';
    if (!quote.text) {
      this.refuse(`There is no room left for ${what}: a message holds ${kib(MESSAGE_BYTES)}.`);
      return;
    }
    const head = `${before}${before && '\n'}${quote.text}\n`;
    area.value = head + after;
    area.setSelectionRange(head.length, head.length);
    area.dispatchEvent(new Event('input', { bubbles: true }));
    area.focus();
    if (quote.isCut) {
      const kept = kib(bytesOf(quote.text));
      const who = name || 'What was pasted';
      this.refuse(
        `${who} has ${kib(size)}; a message holds ${kib(MESSAGE_BYTES)}. Its first ${kept} are attached.`,
      );
    }
  }

  private refuse(text: string): void {
    this.room.notices.show(text, 'warn');
  }

  /** Words are pasted as they are; a file becomes a quote. */
  private readonly onPaste = (event: ClipboardEvent) => {
    const [file] = event.clipboardData?.files ?? [];
    if (!file || event.clipboardData?.getData('text/plain')) return;
    event.preventDefault();
    void this.take(file);
  };

  private readonly onDrop = (event: DragEvent) => {
    const [file] = event.dataTransfer?.files ?? [];
    if (!file || !this.room.mayType) return;
    event.preventDefault();
    void this.take(file);
  };
}

function onDragOver(event: DragEvent): void {
  if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
}

/** Bytes as people say them. */
function kib(bytes: number): string {
  const value = bytes / 1024;
  return `${value < 10 && bytes % 1024 !== 0 ? value.toFixed(1) : Math.round(value)} KiB`;
}

customElements.define('atrium-attach', AtriumAttach);
