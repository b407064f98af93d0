// Typing over a slow link.
import assert from 'node:assert/strict';
import { focus, gateway, room, shows, visit } from './support.mjs';

/** Each way: longer than a few keys take, on a busy machine too. */
const DELAY_MS = 400;

/** Lets a page measure its link until it takes so long. */
const measured = (page, least, most) =>
  page.waitForFunction(
    ([least, most]) => {
      dispatchEvent(new Event('online'));
      const { roundTripMs } = window.atrium.state;
      return roundTripMs >= least && roundTripMs <= most;
    },
    [least, most],
    { polling: 50 },
  );

/** A page behind a link that takes a while, which it knows. */
async function slowPage() {
  const terminal = await room();
  const page = await visit('editor-ada');
  gateway.delayMs = DELAY_MS;
  await measured(page, 2 * DELAY_MS, 2000);
  await focus(page);
  return [page, terminal];
}

const predicted = (page) =>
  page.evaluate(() => {
    const all = [...document.querySelectorAll('.predicted')].filter((one) => !one.hidden);
    return all.map((one) => one.textContent).join('');
  });
const drawn = (page) => page.evaluate(() => window.atrium.terminalText('build'));
const settled = (page) => page.waitForFunction(() => window.atrium.pendingInput('build') === 0);

export const echoWalks = {
  'N12: on a slow link keys show before their echo, and the screen is the server’s alone':
    async () => {
      const [page, terminal] = await slowPage();
      await page.keyboard.type('e');
      assert.equal(await predicted(page), '', 'nothing is guessed in a line that was not echoed');
      await shows(page, '$ e');
      await page.keyboard.type('cho hi');
      assert.equal(await predicted(page), 'cho hi');
      assert.ok(!(await drawn(page)).includes('cho'), 'nothing of it is in the screen');
      const over = await page.locator('.predicted').boundingBox();
      const cell = await page.evaluate(() => {
        const screen = document.querySelector('.xterm-screen').getBoundingClientRect();
        return { width: screen.width / 100, x: screen.x, y: screen.y };
      });
      assert.ok(Math.abs(over.x - cell.x - cell.width * '$ e'.length - cell.width * 15) < 2);
      assert.ok(Math.abs(over.y - cell.y) < 2);
      await shows(page, 'echo hi');
      assert.equal(await predicted(page), '', 'the echo takes its place');
      await page.keyboard.type('x');
      await page.keyboard.press('Backspace');
      await page.keyboard.press('Enter');
      await shows(page, '\nhi');
      await settled(page);
      assert.equal(terminal.typed, 'echo hix\x7f\r');
      assert.equal(await predicted(page), '');
    },
  'N12, S14: what is not echoed is never shown, and neither is anything in a full screen':
    async () => {
      const [page, terminal] = await slowPage();
      const seen = [];
      const typeAndLook = async (text) => {
        for (const key of text) {
          await page.keyboard.type(key);
          seen.push(await predicted(page));
        }
        await settled(page);
      };
      await page.keyboard.type('l');
      await shows(page, '$ l');
      terminal.print('\r\nPassword: ');
      await shows(page, 'Password:');
      terminal.echoes = false;
      await typeAndLook('secret');
      terminal.echoes = true;
      terminal.print('\x1b[?1049h\x1b[2J\x1b[Hvim ');
      await shows(page, 'vim');
      await typeAndLook('insert');
      assert.deepEqual(seen.join(''), '');
    },
  'N12: it is not there on fast links, nor for who does not want it': async () => {
    await room();
    const fast = await visit('editor-ada');
    await measured(fast, 0.001, 20);
    await focus(fast);
    await fast.keyboard.type('l');
    await shows(fast, '$ l');
    gateway.delayMs = DELAY_MS;
    await fast.keyboard.type('s');
    assert.equal(await predicted(fast), '', 'as far as this page knows the link is fast');
    const [page] = await slowPage();
    await page.keyboard.press('F1');
    await page.keyboard.type('wait for the echo');
    await page.keyboard.press('Enter');
    await page.keyboard.type('l');
    await shows(page, '$ l');
    await page.keyboard.type('s');
    assert.equal(await predicted(page), '');
    await shows(page, '$ ls');
  },
};
