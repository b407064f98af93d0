// Real Chromium for the tests: a page is somebody in the room.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { root, until } from './stack.mjs';

const require = createRequire(join(root, 'web/package.json'));
const { chromium } = require('playwright-core');

export async function openBrowser({ microphone } = {}) {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    ignoreDefaultArgs: ['--mute-audio'],
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
      '--allow-loopback-in-peer-connection', '--autoplay-policy=no-user-gesture-required',
      ...(microphone ? [`--use-file-for-fake-audio-capture=${microphone}`] : []),
    ],
  });
}

// Opens a link as somebody new; resolves when the room is there.
export async function visit(browser, link, { name, viewport = { width: 1280, height: 800 } } = {}) {
  const context = await browser.newContext({ viewport });
  await context.addInitScript((who) => {
    localStorage.setItem('atrium.settings', JSON.stringify({ checked: true, ...(who ? { name: who } : {}) }));
  }, name);
  const page = await context.newPage();
  page.problems = [];
  page.on('pageerror', (error) => page.problems.push(error.message));
  await page.goto(link);
  await ready(page);
  if (name) await introduce(page, name);
  return page;
}

export const ready = (page) =>
  page.waitForFunction(() => window.atrium?.state.link === 'open' && window.atrium.state.revision >= 0, null, { timeout: 15_000 });

async function introduce(page, name) {
  const input = page.locator('input[placeholder="Your name?"]');
  if (await input.count()) {
    await input.fill(name);
    await input.press('Enter');
    await page.waitForFunction((who) => window.atrium.state.participants.some((one) => one.displayName === who), name);
  }
}

export const tabs = (page) => page.evaluate(() => window.atrium.tabs());

export async function openTab(page) {
  const before = (await tabs(page)).length;
  await page.locator('button[aria-label="Open a tab"]').first().click();
  await until('a tab opens', async () => (await tabs(page)).length > before);
  const list = await tabs(page);
  const tab = list[list.length - 1];
  await page.waitForFunction((one) => window.atrium.offset(one) >= 0, tab.name);
  return tab.name;
}

export const shows = (page, tab, text, timeout = 30_000) =>
  page.waitForFunction(([one, what]) => window.atrium.terminalText(one)?.includes(what), [tab, text], { timeout });

// Where the keyboard is, as a person would: nothing is clicked before.
export const type = (page, text) => page.keyboard.type(text);
