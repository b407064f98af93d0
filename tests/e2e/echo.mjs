// How long a typed line takes until it is back, for one page and one tab.
import { until } from './stack.mjs';

export class Echo {
  // Follows `tab`, where something like `cat` runs.
  constructor(page, tab) {
    Object.assign(this, { page, tab, seen: '', turn: 0 });
    page.subscribe(tab, (_at, bytes) => { this.seen = (this.seen + bytes.toString('latin1')).slice(-2000); });
  }
  async once() {
    const mark = `mark-${(this.turn += 1)}-`;
    const began = performance.now();
    this.page.type(this.tab, `${mark}\r`);
    while (!this.seen.includes(mark)) {
      if (performance.now() - began > 20_000) throw new Error(`no echo of ${mark}`);
      await new Promise((done) => setImmediate(done));
    }
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
