// What the page shows of its tabs while things go wrong, on the real processes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, openTab, ready, shows, tabs, type, visit } from './browser.mjs';
import { connect, inviteLink } from './services.mjs';
import { Stack, until } from './stack.mjs';

let stack, api, browser, olga, emil;
before(async () => {
  stack = await new Stack().start();
  api = await connect(stack);
  browser = await openBrowser();
  olga = await visit(browser, stack.ownerLink(), { name: 'Olga' });
  emil = await visit(browser, await inviteLink(stack, api, 'EDITOR'), { name: 'Emil' });
  for (const page of [olga, emil]) await page.evaluate(() => { window.sameDocument = true; });
});
after(async () => {
  await browser?.close();
  api?.close();
  await stack?.stop();
});

const titled = async (page, title, seenBy = [olga, emil]) => {
  const tab = await openTab(page);
  await api.call('atrium.v1.TabService', 'UpdateTab', { tab: { name: tab, title }, update_mask: { paths: ['title'] } });
  for (const one of seenBy) await one.locator('.tab', { hasText: title }).waitFor();
  return tab;
};
const remove = (name) => api.call('atrium.v1.TabService', 'DeleteTab', { name });
const removed = async (name) => {
  await remove(name);
  for (const page of [olga, emil]) await until('it is gone', async () => !(await has(page, name)));
};
const has = async (page, name) => (await tabs(page)).some((one) => one.name === name);
const shown = (page, title, state = '') => page.locator(`.tab${state}`, { hasText: title });
const tooltip = (page, title) => shown(page, title).locator('[role=tab]').getAttribute('title');
// Remembers every state that the tab of this title is ever in.
const remember = (page, title) => page.evaluate((title) => {
  window.states = new Set();
  const look = () => {
    for (const one of document.querySelectorAll('.tab')) {
      if (!one.textContent.includes(title)) continue;
      for (const name of one.classList) window.states.add(name);
    }
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
}, title);
const remembered = (page, state) => page.waitForFunction((state) => window.states.has(state), state);

test('M5: a tab that is closed fades, can be had back with its shell for five seconds, and then goes for all', async () => {
  await titled(olga, 'kept');
  const tab = await titled(olga, 'going');
  await type(olga, 'ANSWER=$((6*7)); clear\n');
  await olga.waitForFunction((name) => window.atrium.pendingInput(name) === 0, tab);
  await remember(olga, 'going');
  await shown(olga, 'going').click({ button: 'middle' });
  await remembered(olga, 'tab--closing');
  // Before all else: it is offered for so long.
  await olga.getByRole('button', { name: 'Undo' }).click();
  await shown(olga, 'going', '.tab--selected').waitFor();
  assert.equal(await has(emil, tab), true, 'the others still have it');
  await type(olga, 'echo had-$ANSWER-back\n');
  await shows(olga, tab, 'had-42-back');
  await remember(emil, 'going');
  await shown(olga, 'going').click({ button: 'middle' });
  await olga.getByText('Its shell still runs.').waitFor();
  await shown(olga, 'going').waitFor({ state: 'detached' });
  assert.equal(await olga.evaluate(() => document.querySelector('.tab--selected').textContent.includes('kept')), true);
  await remembered(emil, 'tab--closing');
  for (const page of [olga, emil]) await until('it is gone', async () => !(await has(page, tab)));
  await shown(emil, 'going').waitFor({ state: 'detached' });
});

test('M7: what a page remembers is there at once after a reload, and then made equal to what is', async () => {
  const gone = await titled(olga, 'gone');
  await emil.waitForFunction((name) => Object.entries(localStorage).some(([, value]) => value.includes(name)), gone);
  // It cannot join yet: what it shows is what it remembers.
  await emil.route('**/ticket', (route) => route.abort());
  await emil.reload();
  for (const title of ['kept', 'gone']) await shown(emil, title, '.tab--syncing').waitFor();
  await remove(gone);
  const fresh = await titled(olga, 'fresh', [olga]);
  await emil.unroute('**/ticket');
  await ready(emil);
  await shown(emil, 'gone', '.tab--stale').waitFor();
  assert.match(await tooltip(emil, 'gone'), /closed elsewhere/);
  await shown(emil, 'fresh').waitFor();
  await shown(emil, 'kept').click();
  await shown(emil, 'gone').waitFor({ state: 'detached', timeout: 12_000 });
  assert.deepEqual((await tabs(emil)).map((one) => one.name), (await tabs(olga)).map((one) => one.name));
  await removed(fresh);
});

test('N4, M7: while the gateway is dead pages can be read and typed into, and learn afterwards what was closed', async () => {
  const tab = await titled(olga, 'typed'), closed = await titled(emil, 'closed');
  await shown(olga, 'typed').click();
  await type(olga, 'echo before-$((40+1))\n');
  await shows(olga, tab, 'before-41');
  await remember(olga, 'closed');
  await stack.end('gateway');
  for (const page of [olga, emil]) await page.getByText('Connection lost.').first().waitFor();
  await shows(olga, tab, 'before-41');
  await type(olga, 'echo meanwhile-$((40+2))\n');
  await remove(closed);
  stack.launch('gateway');
  await shows(olga, tab, 'meanwhile-42', 30_000);
  for (const page of [olga, emil]) {
    await page.getByText('Connection lost.').waitFor({ state: 'detached' });
    assert.equal((await tabs(page)).find((one) => one.name === closed)?.status ?? 'stale', 'stale');
    // One that nobody looks at goes by itself.
    await shown(page, 'typed').click();
    await until('what was closed is gone', async () => !(await has(page, closed)), 15_000);
  }
  await remembered(olga, 'tab--stale');
  const text = await olga.evaluate((name) => window.atrium.terminalText(name), tab);
  assert.equal(text.match(/^meanwhile-42\s*$/gm).length, 1, 'typed once');
  assert.equal(await olga.evaluate(() => window.sameDocument), true, 'no reload');
  await removed(tab);
});

test('R5, N4, P10: while the terminal process is dead its tabs are out of reach, then lost with their last screen, and new ones run', async () => {
  const tab = await titled(olga, 'doomed');
  await type(olga, 'echo last-$((50+3))\n');
  for (const page of [olga, emil]) await shows(page, tab, 'last-53');
  await stack.end('terminal');
  for (const page of [olga, emil]) {
    await until('it is out of reach', async () => /out of reach; its shell may be running/.test(await tooltip(page, 'doomed')));
  }
  await shows(olga, tab, 'last-53');
  stack.launch('terminal');
  for (const page of [olga, emil]) {
    await until('it is lost', async () => /lost; its last screen can be read/.test(await tooltip(page, 'doomed')), 20_000);
    await shown(page, 'doomed').click();
    await shows(page, tab, 'last-53');
  }
  const fresh = await openTab(olga);
  await type(olga, 'echo again-$((60+4))\n');
  await shows(olga, fresh, 'again-64', 20_000);
  // Nothing runs in it that could be had back.
  await olga.evaluate(() => {
    window.offers = 0;
    const look = () => { window.offers += [...document.querySelectorAll('.notice button')].filter((one) => one.textContent.trim() === 'Undo').length; };
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true });
  });
  await shown(olga, 'doomed').click({ button: 'middle' });
  for (const page of [olga, emil]) await until('it is gone', async () => !(await has(page, tab)));
  assert.equal(await olga.evaluate(() => window.offers), 0, 'no undoing is offered');
});

test('nobody saw a script error', () => {
  for (const page of [olga, emil]) assert.deepEqual(page.problems, []);
});
