// How long a typed line takes until it is back, for one page and one tab.
import { until } from './stack.mjs';

export class Echo {
  // Follows `tab`, where something like `cat` runs.
  constructor(page, tab) {
    Object.assign(this, { page, tab, seen: '', turn: 0 });
    page.subscribe(tab, (_at, bytes) => {
      this.seen = (this.seen + bytes.toString('latin1')).slice(-2000);
      this.hear?.();
    });
  }
  // Waits without turning round and round, which would take a core from who is measured.
  async once() {
    const mark = `mark-${(this.turn += 1)}-`;
    const began = performance.now();
    await new Promise((done, fail) => {
      const late = setTimeout(() => fail(new Error(`no echo of ${mark}`)), 20_000);
      this.hear = () => {
        if (!this.seen.includes(mark)) return;
        clearTimeout(late);
        done();
      };
      this.page.type(this.tab, `${mark}\r`);
    });
    return performance.now() - began;
  }
  async times(count) {
    const times = [];
    for (let i = 0; i < count; i += 1) times.push(await this.once());
    return figures(times);
  }
  // For as long as `work` takes.
  async during(work) {
    let over = false;
    const working = work().finally(() => { over = true; });
    const times = [];
    while (!over) times.push(await this.once());
    await working;
    return figures(times);
  }
  async ready() {
    await until('it echoes', async () => (await this.once()) > 0);
    return this;
  }
}

export function figures(times) {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { count: sorted.length, p50: at(0.5), p90: at(0.9), p99: at(0.99), worst: sorted.at(-1) };
}
export const told = (of) => `p50 ${of.p50.toFixed(1)}, p90 ${of.p90.toFixed(1)}, p99 ${of.p99.toFixed(1)}, worst ${of.worst.toFixed(1)} ms of ${of.count}`;
