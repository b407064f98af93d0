import type { Changes } from './changes';

/** A short message at the edge of the page, gone by itself. */
export interface Notice {
  id: number;
  text: string;
  tone: 'plain' | 'good' | 'warn' | 'bad';
  actions: { label: string; run: () => void }[];
}

const STAYS_MS = 6000;
const CALL_PROBLEM_STAYS_MS = 12_000;
const MAX_SHOWN = 4;

/** The notices that are shown now. */
export class Notices {
  readonly shown: Notice[] = [];
  private next = 1;
  private told: readonly string[] = [];
  private readonly changes: Changes;
  private readonly timers = new Map<number, ReturnType<typeof setTimeout>>();

  constructor(changes: Changes) {
    this.changes = changes;
  }

  /** Shows a notice; the answer takes it away. */
  show(
    text: string,
    tone: Notice['tone'] = 'plain',
    actions: Notice['actions'] = [],
    staysMs = STAYS_MS,
  ): () => void {
    const same = this.shown.find((one) => one.text === text);
    if (same) this.remove(same.id);
    const id = this.next++;
    this.shown.push({ id, text, tone, actions });
    while (this.shown.length > MAX_SHOWN) this.remove(this.shown[0]!.id);
    this.timers.set(
      id,
      setTimeout(() => this.remove(id), staysMs),
    );
    this.changes.emit('notices');
    return () => this.remove(id);
  }

  /** Shows what went wrong. */
  failed(error: unknown): void {
    this.show(error instanceof Error ? error.message : String(error), 'bad');
  }

  /** The banner tells these and goes on doing so: notices of them go away. */
  leaveToBanner(told: readonly string[]): void {
    this.told = told;
    for (const one of this.shown.filter((shown) => told.includes(shown.text))) this.remove(one.id);
  }

  /** A call did not start, or ended by itself. */
  callFailed(message: string): void {
    const text = this.told.includes(message) ? 'Live audio did not start.' : message;
    this.show(text, 'warn', [], CALL_PROBLEM_STAYS_MS);
  }

  remove(id: number): void {
    clearTimeout(this.timers.get(id));
    this.timers.delete(id);
    const at = this.shown.findIndex((one) => one.id === id);
    if (at < 0) return;
    this.shown.splice(at, 1);
    this.changes.emit('notices');
  }
}
