// Who drives, and whose window decides the size.
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

const SMALLEST = 2;
const text = (page, what) => page.locator('.driving').getByText(what).waitFor();
const columns = (page, count) =>
  page.waitForFunction((count) => window.atrium.terminalState('build').columns === count, count);

export const drivingWalks = {
  'N8: the keyboard is taken, asked for, kept, given and released by keys alone': async () => {
    const terminal = await room();
    const [ada, ben] = [await visit('editor-ada'), await visit('editor-ben')];
    for (const page of [ada, ben]) await focus(page);
    await ada.keyboard.press('Alt+Shift+C');
    await text(ada, 'You are driving');
    await text(ben, 'ada is driving');
    await ben.keyboard.type('lost?');
    await ben.getByText('ada is driving; your keys were not sent').waitFor();
    await ben.keyboard.press('Alt+Shift+K');
    await text(ben, 'Asked…');
    const card = ada.locator('.asking__card');
    await card.getByText('ben asks for control').waitFor();
    assert.deepEqual(await faults(ada), []);
    await ada.keyboard.press('Alt+Shift+J');
    await card.waitFor({ state: 'detached' });
    await ben.getByText('ada keeps the keyboard of build for now.').waitFor();
    await ben.locator('.driving').getByRole('button', { name: 'Ask for control' }).click();
    await card.waitFor();
    await ada.keyboard.press('Alt+Shift+Y');
    await text(ben, 'You are driving');
    await ben.getByText('You drive build now.').waitFor();
    await focus(ben);
    await ben.keyboard.type('echo mine\n');
    await shows(ada, '\nmine');
    await ada.keyboard.type('no');
    await ada.getByText('ben is driving; your keys were not sent').waitFor();
    await ben.keyboard.press('Alt+Shift+L');
    await ada.locator('.driving__text').waitFor({ state: 'detached' });
    await ada.keyboard.type('echo all\n');
    await shows(ben, '\nall');
    assert.equal(terminal.typed, 'echo mine\recho all\r');
    assert.equal(gateway.strayInputs, 0);
  },
  'N8: keys that crossed somebody’s taking the keyboard are told of once': async () => {
    const terminal = await room();
    const ada = await visit('editor-ada');
    gateway.session.participant('ben', { displayName: 'Ben' });
    await focus(ada);
    build().driver = person('ben');
    await ada.keyboard.type('lost');
    await ada.waitForFunction(() => window.atrium.pendingInput('build') === 0);
    gateway.session.updateTab(build().name, { driver: person('ben') });
    await ada.getByText('Ben is driving; your keys were not sent').waitFor();
    assert.equal(gateway.strayInputs, 4);
    assert.equal(await ada.locator('.notice').count(), 0);
    assert.equal(await ada.locator('.view-only').count(), 1);
    assert.equal(terminal.typed, '');
  },
  'N8: an owner takes the keyboard from whoever holds it; an editor cannot': async () => {
    await room();
    const [ada, boss] = [await visit('editor-ada'), await visit('owner-boss')];
    gateway.session.participant('cy', { displayName: 'Cy' });
    gateway.session.updateTab(build().name, { driver: person('cy'), sizeOwner: person('cy') });
    await text(ada, 'Cy is driving');
    assert.equal(await ada.getByRole('button', { name: 'Take control' }).count(), 0);
    await ada.keyboard.press('F1');
    await ada.keyboard.type('control');
    await ada.getByRole('option', { name: /Ask Cy for control/ }).waitFor();
    assert.equal(await ada.getByRole('option', { name: /Take control/ }).count(), 0);
    await ada.keyboard.press('Escape');
    await boss.locator('.driving').getByRole('button', { name: 'Take control' }).click();
    await text(boss, 'You are driving');
    await boss.locator('[data-participant$="/ada"]').hover();
    await boss.getByRole('button', { name: 'Give control to ada' }).click();
    await text(ada, 'You are driving');
    await boss.locator('.driving').getByRole('button', { name: 'Take control' }).click();
    await ada.getByText('boss drives build now.').waitFor();
    gateway.session.updateTab(build().name, { driver: '' });
    await boss.getByText('Everybody may type in build now.').waitFor();
    assert.equal(await boss.getByText('ada drives build now.').count(), 0);
  },
  'N8, N1: who drives shows at the tab and on the person; who asks is named anywhere': async () => {
    await room();
    const ada = await visit('editor-ada');
    const ben = await visit('editor-ben');
    await focus(ada);
    await ada.keyboard.press('Alt+Shift+C');
    await ben.locator('[data-participant$="/ada"]').getByText('driving').waitFor();
    const tab = ben.locator('.tab', { hasText: 'build' });
    await tab.locator('.tab__mark--driving').waitFor({ state: 'attached' });
    assert.match(await tab.locator('[role=tab]').getAttribute('title'), /ada is driving/);
    gateway.session.openTab('other', person('owner'));
    await ada.locator('.tab', { hasText: 'other' }).waitFor();
    await ada.keyboard.press('Alt+2');
    await ben.locator('.driving').getByRole('button', { name: 'Ask for control' }).click();
    await ada.getByText('ben asks for control of build').waitFor();
    await ben.locator('[data-participant$="/ben"]').getByText('asks for control').waitFor();
    await ada.getByRole('button', { name: /^Give/ }).first().click();
    await text(ben, 'You are driving');
  },
  'N8, S11: a paste is held back as keys are': async () => {
    const terminal = await room();
    const ada = await visit('editor-ada');
    await ada.evaluate(() => navigator.clipboard.writeText('one\ntwo\n'));
    await focus(ada);
    await ada.keyboard.press('Control+Shift+V');
    await ada.getByText('Paste 2 lines into build?').waitFor();
    gateway.session.participant('cy', { displayName: 'Cy' });
    gateway.session.updateTab(build().name, { driver: person('cy') });
    await text(ada, 'Cy is driving');
    await ada.getByRole('button', { name: 'Paste', exact: true }).click();
    await ada.getByText('Cy is driving; your keys were not sent').waitFor();
    assert.equal(terminal.typed, '');
  },
  'N8, N4: keys that were under way when the keyboard changed hands are never typed late':
    async () => {
      const terminal = await room();
      const ada = await visit('editor-ada');
      gateway.session.participant('cy', { displayName: 'Cy' });
      await focus(ada);
      await ada.keyboard.type('a');
      await shows(ada, '$ a');
      const { name } = build();
      const tell = gateway.session.onChange;
      gateway.session.onChange = () => {};
      gateway.session.revision--;
      gateway.session.updateTab(name, { driver: person('cy') });
      gateway.delayMs = 200;
      await ada.keyboard.type('rm');
      await ada.waitForFunction(() => window.atrium.pendingInput('build') === 2);
      gateway.session.onChange = tell;
      gateway.session.updateTab(name, { driver: person('cy') });
      await text(ada, 'Cy is driving');
      assert.equal(await ada.evaluate(() => window.atrium.pendingInput('build')), 0);
      gateway.session.updateTab(name, { driver: '' });
      await ada.locator('.driving__text').waitFor({ state: 'detached' });
      await ada.keyboard.type('b');
      await shows(ada, '$ ab');
      assert.equal(terminal.typed, 'ab');
      assert.equal(gateway.strayInputs, 2);
    },
  'N8: an observer scales, or scrolls, and the choice is remembered': async () => {
    await room();
    gateway.session.updateTab(build().name, { size: { columns: 260, rows: 90 } });
    gateway.session.terminals.get(build().name).resize(build().size);
    const page = await visit('editor-ada');
    const box = () =>
      page.locator('.stage__box').evaluate((one) => [one.scrollWidth, one.clientWidth]);
    const overflows = (wanted) =>
      page.waitForFunction((wanted) => {
        const one = document.querySelector('.stage__box');
        const screen = one.querySelector('.xterm-screen');
        return screen && screen.offsetWidth > one.clientWidth === wanted;
      }, wanted);
    await overflows(false);
    await focus(page);
    await page.keyboard.press('Alt+Shift+S');
    await overflows(true);
    await page.locator('.stage__box--scroll').waitFor();
    const [scrolls, fits] = await box();
    assert.ok(scrolls > fits, 'there is something to scroll to');
    await page.reload();
    await ready(page);
    await overflows(true);
    await page.getByRole('button', { name: 'Scale to fit' }).click();
    await overflows(false);
  },
  'N8: whoever takes control has the size, each time; whoever leaves a tab does not count':
    async () => {
      await room();
      const ben = await visit('editor-ben', { viewport: { width: 1400, height: 900 } });
      const boss = await visit('owner-boss', { viewport: { width: 1000, height: 600 } });
      const take = async (page) => {
        await focus(page);
        await page.keyboard.press('Alt+Shift+C');
        await text(page, 'You are driving');
      };
      await take(ben);
      await ben.waitForFunction(() => window.atrium.terminalState('build').columns > 110);
      const wide = (await state(ben)).columns;
      await take(boss);
      await ben.waitForFunction(() => window.atrium.terminalState('build').columns < 100);
      const narrow = (await state(boss)).columns;
      await boss.locator('[data-participant$="/ben"]').hover();
      await boss.getByRole('button', { name: 'Give control to ben' }).click();
      await columns(boss, wide);
      await take(boss);
      await columns(ben, narrow);
      gateway.session.updateTab(build().name, { driver: '', sizeOwner: person('ben') });
      await columns(boss, wide);
      gateway.session.updateTab(build().name, { sizePolicy: SMALLEST });
      await columns(ben, narrow);
      gateway.session.openTab('other', person('owner'));
      await boss.locator('.tab', { hasText: 'other' }).waitFor();
      await boss.keyboard.press('Alt+2');
      await columns(ben, wide);
      await boss.keyboard.press('Alt+1');
      await columns(ben, narrow);
    },
  'N8: the smallest window decides, or nobody does, if that was chosen': async () => {
    await room();
    const wide = await visit('editor-ada', { viewport: { width: 1400, height: 900 } });
    const small = await visit('editor-ben', { viewport: { width: 1000, height: 600 } });
    await wide.locator('.tab', { hasText: 'build' }).click({ button: 'right' });
    await wide.getByRole('menuitem', { name: 'Size…' }).click();
    assert.deepEqual(await faults(wide), []);
    await wide.getByLabel('The smallest window').check();
    await wide.getByRole('button', { name: 'Set', exact: true }).click();
    await small.getByText('Smallest window’s size').waitFor();
    await small.waitForFunction(() => window.atrium.terminalState('build').columns < 100);
    const narrow = (await state(small)).columns;
    await columns(wide, narrow);
    await small.setViewportSize({ width: 900, height: 600 });
    await wide.waitForFunction(
      (narrow) => window.atrium.terminalState('build').columns < narrow,
      narrow,
    );
    await wide.getByRole('button', { name: /Smallest window’s size/ }).click();
    await wide.getByLabel('A fixed size').check();
    await wide.getByLabel('Columns').fill('72');
    await wide.getByLabel('Rows').fill('20');
    await wide.keyboard.press('Enter');
    await columns(small, 72);
    await small.setViewportSize({ width: 1300, height: 800 });
    await small.getByText('Fixed size 72x20').waitFor();
    await focus(small);
    await small.keyboard.press('Alt+Shift+C');
    await text(small, 'You are driving');
    await small.getByText('Fixed size 72x20').waitFor();
    await columns(small, 72);
  },
};
