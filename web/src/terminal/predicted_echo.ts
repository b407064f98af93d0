import type { Terminal } from '@xterm/xterm';
import { Prediction, type Sight } from './prediction';

/** Asked where to draw. */
export interface PredictedEchoListener {
  cell(): { width: number; height: number } | undefined;
  /** What is drawn comes from a snapshot, not from keys. */
  isReplaying(): boolean;
}

/** Draws the predicted echo over a terminal, underlined; never into it. */
export class PredictedEcho {
  readonly element = document.createElement('div');
  private readonly prediction = new Prediction();
  private readonly term: Terminal;
  private readonly listener: PredictedEchoListener;
  private readonly letters = document.createElement('span');
  private readonly cursor = document.createElement('span');
  private measured = { font: '', width: 0 };
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(term: Terminal, listener: PredictedEchoListener) {
    this.term = term;
    this.listener = listener;
    this.element.className = 'predicted';
    this.element.ariaHidden = 'true';
    this.element.hidden = true;
    this.letters.className = 'predicted__letters';
    this.cursor.className = 'predicted__cursor';
    this.element.append(this.letters, this.cursor);
    term.onWriteParsed(() => this.onDrawn());
    term.onScroll(() => this.onScroll());
    term.onResize(() => this.forget());
    term.buffer.onBufferChange(() => this.forget());
  }

  set isWanted(isWanted: boolean) {
    this.prediction.isWanted = isWanted;
    if (!isWanted) this.forget();
  }

  /** These keys were sent, over a link that answers so fast. */
  typed(text: string, roundTripMs: number): void {
    this.prediction.setRoundTrip(roundTripMs);
    this.prediction.typed(text, sightOf(this.term), Date.now());
    this.draw();
  }

  forget(): void {
    this.prediction.forget();
    this.draw();
  }

  dispose(): void {
    clearTimeout(this.timer);
    this.element.remove();
  }

  /** Comes with every line that is printed: there must be something to move. */
  private onScroll(): void {
    if (this.prediction.dueMs !== undefined) this.draw();
  }

  private onDrawn(): void {
    if (this.listener.isReplaying()) this.prediction.forget();
    else this.prediction.drawn(sightOf(this.term));
    this.draw();
  }

  private draw(): void {
    clearTimeout(this.timer);
    const { dueMs } = this.prediction;
    if (dueMs !== undefined)
      this.timer = setTimeout(() => this.onDue(), Math.max(0, dueMs - Date.now()));
    const { shown } = this.prediction;
    const cell = this.listener.cell();
    const row = shown ? shown.line - this.term.buffer.active.viewportY : -1;
    this.element.hidden = !shown || !cell || row < 0 || row >= this.term.rows;
    if (this.element.hidden || !shown || !cell) return;
    const { fontFamily, fontSize, theme } = this.term.options;
    const { style } = this.element;
    style.left = `${shown.column * cell.width}px`;
    style.top = `${row * cell.height}px`;
    style.height = style.lineHeight = `${cell.height}px`;
    style.fontFamily = fontFamily ?? '';
    style.fontSize = `${fontSize}px`;
    style.color = theme?.foreground ?? '';
    this.letters.style.width = `${shown.text.length * cell.width}px`;
    this.letters.style.background = theme?.background ?? '';
    this.letters.style.letterSpacing = `${this.spacing(cell.width)}px`;
    this.letters.textContent = shown.text;
    this.cursor.style.left = `${(shown.cursor - shown.column) * cell.width}px`;
    this.cursor.style.width = `${cell.width}px`;
  }

  private onDue(): void {
    this.prediction.expire(Date.now());
    this.draw();
  }

  /** Cells are not always as wide as the font's letters. */
  private spacing(cellWidth: number): number {
    const { fontFamily, fontSize } = this.term.options;
    const font = `${fontSize}px ${fontFamily}`;
    if (font !== this.measured.font) {
      const brush = document.createElement('canvas').getContext('2d');
      if (brush) brush.font = font;
      this.measured = { font, width: brush?.measureText('W').width ?? cellWidth };
    }
    return cellWidth - this.measured.width;
  }
}

/** The screen as it is. */
export function sightOf(term: Terminal): Sight {
  const { active } = term.buffer;
  return {
    columns: term.cols,
    column: active.cursorX,
    line: active.baseY + active.cursorY,
    isAlternate: active.type === 'alternate',
    cell: (column, line) => active.getLine(line)?.getCell(column)?.getChars() ?? '',
  };
}
