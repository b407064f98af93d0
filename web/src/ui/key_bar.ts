import { html, type TemplateResult } from 'lit';
import type { Topic } from '../room/changes';
import { cleanPaste } from '../terminal/paste';
import { RoomElement } from './element';
import { icon } from './icons';
import { keepKeyboard } from './touch';

type Modifier = 'ctrl' | 'alt';

const ARROWS: Record<string, string> = { '←': 'D', '↑': 'A', '↓': 'B', '→': 'C' };
const ARROW_NAMES: Record<string, string> = { '←': 'Left', '↑': 'Up', '↓': 'Down', '→': 'Right' };

/** Keys that a phone's keyboard lacks; shown while that is up. */
class AtriumKeyBar extends RoomElement {
  protected readonly topics: readonly Topic[] = ['tabs'];
  private readonly held = new Set<Modifier>();

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener('beforeinput', this.onBeforeInput, true);
  }

  override disconnectedCallback(): void {
    document.removeEventListener('beforeinput', this.onBeforeInput, true);
    super.disconnectedCallback();
  }

  override render(): TemplateResult {
    return html`<div class="keys" role="toolbar" aria-label="Keys" @pointerdown=${keepKeyboard}>
      ${this.key('Esc', () => this.type('\x1b'))}
      ${this.key('Tab', () => this.type('\t'))}
      ${this.modifier('Ctrl', 'ctrl')}
      ${this.modifier('Alt', 'alt')}
      ${Object.keys(ARROWS).map((one) => this.key(one, () => this.arrow(one), ARROW_NAMES[one]))}
      ${['|', '/', '~', '-'].map((one) => this.key(one, () => this.type(one)))}
      <button class="key" aria-label="Paste" title="Paste" @click=${() => void this.paste()}>${icon('paste')}</button>
    </div>`;
  }

  private key(text: string, run: () => void, name = text): TemplateResult {
    return html`<button class="key" aria-label=${name} @click=${run}>${text}</button>`;
  }

  private modifier(text: string, modifier: Modifier): TemplateResult {
    const pressed = this.held.has(modifier);
    return html`<button class="key" aria-pressed=${pressed} @click=${() => this.hold(modifier)}>${text}</button>`;
  }

  private hold(modifier: Modifier): void {
    if (!this.held.delete(modifier)) this.held.add(modifier);
    this.requestUpdate();
  }

  private arrow(sign: string): void {
    const { selected } = this.room.tabs;
    const modes = selected ? this.room.terminals.screen(selected)?.term.modes : undefined;
    const application = modes?.applicationCursorKeysMode && this.held.size === 0;
    const modifier = 1 + (this.held.has('alt') ? 2 : 0) + (this.held.has('ctrl') ? 4 : 0);
    const middle = application ? 'O' : modifier > 1 ? `[1;${modifier}` : '[';
    this.release();
    this.room.typeText(`\x1b${middle}${ARROWS[sign]}`);
  }

  private type(text: string): void {
    this.room.typeText(this.modified(text));
  }

  private modified(text: string): string {
    const control = this.held.has('ctrl') && /^[@-_a-z]$/.test(text);
    const plain = control ? String.fromCharCode(text.toUpperCase().charCodeAt(0) & 0x1f) : text;
    const out = this.held.has('alt') ? `\x1b${plain}` : plain;
    this.release();
    return out;
  }

  private release(): void {
    this.held.clear();
    this.requestUpdate();
  }

  /** The next letter from the phone's keyboard takes the held modifiers. */
  private readonly onBeforeInput = (event: InputEvent) => {
    if (this.held.size === 0 || !event.data) return;
    if (!(event.target as Element).closest('.xterm')) return;
    event.preventDefault();
    event.stopPropagation();
    this.room.typeText(this.modified(event.data));
  };

  private async paste(): Promise<void> {
    const { selected } = this.room.tabs;
    try {
      const paste = cleanPaste(await navigator.clipboard.readText());
      if (!selected || !paste.text) return;
      if (paste.text.includes('\r'))
        this.room.show({ question: { kind: 'paste', tab: selected, paste } });
      else this.room.paste(selected, paste);
    } catch {
      this.room.notices.show('The browser does not let this page read the clipboard.', 'warn');
    }
  }
}

customElements.define('atrium-key-bar', AtriumKeyBar);
