// R15, R16: a slow line, one that loses packets, stands still, or is cut.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, openTab, ready, shows, tabs, type, visit } from './browser.mjs';
import { Line } from './line.mjs';
import { Renderer } from './renderer.mjs';
import { connect, inviteLink } from './services.mjs';
import { enter, Page } from './socket.mjs';
import { Stack, until } from './stack.mjs';

let stack, line, api, who, direct, browser, page;
before(async () => {
  line = await new Line().open();
  stack = await new Stack({ gatewayFlags: [`--allow_origin=${line.origin}`] }).start();
  line.port = stack.port;
  api = await connect(stack);
  who = await enter(stack, await inviteLink(stack, api, 'EDITOR'));
  direct = await new Page(who).open();
});
after(async () => {
  await browser?.close();
  direct?.close();
  api?.close();
  await stack?.stop();
  line?.close();
});

const makeTab = async (...command) => (await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command } })).name;
const percentile = (times, share) => times.toSorted((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * share))];

let turn = 0;
// Types a mark until it is in what `seen` holds, in ms.
async function echo(from, tab, seen) {
  const mark = `mark-${(turn += 1)}-`;
  const began = performance.now();
  from.type(tab, `${mark}\r`);
  await until(`the echo of ${mark}`, () => seen().includes(mark), 30_000);
  return performance.now() - began;
}

test('R15: 200 ms of delay, losses and two seconds of stillness: the echo is prompt, nothing queues up, screens are equal', { timeout: 120_000 }, async (t) => {
  const RTT = 200;
  // While it floods, the kernel still echoes what is typed.
  const tab = await makeTab('bash', '-c', 'while read -r word; do [ "$word" != flood ] || { timeout 3 seq 1 1000000000; echo; echo flood-over; }; done');
  const far = await new Page(await enter({ origin: line.origin }, (await inviteLink(stack, api, 'EDITOR')).replace(stack.origin, line.origin))).open();
  const near = new Renderer(direct, tab), distant = new Renderer(far, tab);
  const seen = () => distant.text();
  await echo(far, tab, seen);
  Object.assign(line, { delayMs: RTT / 2, lossEvery: 40, lossMs: RTT });
  const times = [];
  for (let i = 0; i < 60; i += 1) times.push(await echo(far, tab, seen));
  const p50 = percentile(times, 0.5), p90 = percentile(times, 0.9);
  t.diagnostic(`echo at ${RTT} ms, each 40th piece lost: p50 ${p50.toFixed(0)}, p90 ${p90.toFixed(0)}, worst ${percentile(times, 1).toFixed(0)} ms (aim: p90 <= ${RTT + 30})`);
  assert.ok(p50 >= RTT, 'the line is slow');
  assert.ok(p90 <= RTT + 300, `${p90} ms`);

  const skips = far.screens;
  far.type(tab, 'flood\r');
  await until('it floods', () => direct.offsets.get(tab) > 2 ** 20, 30_000);
  line.stall();
  await new Promise((done) => setTimeout(done, 2000));
  const newest = direct.offsets.get(tab), began = performance.now();
  line.resume();
  await until('it has caught up', () => far.offsets.get(tab) >= newest, 30_000);
  const caught = performance.now() - began;
  await until('the flood is over', () => near.text().includes('flood-over'), 30_000);
  const after = await echo(far, tab, seen);
  t.diagnostic(`after 2 s of stillness in a flood: newest output after ${caught.toFixed(0)} ms, with ${far.screens - skips} snapshots; echo ${after.toFixed(0)} ms`);
  assert.ok(caught < 5000 && after < 2000, `${caught}, ${after} ms`);
  await until('both have all', () => far.offsets.get(tab) === direct.offsets.get(tab));
  assert.equal(distant.state(), near.state(), 'equal in every cell');
  Object.assign(line, { delayMs: 0, lossEvery: 0 });
  far.close();
});

// Cuts the page's line, runs `meanwhile`, heals it, and says how long the page then
// took: from when it asks for a ticket, and from when its computer says it is online.
async function partition(tab, meanwhile, text) {
  const joins = await page.evaluate(() => window.atrium.counters.joins);
  line.cut();
  await meanwhile();
  line.heal();
  const healed = performance.now();
  await page.evaluate(() => dispatchEvent(new Event('online')));
  await until('it asks for a ticket', () => line.asked > healed, 30_000);
  const connected = line.asked;
  await shows(page, tab, text, 30_000);
  const done = performance.now();
  assert.equal(await page.evaluate(() => window.atrium.counters.joins), joins + 1);
  assert.equal(await page.evaluate(() => window.sameDocument), true, 'no reload');
  const told = `${(done - connected).toFixed(0)} ms after it asked for its new ticket, ${(done - healed).toFixed(0)} ms after it was told`;
  return { told, ms: done - connected };
}

// Ten thousand coloured lines, and then, when told, eight seconds of more than the line takes.
const WRITER = `
import sys, time
for i in range(10000): sys.stdout.write('\\x1b[3%dmearlier %05d %s\\r\\n' % (i % 8, i, 'e' * 70))
sys.stdout.write('ready\\r\\n'); sys.stdout.flush(); sys.stdin.readline()
end = time.time() + 8
n = 0
while time.time() < end:
    for _ in range(200):
        n += 1
        sys.stdout.write('\\x1b[3%dmline %08d %s\\r\\n' % (n % 8, n, 'x' * 70))
    sys.stdout.flush(); time.sleep(0.01)
sys.stdout.write('flood-over\\r\\n'); sys.stdout.flush(); sys.stdin.readline()
`;

test('R18, N3: on a slow line the newest screen is seen while a program writes on, and all of it afterwards', { timeout: 120_000 }, async (t) => {
  Object.assign(line, { delayMs: 20, lossEvery: 0, bytesPerSecond: 250_000 });
  const tab = await makeTab('python3', '-c', WRITER);
  const near = new Renderer(direct, tab);
  await until('it has written', () => near.text().includes('ready'), 30_000);
  const far = await new Page(await enter({ origin: line.origin }, (await inviteLink(stack, api, 'EDITOR')).replace(stack.origin, line.origin))).open();
  const distant = new Renderer(far, tab);
  await until('all of it has come', () => distant.text().includes('ready'), 60_000);
  const newest = (screen) => Number([...screen.text().matchAll(/line (\d{8})/g)].at(-1)?.[1] ?? 0);
  const began = performance.now(), shown = [];
  const age = [];
  direct.type(tab, '\r');
  while (!near.text().includes('flood-over')) {
    await new Promise((done) => setTimeout(done, 50));
    const now = performance.now();
    shown.push({ now, line: newest(near) });
    const seen = newest(distant);
    // When what is seen there was written.
    if (now - began > 4000) age.push(now - (shown.find((one) => one.line >= seen)?.now ?? now));
  }
  t.diagnostic(`the far screen is p50 ${percentile(age, 0.5).toFixed(0)}, p90 ${percentile(age, 0.9).toFixed(0)} ms old while ${(direct.offsets.get(tab) / 2 ** 20 / 8).toFixed(1)} MiB/s are written and ${line.bytesPerSecond / 1000} kB/s go through`);
  // What waits in the line and the kernel is two to three seconds of it.
  assert.ok(percentile(age, 0.9) < 7000, `${percentile(age, 0.9)} ms`);
  await until('the end is seen', () => distant.text().includes('flood-over'), 30_000);
  await until('and all that came before', () => distant.state() === near.state(), 60_000);
  line.bytesPerSecond = 0;
  far.close();
});

test('R16: a page that is cut off resumes at its byte without a reload, and with a snapshot where more was written than is kept', { timeout: 120_000 }, async (t) => {
  browser = await openBrowser();
  page = await visit(browser, (await inviteLink(stack, api, 'EDITOR')).replace(stack.origin, line.origin), { name: 'Paula' });
  await page.evaluate(() => { window.sameDocument = true; });
  const tab = await openTab(page);
  await type(page, 'echo start-$((1+1))\r');
  await shows(page, tab, 'start-2');
  // Others see what it shows, without a browser and by another way.
  const other = new Renderer(direct, tab);
  await until('the other has it', () => other.text().includes('start-2'));
  const run = (command, text) => async () => {
    direct.type(tab, `${command}\r`);
    await until(text, () => other.text().includes(text), 30_000);
  };
  const skips = () => page.evaluate(() => window.atrium.counters.skips);
  const before = await skips();
  for (const delayMs of [0, 50]) {
    line.delayMs = delayMs;
    const text = `meanwhile-${40 + delayMs}`;
    const took = await partition(tab, run(`seq 1 200; echo meanwhile-$((40+${delayMs}))`, text), text);
    t.diagnostic(`by offset, RTT ${2 * delayMs} ms: ${took.told} (aim: 2 RTT + 200 ms)`);
    assert.ok(took.ms < 4 * delayMs + 2000, took.told);
    assert.equal(await skips(), before, 'no snapshot was needed');
  }
  line.delayMs = 0;
  const took = await partition(tab, run("seq -f '%060.0f' 1 150000 | tail -c 9000000; echo much-$((50+5))", 'much-55'), 'much-55');
  t.diagnostic(`by snapshot, after 9 MB: ${took.told}`);
  assert.ok(await skips() > before, 'a snapshot');
  const lines = other.lines().map((one) => one.trimEnd()).join('\n').trimEnd();
  const shown = await page.evaluate((one) => window.atrium.terminalText(one), tab);
  assert.ok(shown.trimEnd().endsWith(lines.split('\n').slice(-10).join('\n')), 'the same screen');
  await page.keyboard.type('echo typed-$((60+6))\r');
  await shows(page, tab, 'typed-66');
  assert.deepEqual(page.problems, []);
  await ready(page);
});

// 30 s until the gateway gives its socket up, and 10 s more until control does so with it.
test('R16, N2, M4, M9: a page that was off the network for a minute resumes at its byte, with all that was typed on either side', { timeout: 180_000 }, async (t) => {
  const [tab] = (await tabs(page)).slice(-1).map((one) => one.name);
  const other = new Renderer(direct, tab);
  const session = () => api.call('atrium.v1.SessionService', 'GetSession', { name: 'sessions/main' });
  assert.equal((await session()).connection_count, 2);
  const skips = () => page.evaluate(() => window.atrium.counters.skips);
  const before = await skips(), from = direct.offsets.get(tab), began = performance.now();
  const LINES = 15_000;
  const took = await partition(tab, async () => {
    await page.keyboard.type('echo away-$((70+7))\r');
    // As much as is sent to somebody who is behind: 1 MiB.
    direct.type(tab, `seq -f '%060.0f' 1 ${LINES}; echo written-$((80+8))\r`);
    await until('it is written', () => other.text().includes('written-88'), 30_000);
    await until('the page is gone for all', async () => (await session()).connection_count === 1, 58_000);
    await new Promise((done) => setTimeout(done, Math.max(0, began + 60_000 - performance.now())));
  }, 'away-77');
  const written = direct.offsets.get(tab) - from;
  t.diagnostic(`after ${((performance.now() - began) / 1000).toFixed(0)} s and ${(written / 1000).toFixed(0)} kB, by offset: ${took.told}`);
  assert.ok(written > 0.85 * 2 ** 20 && written < 2 ** 20, `${written} bytes`);
  assert.equal(await skips(), before, 'no snapshot was needed');
  await page.waitForFunction((one) => window.atrium.pendingInput(one) === 0, tab);
  await until('the other has it', () => other.text().includes('away-77'));
  const shown = await page.evaluate((one) => window.atrium.terminalText(one), tab);
  assert.equal(shown.match(/^away-77\s*$/gm).length, 1, 'written once');
  const numbers = [...shown.matchAll(/^0{50}(\d{10})\s*$/gm)].map((match) => Number(match[1]));
  assert.ok(numbers.length > 5000, `${numbers.length} lines`);
  assert.deepEqual(numbers, numbers.map((_, i) => LINES - numbers.length + 1 + i), 'each line once, in order');
  // How many are there is told a moment after they came.
  await until('it is counted again', async () => (await session()).connection_count === 2);
  assert.deepEqual(page.problems, []);
});
