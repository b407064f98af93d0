// What a page draws while much is printed.
import assert from 'node:assert/strict';
import { room, shows, visit } from './support.mjs';

const lines = (first, count) =>
  Array.from({ length: count }, (_, i) => `line ${first + i}\r\n`).join('');

/** The rows that people see, as the page draws them. */
const drawn = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll('.terminal-host:not([hidden]) .xterm-rows > div')]
      .map((row) => row.textContent.trimEnd())
      .filter((row) => row !== ''),
  );
const drawsLast = (page, text) =>
  page.waitForFunction((text) => {
    const rows = [...document.querySelectorAll('.xterm-rows > div')].map((row) => row.textContent);
    return rows.findLast((row) => row.trim() !== '')?.trimEnd() === text;
  }, text);

export const drawingWalks = {
  'N3: in a flood a person reads what scrolled away, and comes back to its end': async () => {
    const terminal = await room();
    const page = await visit('editor-ada');
    terminal.print(`\r\n${lines(1, 3000)}`);
    await drawsLast(page, 'line 3000');
    const box = await page.locator('.xterm-screen').boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    let printed = 3000;
    const flood = setInterval(() => {
      terminal.print(lines(printed + 1, 20));
      printed += 20;
    }, 20);
    try {
      await page.mouse.wheel(0, -400);
      await page.waitForFunction(
        () => {
          const row = document.querySelector('.xterm-rows > div').textContent.trimEnd();
          const same = row !== '' && row === window.rowBefore;
          window.rowBefore = row;
          return same;
        },
        undefined,
        { polling: 200 },
      );
      const before = await drawn(page);
      const seen = printed;
      await page.waitForFunction(
        (end) => window.atrium.terminalText('build').includes(`line ${end}\n`),
        seen + 500,
      );
      assert.deepEqual(await drawn(page), before, 'what is read stays where it is');
      await page.keyboard.type('x');
      await page.waitForFunction((end) => {
        const rows = [...document.querySelectorAll('.xterm-rows > div')].map(
          (row) => row.textContent,
        );
        const last = rows.findLast((row) => row.trim() !== '') ?? '';
        return Number(last.match(/\d+/)?.[0]) > end;
      }, printed + 500);
    } finally {
      clearInterval(flood);
    }
    await drawsLast(page, `line ${printed}`);
  },
  'N2, M4: a snapshot is drawn when all of it is there, over what was there before': async () => {
    const terminal = await room();
    const page = await visit('editor-ada');
    terminal.print(`\r\n${lines(1, 3000)}the end`);
    await drawsLast(page, 'the end');
    await page.evaluate(() => {
      window.lasts = new Set();
      const look = () => {
        const rows = [...document.querySelectorAll('.xterm-rows > div')].map(
          (row) => row.textContent,
        );
        window.lasts.add(rows.findLast((row) => row.trim() !== '')?.trimEnd() ?? '');
        requestAnimationFrame(look);
      };
      look();
    });
    const { skips } = await page.evaluate(() => window.atrium.counters);
    for (const reader of terminal.readers) terminal.sendSnapshot(reader);
    await page.waitForFunction((before) => window.atrium.counters.skips > before, skips);
    terminal.print(', and after');
    await shows(page, 'the end, and after');
    await page.waitForFunction(() => window.lasts.has('the end, and after'));
    assert.deepEqual(await page.evaluate(() => [...window.lasts]), [
      'the end',
      'the end, and after',
    ]);
  },
};
