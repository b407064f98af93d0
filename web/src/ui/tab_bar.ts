import { type Timestamp, timestampMs } from '@bufbuild/protobuf/wkt';
import { html, nothing, type TemplateResult } from 'lit';
import { Tab_State } from '../gen/atrium/v1/tab_pb';
import { focusTerminal } from '../room/actions';
import type { Topic } from '../room/changes';
import { openedText, openerSign } from '../state/opened_by';
import type { BarTab } from '../state/tab_list';
import { expiryText, heldText, namesText } from '../state/words';
import { RoomElement } from './element';
import { icon } from './icons';

/** The tabs: choose, open, rename, move, close. */
class AtriumTabs extends RoomElement {
  protected readonly topics: readonly Topic[] = ['tabs', 'state', 'view'];
  private renaming: string | undefined;
  private dragged: string | undefined;
  private dropAt: number | undefined;
  /** What a screen reader says after a tab was moved. */
  private moved = '';

  override render(): TemplateResult {
    const bar = this.room.tabs.bar();
    const labels = this.room.tabs.labels();
    return html`
      <div class="tabs" role="tablist" aria-label="Terminals" @keydown=${this.onKey} @dragover=${this.onDragOver} @drop=${this.onDrop}>
        ${bar.map((entry, index) => this.tab(entry, index, labels.get(entry.name) ?? entry.title))}
      </div>
      <span class="sr-only" role="status">${this.moved}</span>
      ${
        this.room.mayType
          ? html`<button class="button button--icon tabs__open" title="Open a tab" aria-label="Open a tab" @click=${() => void this.room.tabs.open()}>
            ${icon('plus')}
          </button>`
          : nothing
      }
    `;
  }

  protected override willUpdate(): void {
    if (this.room.dialog !== 'rename') return;
    this.room.dialog = undefined;
    this.renaming = this.room.tabs.selected;
  }

  protected override updated(): void {
    const input = this.querySelector<HTMLInputElement>('.tab__input');
    if (input && document.activeElement !== input) {
      input.focus();
      input.select();
    }
  }

  private tab(entry: BarTab, index: number, label: string): TemplateResult {
    const selected = entry.name === this.room.tabs.selected;
    const classes = [
      'tab',
      selected && 'tab--selected',
      entry.remote && 'tab--remote',
      entry.status !== 'synced' && `tab--${entry.status}`,
      this.room.typistsIn(entry.name).length > 0 && 'tab--typing',
      this.dropAt === index && this.dragged !== entry.name && 'tab--drop',
    ];
    return html`<div
      class=${classes.filter(Boolean).join(' ')}
      role="presentation"
      draggable=${this.renaming ? 'false' : 'true'}
      data-tab=${entry.name}
      @dragstart=${(event: DragEvent) => this.onDragStart(event, entry)}
      @dragend=${this.onDragEnd}
      @auxclick=${(event: MouseEvent) => event.button === 1 && this.close(entry)}
      @dblclick=${() => this.beginRename(entry)}
      @contextmenu=${(event: MouseEvent) => this.openMenu(event, entry)}
    >
      ${this.renaming === entry.name ? this.input(entry) : this.label(entry, index, selected, label)}
      <button class="tab__close" tabindex="-1" aria-hidden="true" title="Close" @click=${() => this.close(entry)}>
        ${icon('close')}
      </button>
    </div>`;
  }

  private label(entry: BarTab, index: number, selected: boolean, label: string): TemplateResult {
    const typists = this.room.typistsIn(entry.name).map((name) => this.room.nameOf(name));
    return html`<button
      class="tab__label"
      role="tab"
      id=${`tab-${index}`}
      aria-selected=${selected}
      tabindex=${selected ? 0 : -1}
      title=${this.tooltip(entry)}
      @click=${() => this.choose(entry)}
    >
      ${this.sign(entry)}
      <span class="tab__title">${label}</span>
      ${this.mark(entry, typists)}
      ${stateWord(entry) ? html`<span class="sr-only">${stateWord(entry)}</span>` : nothing}
    </button>`;
  }

  /** In the place where the close button shows when the tab is pointed at. */
  private mark(entry: BarTab, typists: string[]): TemplateResult {
    return html`${typists.length > 0 ? mark('keyboard', 'typing', `${namesText(typists)} typing`) : nothing}
      ${typists.length === 0 && entry.tab?.driver ? mark('wheel', 'driving', this.driver(entry.tab.driver)) : nothing}
      ${entry.remote && typists.length === 0 && !entry.tab?.driver ? html`<span class="tab__mark" aria-hidden="true">${icon(openerSign(this.room.tabs.openerOf(entry)))}</span>` : nothing}`;
  }

  private driver(name: string): string {
    return name === this.room.me ? 'You are driving' : `${this.room.nameOf(name)} is driving`;
  }

  private sign(entry: BarTab): TemplateResult | typeof nothing {
    const signs = this.room.tabs.signsOf(entry.name);
    const ended = entry.tab?.state === Tab_State.EXITED;
    const code = ended ? entry.tab?.exitCode : signs.exitCode;
    if (code !== undefined) return exitSign(code);
    if (entry.tab?.state === Tab_State.LOST || entry.tab?.state === Tab_State.UNREACHABLE) {
      return html`<span class="tab__sign tab__sign--warn">${icon('warn')}</span>`;
    }
    if (entry.tab?.state === Tab_State.CREATING || entry.status === 'syncing') {
      return html`<span class="tab__sign spin">${icon('spinner')}</span>`;
    }
    if (signs.bell)
      return html`<span class="tab__sign tab__sign--warn" title="Bell">${icon('bell')}</span>`;
    if (entry.tab?.idleExpireTime) return this.expirySign(entry.tab.idleExpireTime);
    if (signs.unseen) return html`<span class="dot" title="Unseen output"></span>`;
    return nothing;
  }

  private expirySign(time: Timestamp): TemplateResult {
    const words = expiryText(timestampMs(time), Date.now());
    return html`<span class="tab__sign tab__sign--warn" title=${words}>${icon('clock')}<span class="sr-only">${words}</span></span>`;
  }

  private tooltip(entry: BarTab): string {
    const { tab } = entry;
    const lines = [entry.title || 'shell'];
    const opened = entry.remote && tab ? this.opened(entry) : '';
    if (opened) lines.push(opened);
    const word = stateWord(entry);
    if (word) lines.push(word);
    if (tab?.driver) lines.push(this.driver(tab.driver));
    if (tab && tab.heldBy.length > 0)
      lines.push(heldText(tab.heldBy.map((name) => this.room.nameOf(name))));
    if (tab?.idleExpireTime) lines.push(expiryText(timestampMs(tab.idleExpireTime), Date.now()));
    if (tab?.workingDirectory) lines.push(tab.workingDirectory);
    return opened && lines.length === 2 ? opened : lines.join('\n');
  }

  private opened(entry: BarTab): string {
    const text = openedText(this.room.tabs.openerOf(entry));
    return text[0]!.toUpperCase() + text.slice(1);
  }

  private input(entry: BarTab): TemplateResult {
    return html`<input
      class="tab__input"
      aria-label="Title of the tab"
      maxlength="80"
      .value=${entry.title}
      @keydown=${(event: KeyboardEvent) => this.onRenameKey(event, entry)}
      @blur=${(event: FocusEvent) => this.endRename(entry, (event.target as HTMLInputElement).value)}
    />`;
  }

  private close(entry: BarTab): void {
    this.room.tabs.close(entry.name);
    this.room.focus.byClick();
  }

  private choose(entry: BarTab): void {
    this.room.tabs.show(entry.name);
  }

  private beginRename(entry: BarTab): void {
    if (!this.room.mayType) return;
    this.renaming = entry.name;
    this.requestUpdate();
  }

  private endRename(entry: BarTab, title: string): void {
    if (this.renaming !== entry.name) return;
    this.renaming = undefined;
    if (title.trim() !== entry.title) void this.room.tabs.rename(entry.name, title.trim());
    this.requestUpdate();
  }

  private onRenameKey(event: KeyboardEvent, entry: BarTab): void {
    event.stopPropagation();
    if (event.key === 'Enter') this.endRename(entry, (event.target as HTMLInputElement).value);
    if (event.key === 'Escape') this.endRename(entry, entry.title);
    if (event.key === 'Enter' || event.key === 'Escape') focusTerminal(this.room);
  }

  private readonly onKey = (event: KeyboardEvent) => {
    if ((event.target as Element).matches('input')) return;
    const step = ({ ArrowRight: 1, ArrowLeft: -1 } as const)[event.key as 'ArrowLeft'];
    const { current } = this.room.tabs;
    if (step && event.shiftKey && current) this.moveBeside(current, step);
    else if (step) this.room.tabs.selectBeside(step);
    else if (event.key === 'F2' && current) {
      this.beginRename(current);
      event.preventDefault();
      return;
    } else if (event.key === 'Delete' && this.room.tabs.selected)
      this.room.tabs.close(this.room.tabs.selected);
    else return;
    event.preventDefault();
    void this.updateComplete.then(() =>
      this.querySelector<HTMLElement>('[aria-selected=true]')?.focus(),
    );
  };

  private moveBeside(entry: BarTab, step: 1 | -1): void {
    if (!this.room.mayType) return;
    const bar = this.room.tabs.bar();
    const to = bar.indexOf(entry) + step;
    if (to < 0 || to >= bar.length) return;
    this.room.tabs.moveBeside(entry.name, step);
    const label = this.room.tabs.labelOf(entry.name) ?? entry.title;
    this.moved = `${label} is tab ${to + 1} of ${bar.length} now`;
    this.requestUpdate();
  }

  private openMenu(event: MouseEvent, entry: BarTab): void {
    event.preventDefault();
    const box = (event.currentTarget as Element).getBoundingClientRect();
    // A key opens it, too; then there is no place that was pointed at.
    const pointed = event.clientX > 0 && event.button === 2;
    const left = pointed ? event.clientX : box.left;
    const top = pointed ? event.clientY : box.bottom;
    this.room.show({ tabMenu: { tab: entry.name, left, top } });
  }

  private onDragStart(event: DragEvent, entry: BarTab): void {
    this.dragged = entry.name;
    event.dataTransfer?.setData('text/plain', entry.title);
  }

  private readonly onDragOver = (event: DragEvent) => {
    if (!this.dragged) return;
    event.preventDefault();
    const over = (event.target as Element).closest<HTMLElement>('.tab');
    const at = this.room.tabs.bar().findIndex((one) => one.name === over?.dataset.tab);
    if (at < 0 || at === this.dropAt) return;
    this.dropAt = at;
    this.requestUpdate();
  };

  private readonly onDrop = (event: DragEvent) => {
    event.preventDefault();
    if (this.dragged && this.dropAt !== undefined)
      void this.room.tabs.move(this.dragged, this.dropAt);
    this.onDragEnd();
  };

  private readonly onDragEnd = () => {
    this.dragged = undefined;
    this.dropAt = undefined;
    this.requestUpdate();
  };
}

function exitSign(code: number): TemplateResult {
  const good = code === 0;
  return html`<span class="tab__sign tab__sign--${good ? 'good' : 'bad'}" title=${`exit code ${code}`}>
    ${icon(good ? 'check' : 'close')}${good ? nothing : html`<span class="tab__code">${code}</span>`}
    <span class="sr-only">exit code ${code}</span>
  </span>`;
}

function mark(sign: string, tone: string, words: string): TemplateResult {
  return html`<span class="tab__mark tab__mark--${tone}" aria-hidden="true">${icon(sign)}</span>
    <span class="sr-only">${words}</span>`;
}

function stateWord(entry: BarTab): string {
  if (entry.status === 'stale') return 'closed elsewhere';
  if (entry.status === 'syncing') return 'syncing';
  switch (entry.tab?.state) {
    case Tab_State.CREATING:
      return 'starting';
    case Tab_State.EXITED:
      return 'ended';
    case Tab_State.LOST:
      return 'lost; its last screen can be read';
    case Tab_State.UNREACHABLE:
      return 'out of reach; its shell may be running';
    default:
      return '';
  }
}

customElements.define('atrium-tabs', AtriumTabs);
