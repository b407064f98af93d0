// The commands that a shell marks.
import assert from 'node:assert/strict';
import {
  build,
  clipboard,
  faults,
  focus,
  gateway,
  person,
  ready,
  room,
  shows,
  visit,
} from './support.mjs';

const about = (page) => page.locator('.command-bar__about');

export const commandWalks = {
  'N7: commands have signs; one goes to them, copies what they printed, runs them again':
    async () => {
      const terminal = await room();
      const page = await visit('editor-ada');
      await focus(page);
      await page.keyboard.type('echo first\nseq 60\nfalse\n');
      await shows(page, '\n60\n');
      await page.locator('.gutter__sign--bad').waitFor();
      assert.match(
        await page.locator('.gutter__sign--bad').getAttribute('aria-label'),
        /^false: exit 1, 40 ms$/,
      );
      await page.keyboard.press('Alt+Shift+ArrowUp');
      await about(page).getByText('false').waitFor();
      await about(page).getByText('exit 1').waitFor();
      assert.deepEqual(await faults(page), []);
      await page.keyboard.press('Alt+Shift+ArrowUp');
      await about(page).getByText('seq 60').waitFor();
      await page.keyboard.press('Alt+Shift+ArrowUp');
      await about(page).getByText('echo first').waitFor();
      await page.locator('.gutter__bar').waitFor();
      await page.keyboard.press('Alt+Shift+O');
      await clipboard(page, 'first');
      await page.keyboard.press('Alt+Shift+E');
      await shows(page, '$ false\nshop /srv/shop $ echo first\nfirst');
      assert.equal(await page.locator('.command-bar').count(), 0);
      assert.equal(terminal.typed, 'echo first\rseq 60\rfalse\recho first\r');
      await page.locator('.gutter__sign--good').last().click();
      await page.getByRole('button', { name: 'Copy output' }).click();
      await clipboard(page, 'first');
      await page.getByRole('button', { name: 'Previous command' }).click();
      await about(page).getByText('false').waitFor();
      await page.keyboard.press('Escape');
      await page.locator('.command-bar').waitFor({ state: 'detached' });
    },
  'S12: a character that turns a command’s text around is a sign in the timeline': async () => {
    await room();
    const page = await visit('editor-ada');
    const COMMAND = 4;
    gateway.session.entry(COMMAND, [], 'echo a\u202e;fr- mr', { exitCode: 0 });
    await page.locator('.entry__command .control').getByText('U+202E').waitFor();
    assert.equal(await page.locator('.entry__command').textContent(), 'echo aU+202E;fr- mr');
  },
  'N7: a running command has a sign; the server refuses another at its place': async () => {
    const terminal = await room();
    const page = await visit('editor-ada');
    await focus(page);
    await page.keyboard.type('echo one\nwork\n');
    await page.locator('.gutter__sign--running').waitFor();
    await page.keyboard.press('F1');
    await page.keyboard.type('run the command again');
    await page.keyboard.press('Enter');
    await page.getByText('A program runs in this tab').waitFor();
    terminal.finish(0, 3000);
    await page.locator('.gutter__sign--running').waitFor({ state: 'detached' });
  },
  'N7, N2: after a snapshot the signs are back, with the server’s names and times': async () => {
    const terminal = await room();
    terminal.command('make all', 'built\r\n', 2, 83_000);
    terminal.showPrompt();
    gateway.listsWait = true;
    const page = await visit('editor-ada');
    await page.waitForFunction(
      () => document.querySelector('.gutter__sign--bad')?.ariaLabel === 'Command: exit 2',
    );
    gateway.listsWait = false;
    for (const one of gateway.pages) one.catchUp();

    const sign = page.locator('.gutter__sign--bad');
    await page.waitForFunction(() =>
      document.querySelector('.gutter__sign--bad')?.ariaLabel?.includes('1 min 23 s'),
    );
    assert.equal(await sign.getAttribute('aria-label'), 'make all: exit 2, 1 min 23 s');
    for (const reader of terminal.readers) terminal.sendSnapshot(reader);
    await page.waitForFunction(() => window.atrium.counters.skips === 1);
    await sign.waitFor();
    assert.equal(await page.locator('.gutter__sign').count(), 1);
    await focus(page);
    await page.keyboard.type('echo on\n');
    await page.waitForFunction(() =>
      document.querySelector('.gutter__sign--good')?.ariaLabel?.startsWith('echo on: exit 0'),
    );
  },
  'N7: a long command that ends unseen is told of, by the browser only if one wants that':
    async () => {
      await room();
      const logs = gateway.session.openTab('logs', person('owner'));
      const page = await visit('editor-ada', {
        permissions: ['notifications', 'clipboard-read', 'clipboard-write'],
      });
      await page.evaluate(() => {
        globalThis.shown = [];
        class Fake {
          static permission = 'granted';
          static requestPermission = async () => 'granted';
          constructor(title, { body }) {
            globalThis.shown.push(`${title}: ${body}`);
          }
        }
        Object.defineProperty(window, 'Notification', { value: Fake, configurable: true });
      });
      const shell = gateway.session.terminals.get(logs.name);
      shell.command('quick', '', 0, 9000);
      shell.command('make docs', '', 0, 12_000);
      await page.getByText('make docs is done in logs, after 12 s.').waitFor();
      assert.equal(await page.getByText('quick is done').count(), 0);
      assert.deepEqual(await page.evaluate(() => globalThis.shown), []);
      gateway.session.terminals.get(build().name).command('here', '', 0, 60_000);
      await page.keyboard.press('F1');
      await page.keyboard.type('notify me');
      await page.keyboard.press('Enter');
      shell.command('make test', '', 2, 72_000);
      const text = 'make test ended with exit code 2 in logs, after 1 min 12 s.';
      await page.getByText(text).waitFor();
      assert.deepEqual(await page.evaluate(() => globalThis.shown), [`logs: ${text}`]);
      assert.equal(await page.getByText('here is done').count(), 0);
      await page.getByRole('button', { name: 'Show' }).last().click();
      await page.waitForFunction((name) => window.atrium.state.selected === name, logs.name);
      await page.keyboard.press('Alt+1');
      gateway.refuseTickets = 503;
      gateway.dropAll();
      shell.command('sleep 30', '', 0, 30_000);
      gateway.refuseTickets = 0;
      await page.getByText('sleep 30 is done in logs, after 30 s.').waitFor();
      await page.reload();
      await ready(page);
      assert.equal(await page.locator('.notice', { hasText: 'logs' }).count(), 0);
    },
};
