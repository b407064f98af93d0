// The tab bar.
import assert from 'node:assert/strict';
import { build, faults, focus, gateway, person, ready, room, visit } from './support.mjs';

const SERVICE = 2;
const COMMAND = 4;

const titles = (page, wanted) =>
  page.waitForFunction(
    (wanted) =>
      window.atrium
        .tabs()
        .map((one) => one.title)
        .join() === wanted,
    wanted,
  );

/** Opens a tab, types at once, and tells its terminal when all has arrived. */
async function typedAfter(page, open, text, count) {
  await open();
  await page.keyboard.type(text);
  await page.keyboard.press('Enter');
  await page.waitForFunction((count) => window.atrium.tabs().length >= count, count);
  await page.waitForTimeout(400);
  assert.equal(gateway.session.tabs.size, count, 'one more tab');
  await page.waitForFunction(() => window.atrium.pendingInput(window.atrium.state.selected) === 0);
  return [...gateway.session.terminals.values()].at(-1);
}

export const tabWalks = {
  'M5: tabs are renamed and moved by keys, by the menu, and by the palette': async () => {
    await room();
    gateway.session.openTab('logs', person('owner'));
    const page = await visit('editor-ada');
    await page.getByRole('tab', { name: 'build' }).focus();
    await page.keyboard.press('F2');
    await page.keyboard.type('make');
    await page.keyboard.press('Enter');
    await titles(page, 'make,logs');
    await page.getByRole('tab', { name: 'make' }).focus();
    await page.keyboard.press('Shift+ArrowRight');
    await titles(page, 'logs,make');
    await page.getByText('make is tab 2 of 2 now').waitFor({ state: 'attached' });
    await focus(page);
    await page.keyboard.press('Alt+Shift+PageUp');
    await titles(page, 'make,logs');
    await page.locator('.tab', { hasText: 'make' }).click({ button: 'right' });
    assert.deepEqual(await faults(page), []);
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    await titles(page, 'logs,make');
    assert.equal(await page.locator('.menu--tab').count(), 0);
    await page.reload();
    await ready(page);
    await titles(page, 'logs,make');
  },
  'M5: a closing tab fades for 300 ms, and at once where motion is unwanted': async () => {
    await room();
    const pages = [
      [await visit('editor-ada'), 300],
      [await visit('editor-ben', { reducedMotion: 'reduce' }), 0],
    ];
    for (const [page, fadeMs] of pages) {
      const style = (name) =>
        page.locator('.tab').evaluate((one, name) => getComputedStyle(one)[name], name);
      const duration = Number.parseFloat((await style('transitionDuration')).split(',')[0]);
      assert.equal(Math.round(duration * 1000), fadeMs);
      assert.match(await style('transitionProperty'), /opacity/);
    }
  },
  'M5: who opened a tab is said, and the tooltip says where': async () => {
    await room();
    const page = await visit('editor-ada');
    gateway.session.openTab('logs', person('owner'));
    await page.getByText('Tab "logs" opened on another device by Olga').waitFor();
    const label = page.locator('.tab--remote', { hasText: 'logs' }).locator('[role=tab]');
    assert.match(await label.getAttribute('title'), /^logs\nOpened on another device/);
  },
  'M5: a tab that no person opened is on nobody’s device, and one’s own other page is said so':
    async () => {
      await room();
      const page = await visit('editor-ada');
      gateway.session.participant('ci', { displayName: 'deploy-bot', kind: SERVICE });
      const opened = [
        ['one', 'agent', 'opened by the agent'],
        ['two', '', 'opened by a service'],
        ['three', person('ci'), 'opened by deploy-bot'],
        ['four', person('ada'), 'opened on another device or window of yours'],
      ];
      for (const [title, creator, how] of opened) {
        gateway.session.openTab(title, creator);
        await page.getByText(`Tab "${title}" ${how}`).waitFor();
        const label = page.locator('.tab--remote', { hasText: title }).locator('[role=tab]');
        assert.ok((await label.getAttribute('title')).includes(`\nO${how.slice(1)}`));
      }
    },
  'N7: a command that has a tab of its own is said once': async () => {
    await room();
    gateway.session.entry(COMMAND, ['agent'], 'ls', { tab: build().name, exitCode: 0 });
    const own = gateway.session.openTab('make test', 'agent');
    const page = await visit('editor-ada');
    gateway.session.entry(COMMAND, ['agent'], 'make test', { tab: own.name, exitCode: 0 });
    const line = page.locator('.entry--command', { hasText: 'make test' });
    await line.waitFor();
    assert.equal((await line.textContent()).split('make test').length - 1, 1);
    assert.match(await page.locator('.entry--command').first().textContent(), /build\s+ls/);
    assert.deepEqual(await faults(page), []);
    await line.getByRole('button', { name: 'make test' }).click();
    await page.waitForFunction((tab) => window.atrium.state.selected === tab, own.name);
  },
  'M5, N1: typing of others shows at the tab and on the person, one’s own does not': async () => {
    await room();
    const [ada, ben] = [await visit('editor-ada'), await visit('editor-ben')];
    await focus(ada);
    await ada.keyboard.type('x');
    await ben.locator('.tab--typing', { hasText: 'build' }).waitFor();
    await ben.getByText('ada typing').first().waitFor({ state: 'attached' });
    const sign = ben.locator('[data-participant$="/ada"] .sign--accent');
    assert.equal(await sign.getAttribute('title'), 'typing in build');
    assert.equal(await ada.locator('.tab--typing').count(), 0);
    await ben.locator('.tab--typing').waitFor({ state: 'detached' });
  },
  'M5, M1: what is typed after opening a tab is for that tab, by the button, a key, the palette':
    async () => {
      const before = await room();
      const page = await visit('editor-ada');
      gateway.opensAfterMs = 200;
      const ways = [
        () => page.getByRole('button', { name: 'Open a tab', exact: true }).click(),
        () => page.keyboard.press('Alt+Shift+T'),
        async () => {
          await page.keyboard.press('F1');
          await page.keyboard.type('open a tab');
          await page.keyboard.press('Enter');
        },
      ];
      for (const [index, open] of ways.entries()) {
        const last = await typedAfter(page, open, 'ls -la /tmp', index + 2);
        assert.equal(last.typed, 'ls -la /tmp\r');
      }
      assert.equal(before.typed, '');
      await page.keyboard.press('F1');
      await page.keyboard.type('open a tab');
      await page.keyboard.press('Enter');
      await page.locator('.composer textarea').click();
      await page.keyboard.type('hello');
      await page.waitForFunction(() => window.atrium.tabs().length === 5);
      assert.equal(await page.locator('.composer textarea').inputValue(), 'hello');
    },
  'M5, X7: a click or Enter on a tab brings the keyboard there, arrows stay in the bar':
    async () => {
      const first = await room();
      const second = gateway.session.openTab('logs', person('owner'));
      const page = await visit('editor-ada');
      const typed = (name) => gateway.session.terminals.get(name).typed;
      await page.getByRole('tab', { name: 'logs' }).click();
      await page.keyboard.type('word one\n');
      await page.getByRole('tab', { name: 'build' }).click();
      await page.keyboard.type('word two\n');
      await page.keyboard.press('Alt+PageDown');
      await page.keyboard.type('three\n');
      await page.waitForFunction(() => window.atrium.pendingInput('logs') === 0);
      assert.deepEqual([first.typed, typed(second.name)], ['word two\r', 'word one\rthree\r']);
      await page.getByRole('tab', { name: 'logs' }).focus();
      await page.keyboard.press('ArrowLeft');
      const inBar = () => page.evaluate(() => document.activeElement?.getAttribute('role'));
      await page.waitForFunction(() => document.activeElement?.textContent?.includes('build'));
      assert.equal(await inBar(), 'tab');
      await page.keyboard.type('nothing');
      await page.keyboard.press('Enter');
      await page.keyboard.type('four\n');
      await page.waitForFunction(() => window.atrium.terminalText('build').includes('four'));
      assert.equal(first.typed, 'word two\rfour\r');
      await page.locator('.tab', { hasText: 'logs' }).click({ button: 'middle' });
      await page.keyboard.type('five\n');
      await page.waitForFunction(() => window.atrium.terminalText('build').includes('five'));
    },
  'M5: tabs whose shells give them one title are told apart': async () => {
    await room();
    const page = await visit('editor-ada');
    const title = 'atrium-shell@box: ~';
    for (let count = 0; count < 7; count++)
      gateway.session.openTab(title, person('ada'), { workingDirectory: '/home/atrium-shell' });
    await page.waitForFunction(() => window.atrium.tabs().length === 8);
    const shown = await page.locator('.tab__title').allTextContents();
    assert.deepEqual(shown, ['build', ...[2, 3, 4, 5, 6, 7, 8].map((place) => `${place} · ~`)]);
    assert.match(await page.getByRole('tab', { name: '8 · ~' }).getAttribute('title'), /@box: ~/);
    await page.keyboard.press('Alt+8');
    await page.locator('.tab--selected', { hasText: '8 · ~' }).waitFor();
    assert.deepEqual(await faults(page), []);
  },
  'M5: when no tab opens, what was typed for it is not run elsewhere': async () => {
    const terminal = await room();
    const page = await visit('editor-ada');
    gateway.opensAfterMs = 200;
    gateway.refuseTabs = 'There is no room for more tabs.';
    await page.getByRole('button', { name: 'Open a tab', exact: true }).click();
    await page.keyboard.type('rm x\n');
    await page.getByText('There is no room for more tabs.').waitFor();
    await page.keyboard.type('ls\n');
    await page.waitForFunction(() => window.atrium.terminalText('build').includes('ls'));
    assert.equal(terminal.typed, 'ls\r');
    await page.getByRole('button', { name: 'Open a tab', exact: true }).click();
    await page.locator('.composer textarea').click();
    await page.getByText('There is no room for more tabs.').waitFor();
    await page.waitForTimeout(300);
    await page.keyboard.type('hello');
    assert.equal(await page.locator('.composer textarea').inputValue(), 'hello');
  },
  'M7: a tab that was closed just before a reload is closed': async () => {
    await room();
    const page = await visit('editor-ada');
    gateway.session.openTab('other', person('owner'));
    await page.locator('.tab', { hasText: 'other' }).waitFor();
    await page.keyboard.press('Alt+1');
    await page.keyboard.press('Alt+Shift+W');
    await page.getByText('Closed build. Its shell still runs.').waitFor();
    assert.ok(build());
    await page.reload();
    await ready(page);
    assert.equal(build(), undefined);
    assert.equal(await page.locator('.tab', { hasText: 'build' }).count(), 0);
  },
  'P12: an unused tab says when it closes, and is kept by a click': async () => {
    await room();
    const page = await visit('editor-ada');
    const inFour = { seconds: BigInt(Math.floor(Date.now() / 1000) + 235), nanos: 0 };
    gateway.session.updateTab(build().name, { idleExpireTime: inFour });
    await page.locator('.status').getByText('closes in 4 min if unused').waitFor();
    const label = page.locator('.tab', { hasText: 'build' }).locator('[role=tab]');
    assert.match(await label.getAttribute('title'), /closes in 4 min if unused/);
    assert.deepEqual(await faults(page), []);
    await page.getByRole('button', { name: 'Keep open' }).click();
    await page.locator('.status__expiry').waitFor({ state: 'detached' });
    assert.equal(build().idleExpireTime, undefined);
  },
  'M5: tabs show what happened unseen: output, a bell, how a long command ended': async () => {
    await room();
    const tabs = ['one', 'two', 'three', 'four'].map((title) =>
      gateway.session.openTab(title, person('owner')),
    );
    const page = await visit('editor-ada');
    const terminals = tabs.map((one) => gateway.session.terminals.get(one.name));
    const tab = (title) => page.locator('.tab', { hasText: title });
    terminals[0].print('news\r\n');
    terminals[1].print('\x07');
    terminals[2].command('make', 'ok\r\n', 0, 9000);
    terminals[3].command('make', 'no\r\n', 2, 9000);
    await tab('one').getByTitle('Unseen output').waitFor();
    await tab('two').getByTitle('Bell').waitFor();
    await tab('three').getByTitle('exit code 0').waitFor();
    await tab('four').getByTitle('exit code 2').waitFor();
    assert.deepEqual(await faults(page), []);
    for (const digit of [2, 3, 4, 5, 1]) {
      await page.keyboard.press(`Alt+${digit}`);
      await page.waitForFunction(
        (at) => window.atrium.state.selected === window.atrium.tabs()[at].name,
        digit - 1,
      );
    }
    assert.equal(await page.locator('.tab__sign, .tab .dot').count(), 0, 'what was seen is gone');
    terminals[2].command('true', '', 0, 40);
    await tab('three').getByTitle('Unseen output').waitFor();
    assert.equal(await tab('three').getByTitle('exit code 0').count(), 0, 'short ones get no sign');
    gateway.session.propose(build().name, 'make\r');
    await page.waitForFunction(() => document.title === '(1) demo · Atrium');
  },
};
