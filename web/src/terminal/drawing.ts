import type { Terminal } from '@xterm/xterm';

/** The parts of the renderer that have no public face. */
interface Viewport {
  _sync(line?: number): void;
  scrollLines(lines: number): void;
  scrollToLine(line: number, atOnce?: boolean): void;
}
interface RenderService {
  addRefreshCallback(act: () => void): number;
  _renderRows(start: number, end: number): void;
  handleSelectionChanged(...selection: unknown[]): void;
  _renderer: { value?: { clear(): void } };
}
interface Core {
  _viewport: Viewport;
  _renderService: RenderService;
}

/** What people scroll with; it must meet the scroll bar as it is. */
const HANDS = ['wheel', 'pointerdown', 'pointermove', 'mousedown', 'touchmove'];

/** No longer is anybody left looking at what was there before. */
const HOLD_MS = 1000;

/** Keeps an open terminal from drawing what nobody can see. */
export class Drawing {
  private readonly terminal: Terminal;
  private readonly service: RenderService;
  private readonly select: (selection: unknown[]) => void;
  /** What was selected last, if that is not drawn. */
  private selection: unknown[] | undefined;
  /** While it is held. */
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(terminal: Terminal) {
    this.terminal = terminal;
    const { _viewport, _renderService } = (terminal as unknown as { _core: Core })._core;
    this.service = _renderService;
    scrollOnceAFrame(terminal, _viewport, _renderService);
    const { _renderRows, handleSelectionChanged } = _renderService;
    _renderService._renderRows = (start, end) => {
      if (this.timer === undefined) _renderRows.call(_renderService, start, end);
    };
    // That draws all rows, too.
    this.select = (selection) => handleSelectionChanged.apply(_renderService, selection);
    _renderService.handleSelectionChanged = (...selection) => {
      if (this.timer === undefined) this.select(selection);
      else this.selection = selection;
    };
  }

  /** What is written from now on is half of something: nothing of it is drawn, for a second. */
  hold(): void {
    this.timer ??= setTimeout(() => this.release(), HOLD_MS);
    const renderer = this.service._renderer.value;
    if (renderer) renderer.clear = () => {};
  }

  release(): void {
    if (this.timer === undefined) return;
    clearTimeout(this.timer);
    this.timer = undefined;
    Reflect.deleteProperty(this.service._renderer.value ?? {}, 'clear');
    if (this.selection) this.select(this.selection);
    this.selection = undefined;
    this.terminal.refresh(0, this.terminal.rows - 1);
  }

  dispose(): void {
    clearTimeout(this.timer);
  }
}

/**
 * Lets the scroll bar follow once a frame. The renderer moves it, and sets timers to hide
 * it, at every line that is printed, which takes longer than the line. Before anybody
 * scrolls it is put where it belongs.
 */
function scrollOnceAFrame(terminal: Terminal, viewport: Viewport, drawing: RenderService): void {
  const { _sync, scrollLines, scrollToLine } = viewport;
  let isDue = false;
  const settle = () => {
    if (!isDue) return;
    isDue = false;
    _sync.call(viewport);
  };
  viewport._sync = (line) => {
    if (line !== undefined) return _sync.call(viewport, line);
    if (isDue) return;
    isDue = true;
    drawing.addRefreshCallback(settle);
  };
  viewport.scrollLines = (lines) => {
    settle();
    scrollLines.call(viewport, lines);
  };
  viewport.scrollToLine = (line, atOnce) => {
    settle();
    scrollToLine.call(viewport, line, atOnce);
  };
  for (const hand of HANDS)
    terminal.element?.addEventListener(hand, settle, { capture: true, passive: true });
}
