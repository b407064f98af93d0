// The tab bar.
import assert from 'node:assert/strict';
import { build, faults, focus, gateway, person, ready, room, visit } from './support.mjs';

const titles = (page, wanted) =>
  page.waitForFunction(
    (wanted) =>
      window.atrium
        .tabs()
        .map((one) => one.title)
        .join() === wanted,
    wanted,
  );

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
};
