// R31: a thousand who type at once in one tab.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedOrder, wrongOf } from './history.mjs';
import { house } from './house.mjs';
import { Page } from './socket.mjs';
import { until } from './stack.mjs';

const { person, makeTab } = await house();

// As many pages as one person may have, and so many people.
const PAGES = 20, PEOPLE = 50, LINES = 3;

// Lines of many lengths, so that characters of two to four bytes lie on every border at
// which a terminal that is full takes a part of a line.
const lineOf = (writer, line) => `<${writer}:${line}:${'é€𝄞你'.repeat(1 + ((writer * 7 + line * 3) % 12))}>`;

test('R31: a thousand type at once in one tab: one order, the same for all, which agrees with the clock, no character torn', { timeout: 180_000 }, async (t) => {
  const tab = await makeTab('bash', '-c', 'stty -echo; echo ready; exec cat');
  const shared = new SharedOrder(), differ = [], pages = [], ops = [];
  for (let i = 0; i < PEOPLE; i += 1) {
    const who = await person();
    pages.push(...await Promise.all(Array.from({ length: PAGES }, async () => {
      const page = await new Page(who).open();
      page.offsets.set(tab, 0);
      page.subscribe(tab, (offset, bytes) => {
        const at = shared.at(offset, bytes);
        if (at >= 0) differ.push(at);
      });
      page.typed = [];
      page.onConfirmed = (_tab, upTo) => {
        const now = performance.now();
        for (let i = upTo - 1; i >= 0 && page.typed[i].confirmed === Infinity; i -= 1) page.typed[i].confirmed = now;
      };
      return page;
    })));
  }
  await until('all look', () => pages.every((page) => page.offsets.get(tab) > 0), 60_000);
  const began = performance.now();
  for (let line = 0; line < LINES; line += 1) {
    // The next begins when the first of this line is confirmed, and the last are under way.
    const from = ops.length;
    for (const [writer, page] of pages.entries()) {
      const op = { text: lineOf(writer, line), writer, sent: performance.now(), confirmed: Infinity };
      ops.push(op);
      page.typed.push(op);
      page.type(tab, `${op.text}\r`);
      if (writer % 20 === 19) await new Promise((done) => setImmediate(done));
    }
    await until('the first is confirmed', () => ops.slice(from).some((op) => op.confirmed < Infinity), 30_000);
  }
  const bytes = Buffer.byteLength('ready\r\n') + ops.reduce((sum, op) => sum + Buffer.byteLength(op.text) + 2, 0);
  await until('all have all', () => pages.every((page) => page.offsets.get(tab) >= bytes), 120_000);
  await until('all is confirmed', () => pages.every((page) => page.pending.length === 0), 30_000);
  const seconds = (performance.now() - began) / 1000;
  const first = Math.min(...ops.map((op) => op.confirmed)), overtaken = ops.filter((op) => first < op.sent).length;
  t.diagnostic(`${pages.length} typists, ${ops.length} lines in ${seconds.toFixed(1)} s, ${(ops.length / seconds).toFixed(0)} a second; ${overtaken} sent after another was confirmed`);
  assert.deepEqual(differ, [], 'all see the same bytes');
  assert.equal(shared.end, bytes);
  assert.equal(wrongOf(ops, shared.lines().slice(1)), '');
  assert.ok(overtaken > ops.length / LINES, 'the clock has something to say about them');
  assert.ok(pages.every((page) => page.opened === 1 && page.screens === 0));
  pages.forEach((page) => page.close());
});
