// How long a late join takes until a person sees it: real Chromium, a page that loads.
import { openBrowser, visit } from '../e2e/browser.mjs';
import { connect } from '../e2e/services.mjs';
import { until } from '../e2e/stack.mjs';

// Milliseconds from a page's word that it wants a tab with so many lines of scrollback
// until the frame that shows its end, in the middle of `times` reloads.
export async function paint(stack, lines, times) {
  const api = await connect(stack);
  const browser = await openBrowser();
  try {
    const page = await visit(browser, stack.ownerLink());
    const last = `line ${String(lines + 24).padStart(6, '0')}`;
    const command = ['bash', '-c', `seq -f 'line %06.0f of a build that says a little of what it does' 1 ${lines + 24}; read end`];
    const { name } = await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command } });
    const drawn = async () => (await page.evaluate((tab) => window.atrium.terminalText(tab), name))?.includes(last);
    await until('it is drawn', drawn);
    const end = await page.evaluate((tab) => window.atrium.offset(tab), name);
    await page.context().addInitScript(() => {
      const { send } = WebSocket.prototype;
      WebSocket.prototype.send = function said(data) {
        if (typeof data === 'string' && data.includes('"subscribe"')) window.asked ??= performance.now();
        return send.call(this, data);
      };
    });
    const took = [];
    for (let i = 0; i < times; i += 1) {
      await page.reload({ waitUntil: 'commit' });
      took.push(await page.evaluate(([tab, offset]) => new Promise((done) => {
        const look = () => {
          if ((window.atrium?.offset(tab) ?? -1) < offset) return requestAnimationFrame(look);
          // What this frame shows is on the screen when the next one begins.
          return requestAnimationFrame((now) => done(now - window.asked));
        };
        look();
      }), [name, end]));
      if (!(await drawn())) throw new Error(`${last} is not there`);
    }
    return { ms: took.sort((a, b) => a - b)[took.length >> 1] };
  } finally {
    await browser.close();
    api.close();
  }
}
