// Two people, one room: tabs as shared state, one terminal seen by all.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, openTab, shows, tabs, type, visit } from './browser.mjs';
import { connect, inviteLink } from './services.mjs';
import { Stack, until } from './stack.mjs';

let stack, api, browser, owner, editor, viewer;
before(async () => {
  stack = await new Stack().start();
  api = await connect(stack);
  browser = await openBrowser();
  owner = await visit(browser, stack.ownerLink(), { name: 'Olga' });
  editor = await visit(browser, await inviteLink(stack, api, 'EDITOR'), { name: 'Emil' });
  viewer = await visit(browser, await inviteLink(stack, api, 'VIEWER'), { name: 'Vera' });
});
after(async () => {
  await browser?.close();
  api?.close();
  await stack?.stop();
});

const sameList = (a, b) => JSON.stringify(a.map((tab) => [tab.name, tab.title])) === JSON.stringify(b.map((tab) => [tab.name, tab.title]));

test('P5: everybody sees everybody, with names and roles', async () => {
  for (const page of [owner, editor, viewer]) {
    await page.waitForFunction(() => window.atrium.state.participants.length === 3);
    const people = await page.evaluate(() => window.atrium.state.participants);
    assert.deepEqual(people.map((one) => [one.displayName, one.role]).sort(), [['Emil', 2], ['Olga', 3], ['Vera', 1]]);
  }
});

let tab;
test('M5: a tab opened in one browser appears in the others as remote', async () => {
  tab = await openTab(owner);
  for (const page of [editor, viewer]) {
    await page.waitForFunction((name) => window.atrium.tabs().some((one) => one.name === name && one.remote), tab);
    await page.locator('.tab--remote').first().waitFor();
    await page.locator('.tab--remote[title*="Opened on another device"], .tab--remote [title*="Opened on another device"]').first().waitFor();
  }
  const own = await tabs(owner);
  assert.equal(own[0].remote, false);
});

test('M1, M2: what either types, both see, in the same order', async () => {
  await type(owner, 'echo from-$((40+2))-olga\n');
  await shows(owner, tab, 'from-42-olga');
  await shows(editor, tab, 'from-42-olga');
  await type(editor, 'echo from-$((41+2))-emil\n');
  for (const page of [owner, editor, viewer]) await shows(page, tab, 'from-43-emil');
  const texts = await Promise.all([owner, editor, viewer].map((page) => page.evaluate((name) => window.atrium.terminalText(name), tab)));
  assert.equal(texts[1], texts[0]);
  assert.equal(texts[2], texts[0]);
});

test('S4: a viewer types, nothing reaches the shell, and the page says why', async () => {
  const before = await viewer.evaluate((name) => window.atrium.offset(name), tab);
  await type(viewer, 'echo intruder\n');
  await viewer.getByText(/view only/i).first().waitFor();
  await type(owner, 'echo still-$((50+1))\n');
  await shows(viewer, tab, 'still-51');
  assert.ok((await viewer.evaluate((name) => window.atrium.offset(name), tab)) > before);
  for (const page of [owner, viewer]) {
    assert.doesNotMatch(await page.evaluate((name) => window.atrium.terminalText(name), tab), /intruder/);
  }
});

test('N8: the program has the window of whoever took control last, each time', async () => {
  await editor.setViewportSize({ width: 1000, height: 600 });
  const take = async (page, { columns, rows }) => {
    await page.locator('.xterm:visible').first().click();
    await page.keyboard.press('Alt+Shift+C');
    for (const one of [owner, editor]) {
      await one.waitForFunction(([tab, columns, rows]) => {
        const { columns: drawn } = window.atrium.terminalState(tab) ?? {};
        const now = window.atrium.tabs().find((other) => other.name === tab);
        return drawn === columns && now.columns === columns && now.rows === rows;
      }, [tab, columns, rows]);
    }
  };
  const sizeNow = (page) => page.evaluate((name) => {
    const { columns, rows } = window.atrium.tabs().find((one) => one.name === name);
    return { columns, rows };
  }, tab);
  const wide = await sizeNow(owner);
  await editor.locator('.xterm:visible').first().click();
  await editor.keyboard.press('Alt+Shift+C');
  const narrow = await until('the editor has its size', async () => {
    const size = await sizeNow(owner);
    return size.columns < wide.columns && size.rows < wide.rows && size;
  });
  for (let turn = 0; turn < 3; turn++) {
    await take(owner, wide);
    await owner.keyboard.press('Alt+Shift+L');
    await editor.waitForFunction((name) => !window.atrium.tabs().find((one) => one.name === name).driver, tab);
    await take(editor, narrow);
  }
  await editor.keyboard.press('Alt+Shift+L');
  await owner.waitForFunction((name) => !window.atrium.tabs().find((one) => one.name === name).driver, tab);
});

test('M5, M1: what is typed right after opening or choosing a tab is for that tab', async () => {
  const before = (await tabs(owner)).length;
  await owner.locator('button[aria-label="Open a tab"]').first().click();
  await owner.keyboard.type('echo new-$((60+1))\n');
  await owner.waitForFunction((count) => window.atrium.tabs().length > count, before);
  const fresh = (await tabs(owner)).at(-1).name;
  await shows(owner, fresh, 'new-61');
  await owner.locator('.tab').first().click();
  await owner.keyboard.type('echo old-$((70+1))\n');
  await shows(owner, tab, 'old-71');
  assert.equal((await tabs(owner)).length, before + 1, 'Enter opened no more');
  await owner.locator('.tab').last().click({ button: 'middle' });
  await until('it is closed for all', async () => (await tabs(editor)).length === before);
});

test('M5, M7: tabs are renamed, moved and closed for all', async () => {
  const second = await openTab(editor);
  await editor.locator('.tab').nth(1).dblclick();
  await editor.locator('input[aria-label="Title of the tab"]').fill('build');
  await editor.locator('input[aria-label="Title of the tab"]').press('Enter');
  await until('the new title is everywhere', async () => (await tabs(owner)).some((one) => one.title === 'build'));
  await api.call('atrium.v1.TabService', 'UpdateTab', { tab: { name: second, position: 0 }, update_mask: { paths: ['position'] } });
  await until('the order is the same', async () => (await tabs(owner))[0].name === second && sameList(await tabs(owner), await tabs(viewer)));
  await api.call('atrium.v1.TabService', 'DeleteTab', { name: second });
  for (const page of [owner, editor, viewer]) {
    await until('the tab is gone', async () => !(await tabs(page)).some((one) => one.name === second));
  }
});

test('M3, P5: the shell outlives its people, and the page says who left', async () => {
  await type(editor, 'ANSWER=$((6*7)); clear\n');
  await editor.waitForFunction((name) => window.atrium.pendingInput(name) === 0, tab);
  await editor.context().close();
  await owner.waitForFunction(() => window.atrium.state.participants.length === 2, null, { timeout: 15_000 });
  await type(owner, 'echo kept-$ANSWER\n');
  await shows(owner, tab, 'kept-42');
  editor = await visit(browser, await inviteLink(stack, api, 'EDITOR'), { name: 'Emil' });
  await shows(editor, tab, 'kept-42');
});

test('nobody saw a script error', () => {
  for (const page of [owner, editor, viewer]) assert.deepEqual(page.problems, []);
});
