// Takes pictures of the built page with a pretended room, and checks it with axe.
// node test/look.mjs FOLDER; CHROMIUM names the browser, if it is not on the usual path.
import { mkdirSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { runnerImport } from 'vite';
import { mediaPage } from './support/media.mjs';

const folder = process.argv[2] ?? 'pictures';
mkdirSync(folder, { recursive: true });
const load = async (path) => (await runnerImport(path)).module;
const { FakeGateway } = await load('./test/fake/gateway.ts');
const { setScene, enliven, strain } = await load('./test/fake/scene.ts');
const axe = readFileSync('node_modules/axe-core/axe.min.js', 'utf8');

const gateway = new FakeGateway();
setScene(gateway);
const origin = `http://127.0.0.1:${await gateway.listen()}`;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    '--allow-loopback-in-peer-connection',
  ],
});
await mediaPage(browser, gateway, origin);

const problems = [];
async function look(page, name) {
  await page.waitForTimeout(450);
  await page.screenshot({ path: `${folder}/${name}.png` });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    window.axe.run(document, { resultTypes: ['violations'] }),
  );
  for (const { id, nodes } of violations)
    problems.push(`${name}: ${id}: ${nodes.map((one) => one.html.slice(0, 140)).join(' | ')}`);
}

async function visit(invite, options) {
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    permissions: ['clipboard-read', 'clipboard-write'],
    ...options,
  });
  const page = await context.newPage();
  page.on(
    'console',
    (message) =>
      ['error', 'warning'].includes(message.type()) &&
      !/ 503 /.test(message.text()) &&
      problems.push(`console: ${message.text()}`),
  );
  page.on('pageerror', (error) => problems.push(`error: ${error.stack}`));
  await page.goto(`${origin}/join/${invite}`);
  await page.waitForFunction(() => window.atrium?.state.link === 'open');
  await page.waitForFunction(
    () =>
      window.atrium.tabs().length === 0 || window.atrium.offset(window.atrium.tabs()[0].name) > 0,
  );
  return page;
}

const person = (id) => `${gateway.session.name}/participants/${id}`;
const seen = (page) =>
  page.waitForFunction(() => {
    const { captures } = window.atrium.state;
    return captures.length > 0 && captures.every((one) => one.own || one.phase === 'seen');
  });

const desk = await visit('owner-you', { colorScheme: 'dark' });
enliven(gateway);
await look(desk, 'desktop-dark');
await desk.getByLabel('Your name').fill('Ada');
await desk.keyboard.press('Enter');
await desk.locator('.xterm').first().click();
await desk.keyboard.type('echo hello');
await look(desk, 'desktop-typing');
await desk.keyboard.press('Alt+Shift+B');
await look(desk, 'captions-large');
await desk.keyboard.press('Alt+Shift+B');
await desk.keyboard.press('F1');
await look(desk, 'palette');
await desk.keyboard.press('Escape');
await desk.getByRole('button', { name: 'Invite' }).click();
await desk.getByRole('button', { name: 'Make a link' }).click();
await look(desk, 'invite');
await desk.keyboard.press('Escape');
await desk.getByRole('button', { name: 'Start live audio' }).click();
await desk.getByRole('button', { name: 'Go live' }).waitFor();
await look(desk, 'device-check');
await desk.getByRole('button', { name: 'Go live' }).click();
await look(desk, 'live');
await desk.getByRole('button', { name: 'More of the call' }).click();
await look(desk, 'call-menu');
await desk.keyboard.press('Escape');
gateway.session.updateConversation({ takesImages: true });
gateway.session.updateSession({ hasDisplay: true });
await desk.getByRole('button', { name: 'Share screen' }).click();
await look(desk, 'share');
await desk.getByRole('checkbox', { name: /The agent may see it/ }).check();
await desk.getByRole('button', { name: 'Choose a screen…' }).click();
await seen(desk);
await look(desk, 'live-sharing');
await desk.getByRole('button', { name: 'Stop live audio' }).click();
const plans = gateway.captures.put(person('mira'), 'Window: Shop dashboard');
await seen(desk);
await look(desk, 'screens');
await desk.getByRole('button', { name: "More for Mira's screen" }).click();
await look(desk, 'screen-menu');
await desk.keyboard.press('Escape');
await desk.getByRole('button', { name: 'Stop sharing' }).click();
await seen(desk);
await look(desk, 'desktop-dark-screen');
await desk.keyboard.press('Alt+Shift+V');
await look(desk, 'screen-on-stage');
await desk.keyboard.press('Alt+Shift+V');
gateway.captures.end(plans.name);
gateway.session.propose('', 'I would like to see the page that fails.', 'agent', 'ask_for_screen');
await desk.locator('atrium-attach input').setInputFiles({
  name: 'price.cc',
  mimeType: 'text/plain',
  buffer: Buffer.from('int64_t Cents(double euro) {\n  return std::llrint(euro * 100);\n}\n'),
});
await desk.getByRole('button', { name: 'Send' }).click();
await look(desk, 'agent-asks-for-screen');
await desk.getByRole('button', { name: 'Agent', exact: true }).click();
await look(desk, 'agent-cost');
await desk.keyboard.press('Escape');
await desk.getByRole('button', { name: 'Open a tab' }).click();
await desk.waitForTimeout(400);
gateway.session.openTab('deploy', `${gateway.session.name}/participants/jonas`);
await look(desk, 'own-tab');
await desk.keyboard.press('Alt+1');
await desk.keyboard.press('Alt+Shift+ArrowUp');
await desk.locator('.command-bar').waitFor();
await look(desk, 'command');
await desk.locator('.command-bar').getByRole('button', { name: 'Close' }).click();
strain(gateway, 'you');
await desk.locator('.asking__card').waitFor();
await look(desk, 'driving');
await desk.locator('.tab').nth(1).click({ button: 'right' });
await look(desk, 'tab-menu');
await desk.keyboard.press('Escape');
await desk.keyboard.press('Alt+2');
await desk.keyboard.type('x');
await desk.getByRole('button', { name: 'and 1 more' }).click();
await look(desk, 'other-drives');
await desk.getByRole('button', { name: 'Settings', exact: true }).click();
await desk.getByRole('menuitem', { name: 'Settings of this session' }).click();
await look(desk, 'session');
await desk.getByText('What the agent may do by itself').click();
await desk.getByRole('combobox', { name: 'What tickets.add may do' }).selectOption('deny');
await look(desk, 'session-tools');
await desk.keyboard.press('Escape');
await desk.keyboard.press('F1');
await desk.keyboard.type('decides');
await desk.keyboard.press('Enter');
await desk.getByLabel('A fixed size').check();
await look(desk, 'size');
await desk.keyboard.press('Escape');
gateway.refuseTickets = 503;
gateway.dropAll();
await desk.waitForTimeout(1500);
await look(desk, 'offline');
gateway.refuseTickets = 0;
await desk.waitForFunction(() => window.atrium.state.link === 'open');

const light = await visit('viewer-eve', { colorScheme: 'light' });
enliven(gateway);
await light.locator('.xterm').first().click();
await light.keyboard.type('x');
await look(light, 'desktop-light-viewer');
const editor = await visit('editor-kim', { colorScheme: 'light' });
await editor.locator('.driving__text').waitFor();
await editor.keyboard.type('x');
await editor.getByRole('button', { name: 'Ask for control' }).first().click();
await look(editor, 'desktop-light-asked');

gateway.captures.put(person('mira'), 'Window: Shop dashboard');
await seen(editor);
await look(editor, 'desktop-light-screen');
await editor.keyboard.press('Alt+Shift+V');
await look(editor, 'light-screen-on-stage');

const [first] = [...gateway.session.tabs.keys()];
const phone = await visit('editor-pat', {
  colorScheme: 'dark',
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
  deviceScaleFactor: 2,
});
enliven(gateway);
await seen(phone);
await look(phone, 'phone-screen');
await phone.getByRole('button', { name: "Hide Mira's screen" }).tap();
await look(phone, 'phone-screen-away');
gateway.captures.end([...gateway.session.captures.keys()][0]);
await look(phone, 'phone-terminal');
await phone.locator('.xterm').first().tap();
await look(phone, 'phone-keys');
await phone.keyboard.type('x');
await look(phone, 'phone-hint');
await phone.evaluate(() => document.activeElement.blur());
await phone.locator('.gutter__sign--bad').tap();
await look(phone, 'phone-command');
await phone.locator('.command-bar').getByRole('button', { name: 'Close' }).tap();
gateway.driving.take(`${gateway.session.name}/participants/you`, { tab: first });
gateway.driving.grant(`${gateway.session.name}/participants/you`, {
  tab: first,
  participant: `${gateway.session.name}/participants/pat`,
});
gateway.driving.ask(`${gateway.session.name}/participants/mira`, { tab: first });
await phone.evaluate(() => document.activeElement.blur());
await look(phone, 'phone-asked');
await phone.getByRole('button', { name: 'People' }).click();
await look(phone, 'phone-people');
await phone.getByRole('button', { name: /Timeline/ }).click();
await look(phone, 'phone-timeline');
await phone.getByRole('button', { name: 'Start live audio' }).tap();
await phone.getByRole('button', { name: 'Go live', disabled: false }).waitFor();
await look(phone, 'phone-check');
await phone.getByRole('button', { name: 'Go live' }).tap();
await look(phone, 'phone-live');

for (const tab of [...gateway.session.tabs.keys()]) gateway.session.closeTab(tab);
await desk.waitForTimeout(600);
await look(desk, 'empty');
await browser.close();
gateway.close();
console.log(problems.length ? problems.join('\n') : 'no problems');
process.exitCode = problems.length ? 1 : 0;
