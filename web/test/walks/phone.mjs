// The page on a phone.
import assert from 'node:assert/strict';
import {
  build,
  faults,
  focus,
  gateway,
  person,
  ready,
  room,
  shows,
  state,
  visit,
} from './support.mjs';

const PHONE = {
  viewport: { width: 390, height: 844 },
  hasTouch: true,
  isMobile: true,
  permissions: ['microphone', 'clipboard-read', 'clipboard-write'],
};
const LEAST_PX = 44;

/** What can be touched and is too small for that; signs in the text are as high as it. */
const tooSmall = (page) =>
  page.evaluate((least) => {
    const all = document.querySelectorAll(
      'button, a[href], select, textarea, summary, input:not([type=checkbox], [type=radio])',
    );
    return [...all].flatMap((one) => {
      const { width, height, top } = one.getBoundingClientRect();
      const hidden = !one.checkVisibility({ visibilityProperty: true }) || width === 0;
      if (hidden || top > innerHeight || one.matches('.sr-only, .xterm *, .gutter__sign'))
        return [];
      const fits = width > least - 0.5 && height > least - 0.5;
      return fits ? [] : [`${one.className} ${one.textContent.trim()} ${width}x${height}`];
    });
  }, LEAST_PX);

/** Two fingers on the terminal, so far apart first and then. */
const pinch = (page, from, to) =>
  page.evaluate(
    ([from, to]) => {
      const box = document.querySelector('.stage__box');
      const touches = (apart) =>
        [0, 1].map(
          (identifier) =>
            new Touch({ identifier, target: box, clientX: 100 + identifier * apart, clientY: 300 }),
        );
      const send = (type, all) =>
        box.dispatchEvent(new TouchEvent(type, { touches: all, bubbles: true, cancelable: true }));
      send('touchstart', touches(from));
      send('touchmove', touches((from + to) / 2));
      send('touchmove', touches(to));
      send('touchend', []);
    },
    [from, to],
  );

export const phoneWalks = {
  'X7, M9: nothing on a phone is smaller than a finger': async () => {
    await room();
    gateway.session.openTab('logs', person('owner'));
    gateway.session.entry(4, ['agent'], 'make', { tab: build().name, exitCode: 0 });
    const page = await visit('owner-pat', PHONE);
    await page.getByRole('button', { name: 'People' }).tap();
    await page.getByLabel('Your name').fill('Pat');
    await page.keyboard.press('Enter');
    assert.deepEqual(await tooSmall(page), []);
    await page.getByRole('button', { name: 'Invite' }).tap();
    await page.getByRole('button', { name: 'Make a link' }).tap();
    await page.getByRole('button', { name: 'Revoke' }).waitFor();
    assert.deepEqual(await tooSmall(page), []);
    await page.keyboard.press('Escape');
    gateway.session.propose(build().name, 'make\r');
    await page.getByText('An approval is asked for.').waitFor();
    assert.deepEqual(await tooSmall(page), []);
    await page.getByRole('button', { name: /Timeline/ }).tap();
    await page.locator('.approval--pending').waitFor();
    assert.deepEqual(await tooSmall(page), []);
    await page.getByRole('button', { name: 'Start live audio' }).tap();
    await page.getByRole('button', { name: 'Go live', disabled: false }).waitFor();
    assert.deepEqual(await tooSmall(page), []);
    await page.getByRole('button', { name: 'Go live' }).tap();
    await page.getByRole('button', { name: 'More of the call' }).tap();
    assert.deepEqual(await tooSmall(page), []);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Hang up' }).tap();
    await page.getByRole('button', { name: 'Settings', exact: true }).tap();
    assert.deepEqual(await tooSmall(page), []);
    await page.getByRole('menuitem', { name: 'Settings of this session' }).tap();
    assert.deepEqual(await tooSmall(page), []);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Terminal', exact: true }).tap();
    assert.deepEqual(await tooSmall(page), []);
  },
  'M9, L1: whoever looks at the terminal sees that a call is on, and joins it': async () => {
    await room();
    const page = await visit('editor-pat', PHONE);
    await page.evaluate(() =>
      localStorage.setItem('atrium.settings', JSON.stringify({ name: 'Pat', checked: true })),
    );
    await page.reload();
    await ready(page);
    const join = page.getByRole('button', { name: /^Join the call/ });
    assert.equal(await join.count(), 0);
    gateway.session.participant('owner', { live: true });
    gateway.session.participant('ben', { displayName: 'Ben', live: true });
    await page.getByRole('button', { name: 'Join the call of Olga and Ben' }).waitFor();
    assert.deepEqual(await tooSmall(page), []);
    assert.deepEqual(await faults(page), []);
    await join.tap();
    await page.getByRole('button', { name: 'Hang up' }).waitFor();
    assert.equal(await join.count(), 0);
    await page.getByRole('button', { name: 'Hang up' }).tap();
    await join.waitFor();
    await page.setViewportSize({ width: 1200, height: 800 });
    assert.equal(await join.count(), 0, 'the composer is in sight there');
  },
  'M9: a phone has the keys that its keyboard lacks, while that is up': async () => {
    const terminal = await room();
    const page = await visit('editor-pat', PHONE);
    const keys = page.getByRole('toolbar', { name: 'Keys' });
    assert.equal(await keys.isVisible(), false);
    await focus(page);
    await keys.waitFor();
    assert.deepEqual(await tooSmall(page), []);
    assert.deepEqual(await faults(page), []);
    const typed = async (names, text) => {
      terminal.typed = '';
      for (const name of names) await keys.getByRole('button', { name, exact: true }).tap();
      await page.waitForFunction(() => window.atrium.pendingInput('build') === 0);
      assert.equal(terminal.typed, text);
    };
    await typed(['Esc', 'Tab', '|', '/', '~'], '\x1b\t|/~');
    await typed(['Left', 'Up', 'Down', 'Right'], '\x1b[D\x1b[A\x1b[B\x1b[C');
    await typed(['Alt', '/'], '\x1b/');
    await keys.getByRole('button', { name: 'Ctrl' }).tap();
    terminal.typed = '';
    await page.keyboard.insertText('c');
    await page.waitForFunction(() => window.atrium.pendingInput('build') === 0);
    assert.equal(terminal.typed, '\x03');
    await page.evaluate(() => navigator.clipboard.writeText('echo pasted'));
    await keys.getByRole('button', { name: 'Paste' }).tap();
    await shows(page, 'echo pasted');
    const focused = await page.evaluate(() => !!document.activeElement?.closest('.xterm'));
    assert.ok(focused, 'the keyboard stays');
  },
  'M9, N8: who drives is seen while the keys are up': async () => {
    await room();
    const page = await visit('editor-pat', PHONE);
    gateway.session.participant('ben', { displayName: 'Ben' });
    const keys = page.getByRole('toolbar', { name: 'Keys' });
    const status = page.locator('.status');
    await focus(page);
    await keys.waitFor();
    assert.equal(await status.isVisible(), false, 'nobody drives: the room is the terminal’s');
    for (const driver of ['ben', 'pat']) {
      gateway.session.updateTab(build().name, { driver: person(driver) });
      await status.getByText(driver === 'ben' ? 'Ben is driving' : 'You are driving').waitFor();
      await keys.waitFor();
      const [above, below] = [await status.boundingBox(), await keys.boundingBox()];
      assert.ok(above.y + above.height <= below.y + 1, 'both are whole');
      assert.deepEqual(await tooSmall(page), []);
      assert.deepEqual(await faults(page), []);
    }
    await status.getByRole('button', { name: 'Release' }).tap();
    await status.waitFor({ state: 'hidden' });
    await keys.waitFor();
  },
  'M9, N8: two fingers change the text, and the program’s size only where this phone owns it':
    async () => {
      await room();
      const page = await visit('editor-pat', PHONE);
      const width = () => page.evaluate(() => document.querySelector('.xterm-screen').clientWidth);
      const before = await width();
      await pinch(page, 100, 200);
      await page.waitForFunction(
        (before) => document.querySelector('.xterm-screen').clientWidth > before * 1.6,
        before,
      );
      assert.deepEqual([(await state(page)).columns, (await state(page)).rows], [100, 30]);
      await page.getByRole('button', { name: 'Take control' }).tap();
      await page.waitForFunction(() => window.atrium.terminalState('build').columns < 100);
      const { columns } = await state(page);
      await pinch(page, 200, 100);
      await page.waitForFunction(
        (columns) => window.atrium.terminalState('build').columns > columns,
        columns,
      );
    },
};
