import { SearchAddon } from '@xterm/addon-search';
import { WebLinksAddon } from '@xterm/addon-web-links';
import { type ITheme, Terminal } from '@xterm/xterm';
import '@xterm/xterm/css/xterm.css';
import { type MarkedCommand, placeOf } from '../state/commands';
import { clipboardOffer } from './clipboard';
import { Drawing } from './drawing';
import { dumpState, dumpText, type TerminalState } from './dump';
import { type CellSize, Feed } from './feed';
import { Gutter } from './gutter';
import { linkHint, openLink } from './links';
import { cleanPaste, type Paste } from './paste';
import { PredictedEcho } from './predicted_echo';
import { RENDERER_OPTIONS } from './renderer';
import { setUpRenderer } from './setup';
import { ShellMarks } from './shell_marks';

/** Told of what happens in a terminal. */
export interface ScreenListener {
  /** Bytes to type; `bySelf` is false for reports of mouse and focus. */
  onInput(bytes: Uint8Array, bySelf: boolean): void;
  onPaste(paste: Paste): void;
  onDrawn(): void;
  onGap(): void;
  onBell(): void;
  /** A program wants to put this on the clipboard. */
  onClipboard(text: string): void;
  /** A link is pointed at; null when it is left. */
  onLink(hint: string | null): void;
  /** The whole screen was rebuilt; the bytes go on at this offset. */
  onRebuilt(offset: number): void;
  /** A command of the shell's began, ended, or is not there any more. */
  onMarked(): void;
  /** A command was chosen in the gutter. */
  onCommandChosen(command: MarkedCommand): void;
  /** True if this key is a shortcut of the page's. */
  isShortcut(event: KeyboardEvent): boolean;
}

/** Looks. */
export interface Looks {
  fontSize: number;
  fontFamily: string;
  theme: ITheme;
  screenReader: boolean;
  /** The echo of keys is predicted where the link is slow. */
  predictEcho: boolean;
}

const REPORT = /^\x1b\[(<[\d;]+[Mm]|M|[IO]$)/;
const MIN_FONT_SIZE = 5;
/** Somebody else's smaller terminal is drawn larger here, within reason. */
const MAX_ENLARGEMENT = 1.5;
/** Room that the scroll bar takes, and the signs of commands on the other side. */
const SCROLL_BAR_PX = 14;
const GUTTER_PX = 14;
const SIDES_PX = SCROLL_BAR_PX + GUTTER_PX;

interface Internals {
  _core: { _renderService?: { dimensions: { css: { cell: { width: number; height: number } } } } };
}

/** One tab's terminal in this page: an xterm, fed by the tab's stream. */
export class TerminalScreen {
  readonly term: Terminal;
  readonly feed: Feed;
  readonly search = new SearchAddon();
  readonly host = document.createElement('div');
  readonly marks: ShellMarks;
  /** What is typed, before the server echoes it. */
  readonly predicted: PredictedEcho;
  private readonly gutter: Gutter;
  /** Once it is in the page. */
  private drawing: Drawing | undefined;
  /** Called once something was drawn. */
  private onFirstDrawn: () => void = () => {};
  private readonly firstDrawn = new Promise<void>((resolve) => {
    this.onFirstDrawn = resolve;
  });
  private readonly listener: ScreenListener;
  /** True while what the terminal emits was caused by a program. */
  private readonly isAnswering: () => boolean;
  private looks: Looks;
  private accelerated = false;
  private disposed = false;
  private panned = 0;
  /** A cell at the plain font size; measured once it is shown. */
  private cell: { width: number; height: number } | undefined;

  constructor(looks: Looks, listener: ScreenListener) {
    this.looks = looks;
    this.listener = listener;
    this.host.className = 'terminal-host';
    this.term = new Terminal(options(looks, this.linkHandler()));
    this.isAnswering = setUpRenderer(this.term);
    this.term.loadAddon(this.search);
    this.term.loadAddon(new WebLinksAddon(openLink, this.hoverHints()));
    this.feed = new Feed(this.term, {
      onDrawn: () => listener.onDrawn(),
      onGap: () => listener.onGap(),
      onSnapshot: () => this.drawing?.hold(),
      onRebuilt: (offset) => this.onRebuilt(offset),
    });
    this.marks = new ShellMarks(this.term, {
      isReplaying: () => this.feed.replaying,
      onMarked: () => this.onMarked(),
    });
    this.gutter = new Gutter(this.term, {
      commands: () => this.marks.commands.all(),
      cellHeight: () => this.drawnCell()?.height ?? 0,
      onChosen: (command) => listener.onCommandChosen(command),
    });
    this.predicted = new PredictedEcho(this.term, {
      cell: () => this.drawnCell(),
      isReplaying: () => this.feed.replaying,
    });
    this.predicted.isWanted = looks.predictEcho;
    this.host.append(this.gutter.element, this.predicted.element);
    this.listen();
  }

  /** Puts the terminal into the page. */
  mount(parent: HTMLElement): void {
    if (this.host.parentElement !== parent) parent.append(this.host);
    if (!this.term.element) {
      this.term.open(this.host);
      this.drawing = new Drawing(this.term);
      if (this.feed.replaying) this.drawing.hold();
      this.host.addEventListener('paste', (event) => this.onPaste(event), true);
    }
  }

  unmount(): void {
    this.host.remove();
  }

  focus(): void {
    this.term.focus();
  }

  setLooks(looks: Looks): void {
    this.looks = looks;
    this.cell = undefined;
    this.term.options.fontFamily = looks.fontFamily;
    this.term.options.fontSize = looks.fontSize;
    this.term.options.theme = looks.theme;
    this.term.options.screenReaderMode = looks.screenReader;
    this.predicted.isWanted = looks.predictEcho;
  }

  /** How many cells fit a box at the plain font size; undefined if unknown. */
  fitting(width: number, height: number): CellSize | undefined {
    const cell = this.plainCell();
    if (!cell || width <= 0 || height <= 0) return undefined;
    return {
      columns: clamp(Math.floor((width - SIDES_PX) / cell.width), 2, 1000),
      rows: clamp(Math.floor(height / cell.height), 1, 500),
    };
  }

  /** Shows the plain font size: this page's window decides the size. */
  showPlain(): void {
    this.setFontSize(this.looks.fontSize);
  }

  /** Draws the whole terminal as large as a box allows. */
  showScaled(width: number, height: number, zoom: number): void {
    const cell = this.plainCell();
    if (!cell) return;
    const scale = Math.min(
      MAX_ENLARGEMENT,
      (width - SIDES_PX) / (cell.width * this.term.cols),
      height / (cell.height * this.term.rows),
    );
    let size = Math.max(MIN_FONT_SIZE, Math.floor(this.looks.fontSize * scale * zoom * 4) / 4);
    this.setFontSize(size);
    while (zoom === 1 && size > MIN_FONT_SIZE && this.overflows(width, height)) {
      size -= 0.25;
      this.setFontSize(size);
    }
  }

  /** A finger moved up by so many pixels: scrolls the text along. */
  pan(pixels: number): void {
    const cell = this.drawnCell();
    if (!cell) return;
    this.panned += pixels / cell.height;
    const lines = Math.trunc(this.panned);
    if (lines === 0) return;
    this.panned -= lines;
    this.term.scrollLines(lines);
  }

  /** The size in pixels of what is drawn. */
  get pixels(): { width: number; height: number } | undefined {
    const cell = this.drawnCell();
    if (!cell) return undefined;
    return { width: cell.width * this.term.cols, height: cell.height * this.term.rows };
  }

  /** Draws with the graphics card from now on, where there is one. */
  async accelerate(): Promise<void> {
    if (this.accelerated) return;
    this.accelerated = true;
    // To find out takes longer than to draw the first screen without.
    await this.firstDrawn;
    if (this.disposed || !this.term.element || !hasGraphicsCard()) return;
    const { WebglAddon } = await import('@xterm/addon-webgl');
    try {
      const addon = new WebglAddon();
      addon.onContextLoss(() => addon.dispose());
      this.term.loadAddon(addon);
      this.cell = undefined;
    } catch {
      // Without WebGL the plain renderer goes on.
    }
  }

  /** More is known of the commands than when their signs were drawn. */
  drawCommands(): void {
    this.gutter.drawSoon();
  }

  /** Marks the lines of a command, and brings them into view. */
  showCommand(command: MarkedCommand | undefined, scroll: boolean): void {
    this.gutter.chosen = command?.id;
    this.gutter.drawSoon();
    if (!command || !scroll || placeOf(command) < 0) return;
    this.term.scrollToLine(Math.max(0, placeOf(command) - 1));
  }

  text(): string {
    return dumpText(this.term);
  }

  state(): TerminalState {
    return dumpState(this.term);
  }

  dispose(): void {
    this.disposed = true;
    this.drawing?.dispose();
    this.predicted.dispose();
    this.term.dispose();
    this.host.remove();
  }

  private listen(): void {
    const encoder = new TextEncoder();
    this.term.onData((text) => {
      if (!this.isAnswering()) this.listener.onInput(encoder.encode(text), !REPORT.test(text));
    });
    this.term.onBinary((text) => {
      this.listener.onInput(
        Uint8Array.from(text, (one) => one.charCodeAt(0)),
        false,
      );
    });
    this.term.onBell(() => {
      if (!this.feed.replaying) this.listener.onBell();
    });
    this.term.attachCustomKeyEventHandler((event) => !this.listener.isShortcut(event));
    this.term.parser.registerOscHandler(52, (sequence) => {
      const offer = this.feed.replaying ? null : clipboardOffer(sequence);
      if (offer !== null) this.listener.onClipboard(offer);
      return true;
    });
  }

  private onRebuilt(offset: number): void {
    this.drawing?.release();
    this.onFirstDrawn();
    this.marks.commands.rebuilt(offset);
    this.listener.onRebuilt(offset);
  }

  private onMarked(): void {
    this.gutter.drawSoon();
    this.listener.onMarked();
  }

  private onPaste(event: ClipboardEvent): void {
    event.preventDefault();
    event.stopPropagation();
    const text = event.clipboardData?.getData('text/plain') ?? '';
    if (text) this.listener.onPaste(cleanPaste(text));
  }

  private hoverHints() {
    return {
      hover: (_event: MouseEvent, uri: string) => this.listener.onLink(linkHint(uri)),
      leave: () => this.listener.onLink(null),
    };
  }

  private linkHandler() {
    return { activate: openLink, ...this.hoverHints(), allowNonHttpProtocols: true };
  }

  private plainCell() {
    if (!this.cell) {
      if (this.term.options.fontSize !== this.looks.fontSize) this.setFontSize(this.looks.fontSize);
      const cell = this.drawnCell();
      if (cell) this.cell = { ...cell };
    }
    return this.cell;
  }

  private drawnCell() {
    // A frame that was asked for before the end may come after it.
    if (this.disposed) return undefined;
    const cell = (this.term as unknown as Internals)._core._renderService?.dimensions.css.cell;
    return cell && cell.width > 0 && cell.height > 0 ? cell : undefined;
  }

  private overflows(width: number, height: number): boolean {
    const pixels = this.pixels;
    return !!pixels && (pixels.width > width - SIDES_PX || pixels.height > height);
  }

  private setFontSize(size: number): void {
    if (this.term.options.fontSize !== size) this.term.options.fontSize = size;
  }
}

function options(looks: Looks, linkHandler: object) {
  return {
    ...RENDERER_OPTIONS,
    cols: 80,
    rows: 24,
    fontSize: looks.fontSize,
    fontFamily: looks.fontFamily,
    theme: looks.theme,
    screenReaderMode: looks.screenReader,
    cursorBlink: false,
    cursorInactiveStyle: 'outline' as const,
    minimumContrastRatio: 4.5,
    macOptionIsMeta: true,
    linkHandler: linkHandler as never,
  };
}

/** False where WebGL is only pretended by the processor: that is slower than without. */
function hasGraphicsCard(): boolean {
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('webgl2', { failIfMajorPerformanceCaveat: true });
  if (!context) return false;
  const names = context.getExtension('WEBGL_debug_renderer_info');
  const card = names ? String(context.getParameter(names.UNMASKED_RENDERER_WEBGL)) : '';
  context.getExtension('WEBGL_lose_context')?.loseContext();
  return !/swiftshader|llvmpipe|software|basic render/i.test(card);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
