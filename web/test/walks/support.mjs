// What every walk begins with: a pretended gateway and pages that look at it.
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { runnerImport } from 'vite';

const load = async (path) => (await runnerImport(path)).module;
const { FakeGateway } = await load('./test/fake/gateway.ts');
const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');
const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const browser = await chromium.launch({
  executablePath,
  args: [
    '--no-sandbox',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    '--allow-loopback-in-peer-connection',
  ],
});
export let gateway;
export let origin;

export async function room() {
  gateway?.close();
  gateway = new FakeGateway();
  origin = `http://127.0.0.1:${await gateway.listen()}`;
  const owner = `${gateway.session.name}/participants/owner`;
  gateway.session.participant('owner', { displayName: 'Olga', role: 3 });
  const tab = gateway.session.openTab('build', owner);
  gateway.session.terminals.get(tab.name).showPrompt();
  return gateway.session.terminals.get(tab.name);
}

export async function visit(invite, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1200, height: 800 },
    permissions: ['clipboard-read', 'clipboard-write'],
    ...options,
  });
  const page = await context.newPage();
  page.on('pageerror', (error) => console.log('page error', error.stack));
  await page.goto(`${origin}/join/${invite}`);
  await ready(page);
  return page;
}

export const ready = (page) =>
  page.waitForFunction(
    () =>
      window.atrium?.state.link === 'open' &&
      window.atrium.state.revision >= 0 &&
      window.atrium.tabs().every((one) => window.atrium.offset(one.name) >= 0),
  );
export const shows = (page, text, tab = 'build') =>
  page.waitForFunction(
    ([tab, text]) => window.atrium.terminalText(tab)?.includes(text),
    [tab, text],
  );
export const state = (page, tab = 'build') =>
  page.evaluate((tab) => window.atrium.terminalState(tab), tab);
export const focus = (page) => page.locator('.xterm:visible').click();

/** The name of a participant. */
export const person = (id) => `${gateway.session.name}/participants/${id}`;

/** The tab that every room has, as the session has it now. */
export const build = () => [...gateway.session.tabs.values()].find((one) => one.title === 'build');

/** Waits until the clipboard holds a text. A waitForFunction takes a promise for a yes. */
export async function clipboard(page, text) {
  let held;
  for (let frame = 0; frame < 300; frame++) {
    held = await page.evaluate(async () => {
      await new Promise((next) => requestAnimationFrame(next));
      return navigator.clipboard.readText();
    });
    if (held === text) return;
  }
  throw new Error(`The clipboard holds ${JSON.stringify(held)}, not ${JSON.stringify(text)}.`);
}

/** What axe finds wrong with a page, one line each. */
export async function faults(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, { resultTypes: ['violations'] }),
  );
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((one) => one.html.slice(0, 120))}`);
}
