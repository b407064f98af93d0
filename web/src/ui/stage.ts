import { html, nothing, type TemplateResult } from 'lit';
import type { Tab } from '../gen/atrium/v1/tab_pb';
import { returnToTerminal, toggleCall } from '../room/actions';
import type { Topic } from '../room/changes';
import { MAX_FONT_SIZE, MIN_FONT_SIZE } from '../room/settings';
import { type Sizing, sizingOf } from '../state/driving';
import type { CellSize } from '../terminal/feed';
import type { TerminalScreen } from '../terminal/screen';
import { RoomElement } from './element';
import { icon } from './icons';
import { Touch } from './touch';

const MAX_ZOOM = 4;
/** A row and a column are about so many font sizes big before anything is drawn. */
const ROW_PER_FONT = 1.18;
const COLUMN_PER_FONT = 0.602;

/** The selected tab's terminal, and all that is said about it. */
class AtriumStage extends RoomElement {
  protected readonly topics: readonly Topic[] = [
    'terminal',
    'tabs',
    'view',
    'link',
    'settings',
    'call',
  ];
  private readonly observer = new ResizeObserver(() => this.fitSoon());
  private frame = 0;
  private shown: TerminalScreen | undefined;
  private zoom = 1;
  private pinchFrom = { zoom: 1, fontSize: 0 };
  private readonly touch = new Touch({
    pinch: (factor, begin) => this.onPinch(factor, begin),
    pan: (pixels) => this.zoom === 1 && this.shown?.pan(pixels),
  });

  override connectedCallback(): void {
    super.connectedCallback();
    this.room.stageSize = () => this.fitting();
    addEventListener('focus', this.fitSoon);
  }

  override disconnectedCallback(): void {
    this.observer.disconnect();
    removeEventListener('focus', this.fitSoon);
    super.disconnectedCallback();
  }

  override render(): TemplateResult {
    const { room } = this;
    const tab = this.tab;
    const empty = room.tabs.bar().length === 0 && room.store.known;
    const framed = !!tab && this.sizing(tab) !== 'decides' && !!this.shown;
    return html`<section class="stage" aria-label="Terminal">
      ${room.findOpen && this.shown ? html`<atrium-find></atrium-find>` : nothing}
      <textarea
        class="sr-only stage__keys"
        tabindex="-1"
        autocapitalize="off"
        autocomplete="off"
        spellcheck="false"
        aria-label="Typed for the terminal that is coming"
        @paste=${(event: ClipboardEvent) => event.preventDefault()}
      ></textarea>
      <div
        class="stage__box ${framed ? 'stage__box--framed' : ''}"
        role="tabpanel"
        aria-label=${(room.tabs.selected && room.tabs.labelOf(room.tabs.selected)) || 'Terminal'}
      ></div>
      ${empty ? this.welcome() : this.door()}
      <atrium-command-bar></atrium-command-bar>
      <div class="stage__asks">
        <atrium-drive-hint></atrium-drive-hint>
        <atrium-asking></atrium-asking>
        <atrium-question></atrium-question>
      </div>
      <atrium-status></atrium-status>
      <atrium-key-bar></atrium-key-bar>
    </section>`;
  }

  protected override firstUpdated(): void {
    this.observer.observe(this.box);
    this.room.focus.field = this.querySelector<HTMLTextAreaElement>('.stage__keys') ?? undefined;
    this.touch.listen(this.box);
  }

  protected override updated(): void {
    this.showScreen();
    this.room.focus.settle();
    this.fitSoon();
  }

  private get box(): HTMLElement {
    return this.querySelector('.stage__box')!;
  }

  private get tab(): Tab | undefined {
    return this.room.tabs.current?.tab;
  }

  private showScreen(): void {
    const { selected } = this.room.tabs;
    const screen = selected ? this.room.terminals.screen(selected) : undefined;
    for (const other of this.room.terminals.screens()) other.host.hidden = other !== screen;
    if (screen && !screen.host.isConnected) screen.mount(this.box);
    if (screen === this.shown) return;
    this.shown = screen;
    this.zoom = 1;
    if (screen) {
      this.focusIfFree();
      void screen.accelerate().then(() => this.fitSoon());
    }
    this.requestUpdate();
  }

  /** Gives the terminal the focus unless somebody works elsewhere in the page. */
  private focusIfFree(): void {
    const active = document.activeElement;
    const free = !active || active === document.body || active.closest('.xterm');
    if (free) returnToTerminal(this.room);
  }

  private sizing(tab: Tab): Sizing {
    return sizingOf(tab, this.room.self, this.room.isFrontWindow);
  }

  private readonly fitSoon = () => {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.fit());
  };

  private fit(): void {
    const { shown, tab } = this;
    if (!shown || !tab || shown.host.hidden) return;
    const { clientWidth, clientHeight } = this.box;
    if (clientWidth === 0 || clientHeight === 0) return;
    const sizing = this.sizing(tab);
    if (sizing !== 'decides') this.showWhole(shown, clientWidth, clientHeight);
    else {
      shown.showPlain();
      this.box.classList.remove('stage__box--scroll');
    }
    const size = sizing === 'looks' ? undefined : shown.fitting(clientWidth, clientHeight);
    if (size) this.room.windowSize.fit(tab, size);
  }

  /** Somebody else decides the size: as large as fits, or as it is, to be scrolled. */
  private showWhole(shown: TerminalScreen, width: number, height: number): void {
    const scrolls = this.room.settings.scrollTerminal;
    if (scrolls) shown.showPlain();
    else shown.showScaled(width, height, this.zoom);
    const wasScrolling = this.box.classList.contains('stage__box--scroll');
    this.box.classList.toggle('stage__box--scroll', scrolls || this.zoom > 1);
    if (scrolls && !wasScrolling) this.box.scrollTop = this.box.scrollHeight;
  }

  /** How many cells this page has room for. */
  private fitting(): CellSize | undefined {
    const { clientWidth, clientHeight } = this.box;
    const exact = this.shown?.fitting(clientWidth, clientHeight);
    if (exact || clientWidth === 0) return exact;
    const { fontSize } = this.room.settings;
    return {
      columns: Math.max(20, Math.floor((clientWidth - 28) / (fontSize * COLUMN_PER_FONT))),
      rows: Math.max(5, Math.floor(clientHeight / (fontSize * ROW_PER_FONT))),
    };
  }

  /** Said in the place of a room that cannot be entered. */
  private door(): TemplateResult | typeof nothing {
    const { door } = this.room;
    if (!door) return nothing;
    return html`<div class="welcome door" role="status">
      <h2>${door.title}</h2>
      <p>${door.text}</p>
      <ul class="door__remedies">${door.remedies.map((one) => html`<li>${one}</li>`)}</ul>
    </div>`;
  }

  private welcome(): TemplateResult {
    const { room } = this;
    const offers: [string, string, string, () => void, boolean][] = [
      [
        'terminal',
        'Open a terminal',
        'Everybody in the room sees it and, as an editor, types in it.',
        () => void room.tabs.open(),
        room.mayType,
      ],
      [
        'invite',
        'Invite people',
        'A link is all they need. You choose what it allows.',
        () => room.show({ dialog: 'invite' }),
        room.isOwner,
      ],
      [
        'phone',
        'Start live audio',
        room.mayType
          ? 'Talk with each other and with the agent.'
          : 'Hear the others and the agent.',
        () => toggleCall(room),
        room.call.phase === 'idle',
      ],
    ];
    return html`<div class="welcome">
      <h2>No terminal is open</h2>
      <ul>
        ${offers
          .filter(([, , , , may]) => may)
          .map(
            ([sign, title, text, run]) => html`<li>
            <button class="welcome__offer" @click=${run}>${icon(sign)}<span><b>${title}</b><span>${text}</span></span></button>
          </li>`,
          )}
      </ul>
    </div>`;
  }

  private readonly onPinch = (factor: number, begin: boolean) => {
    if (begin) this.pinchFrom = { zoom: this.zoom, fontSize: this.room.settings.fontSize };
    const { tab } = this;
    if (tab && (this.sizing(tab) !== 'looks' || this.room.settings.scrollTerminal)) {
      const wanted = Math.round(this.pinchFrom.fontSize * factor);
      const fontSize = Math.min(MAX_FONT_SIZE, Math.max(MIN_FONT_SIZE, wanted));
      if (fontSize !== this.room.settings.fontSize) this.room.setSettings({ fontSize });
    } else {
      this.zoom = Math.min(MAX_ZOOM, Math.max(1, this.pinchFrom.zoom * factor));
      this.fitSoon();
    }
  };
}

customElements.define('atrium-stage', AtriumStage);
