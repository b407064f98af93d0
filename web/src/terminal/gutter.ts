import type { Terminal } from '@xterm/xterm';
import { type MarkedCommand, placeOf } from '../state/commands';
import { spanText } from '../state/words';

/** Told of what is done in the gutter, and asked what it shows. */
export interface GutterListener {
  commands(): MarkedCommand[];
  cellHeight(): number;
  onChosen(command: MarkedCommand): void;
}

/** Signs of the shell's commands, left of the lines where they were typed. */
export class Gutter {
  readonly element = document.createElement('div');
  /** The command whose lines are marked. */
  chosen: number | undefined;
  private readonly term: Terminal;
  private readonly listener: GutterListener;
  private readonly signs = new Map<number, HTMLButtonElement>();
  private readonly bar = document.createElement('div');
  private frame = 0;

  constructor(term: Terminal, listener: GutterListener) {
    this.term = term;
    this.listener = listener;
    this.element.className = 'gutter';
    this.bar.className = 'gutter__bar';
    this.element.append(this.bar);
    term.onRender(() => this.drawSoon());
    term.onScroll(() => this.drawSoon());
    term.buffer.onBufferChange(() => this.drawSoon());
  }

  /** Something that it shows changed. */
  readonly drawSoon = () => {
    this.frame ||= requestAnimationFrame(() => this.draw());
  };

  private draw(): void {
    this.frame = 0;
    const { active } = this.term.buffer;
    const height = this.listener.cellHeight();
    const shows = active.type === 'normal' && height > 0;
    const seen = new Set<number>();
    const commands = shows ? this.listener.commands() : [];
    for (const one of commands) {
      const row = placeOf(one) - active.viewportY;
      if (row < 0 || row >= this.term.rows) continue;
      seen.add(one.id);
      this.place(one, row * height, height);
    }
    for (const [id, sign] of this.signs) {
      if (seen.has(id)) continue;
      sign.remove();
      this.signs.delete(id);
    }
    this.drawBar(
      commands.find((one) => one.id === this.chosen),
      height,
    );
  }

  private place(command: MarkedCommand, top: number, height: number): void {
    let sign = this.signs.get(command.id);
    if (!sign) {
      sign = document.createElement('button');
      sign.tabIndex = -1;
      sign.addEventListener('click', () => this.listener.onChosen(this.current(command)));
      this.signs.set(command.id, sign);
      this.element.append(sign);
    }
    const tone = toneOf(command);
    sign.className = `gutter__sign gutter__sign--${tone}`;
    sign.style.top = `${top}px`;
    sign.style.height = `${height}px`;
    const words = commandWords(command);
    if (sign.dataset.words === words) return;
    sign.dataset.words = words;
    sign.ariaLabel = `${command.text || 'Command'}: ${words}`;
  }

  private current(command: MarkedCommand): MarkedCommand {
    return this.listener.commands().find((one) => one.id === command.id) ?? command;
  }

  /** Along all lines of the command that was chosen. */
  private drawBar(chosen: MarkedCommand | undefined, height: number): void {
    const { viewportY, baseY, cursorY } = this.term.buffer.active;
    const first = chosen ? Math.max(0, placeOf(chosen) - viewportY) : 0;
    const end = chosen?.end?.place.line ?? -1;
    const last = Math.min(this.term.rows, (end >= 0 ? end : baseY + cursorY + 1) - viewportY);
    this.bar.hidden = !chosen || last <= first;
    this.bar.style.top = `${first * height}px`;
    this.bar.style.height = `${Math.max(0, last - first) * height}px`;
  }
}

function toneOf(command: MarkedCommand): 'running' | 'good' | 'bad' {
  if (!command.end) return 'running';
  return (command.exitCode ?? 0) === 0 ? 'good' : 'bad';
}

/** How a command went: "exit 2, 3.2 s". */
export function commandWords(command: MarkedCommand): string {
  if (!command.end) return 'running';
  const code = command.exitCode === undefined ? 'ended' : `exit ${command.exitCode}`;
  return command.tookMs === undefined ? code : `${code}, ${spanText(command.tookMs)}`;
}
