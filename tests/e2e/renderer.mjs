// What a page would show: the page's own renderer, fed by a socket without a browser.
import { makeTerminal, stateOf } from '../screen/renderer.mjs';

const SCROLLBACK = 1000;
const RESET = Buffer.from('\x18\x1bc', 'latin1');

export class Renderer {
  // Follows `tab` through `page`, from now on.
  constructor(page, tab) {
    this.writer = makeTerminal(80, 24, SCROLLBACK);
    page.onScreen(tab, ({ first, size, data }) => {
      if (first) {
        this.writer.write(RESET);
        this.resize(size);
      }
      this.writer.write(data);
    });
    page.onResized(tab, (size) => this.resize(size));
    page.subscribe(tab, (_at, bytes) => this.writer.write(bytes));
  }
  resize({ columns, rows }) {
    this.writer.resize(columns, rows);
  }
  // The lines of the screen, as text.
  lines() {
    const { active } = this.writer.terminal.buffer;
    return Array.from({ length: this.writer.terminal.rows }, (_, i) => active.getLine(active.baseY + i)?.translateToString(true) ?? '');
  }
  text() {
    return this.lines().join('\n');
  }
  // Cells with their styles, wraps, cursor and modes, down to the last one.
  state() {
    return stateOf(this.writer);
  }
}
