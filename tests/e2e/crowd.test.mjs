// R28, R29, R33: hostile text, storms of sizes, and repeated or reordered input.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { house } from './house.mjs';
import { Renderer } from './renderer.mjs';
import { Page } from './socket.mjs';
import { until } from './stack.mjs';

const { stack, api, person, makeTab } = await house();
const who = await person(), folder = mkdtempSync(join(tmpdir(), 'atrium-texts-'));
chmodSync(folder, 0o755);
after(() => rmSync(folder, { recursive: true, force: true }));

// The same numbers each time.
function random(seed) {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

// Text that is hard to lay out, and bytes that are none.
function nastyText(seed) {
  const next = random(seed);
  const words = [
    'family \u{1f468}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466} \u200d\u200d end', 'flags \u{1f1e9}\u{1f1ea}\u{1f1eb}', 'skin \u{1f44d}\u{1f3fd}\u{1f3fd}',
    'bidi \u202eabc\u202c \u2067\u05d0\u05d1\u2069 \u0627\u0644', 'zalgo Z\u0351\u036b\u0343\u036a\u0302',
    'wide \u4f60\u597d\uff21 \u1100\u1161\u11a8', 'variation \u2764\ufe0f \u2764\ufe0e \ufe0f', 'zero\u200bwidth\u2060 \ufeff\u00ad', 'tags \u{1f3f4}\u{e0067}\u{e0062}\u{e007f}', '\u0e01\u0e33 \u0915\u094d\u0937\u093f',
  ].map((word) => Buffer.from(word));
  // Lone surrogates, an overlong slash, cut sequences, bytes that never occur.
  const broken = ['eda080', 'edbfbf', 'eda0bdedb880', 'c0af', 'e080af', 'f0808080', 'e4bd', 'f09f98', 'ff', 'fe', '80bf', 'f4908080', 'efbfbf', 'c2', '8d8e9b'].map((hex) => Buffer.from(hex, 'hex'));
  const moves = ['\r\n', '\r', '\n', '\t', '\b', '\x1b[31;4m', '\x1b[m', '\x1b[5;70H', '\x1b[K', '\x1b[2@', '\x1b[3P', '\x1b[7b', '\x1b7', '\x1b8', '\x1b(0', '\x1b(B'].map((text) => Buffer.from(text));
  const pieces = [];
  for (let i = 0; i < 3000; i += 1) {
    const kind = [words, words, broken, moves][next(4)];
    const piece = kind[next(kind.length)];
    if (i % 600 === 0) pieces.push(Buffer.from(`e${'\u0301'.repeat(10_000)}`));
    // Now and then a sequence is cut in its middle.
    pieces.push(next(20) === 0 ? piece.subarray(0, 1 + next(piece.length)) : piece);
    if (next(3) === 0) pieces.push(Buffer.from('~'.repeat(1 + next(30))));
  }
  return Buffer.concat(pieces);
}

test('R28: unicode garbage looks the same to a hundred, whenever they came, in every cell', { timeout: 120_000 }, async (t) => {
  const halves = [1, 2].map((seed) => nastyText(seed));
  halves.forEach((half, i) => writeFileSync(join(folder, `half${i}`), half));
  const tab = await makeTab('bash', '-c', `stty -echo; echo ready; read go; cat ${folder}/half0; read go; cat ${folder}/half1; printf '\\x18\\033[m\\r\\nthe-end\\r\\n'; read go`);
  const pages = [];
  const look = async (count, delivery = 'LIVE') => {
    const them = await person();
    await Promise.all(Array.from({ length: count }, async () => {
      const page = await new Page(them, { delivery }).open();
      if (delivery === 'LOSSLESS') page.offsets.set(tab, 0);
      pages.push({ page, renderer: new Renderer(page, tab) });
    }));
  };
  const all = (what, check) => until(what, () => pages.every(({ renderer }) => check(renderer.text())), 60_000);
  // One that sees every byte and no snapshot, beside others.
  await look(1, 'LOSSLESS');
  await look(19);
  await look(20);
  await all('they see it', (text) => text.includes('ready'));
  const first = pages[0].page;
  first.type(tab, '\n');
  // Some come while it is under way, and some behind it.
  await until('the first half is there', () => first.offsets.get(tab) >= halves[0].length, 60_000);
  await look(15);
  await look(15);
  await until('they are there', () => pages.every(({ page }) => page.offsets.get(tab) >= halves[0].length), 60_000);
  first.type(tab, '\n');
  await all('the end', (text) => text.includes('the-end'));
  await look(15);
  await look(15);
  await all('the end for all', (text) => text.includes('the-end'));
  const states = pages.map(({ renderer }) => createHash('sha256').update(renderer.state()).digest('hex'));
  t.diagnostic(`${pages.length} renderers, ${new Set(states).size} state(s), of ${halves[0].length + halves[1].length} bytes; ${pages.filter(({ page }) => page.screens > 0).length} began with a snapshot`);
  assert.equal(pages.length, 100);
  assert.equal(first.screens, 0);
  assert.equal(new Set(states).size, 1);
  const shown = await api.call('atrium.v1.TabService', 'ReadScreen', { tab });
  assert.ok(shown.text.includes('the-end'));
  pages.forEach(({ page }) => page.close());
});

test('R28, S7: titles and paths that are no text cost nobody the host, nor an upgrade the shells', { timeout: 60_000 }, async () => {
  const tabs = [];
  for (const print of ["printf '\\e]7;file:///%%ff\\a'", "printf '\\e]0;a'; printf '\u00e9%.0s' {1..200}; printf '\\a'", "printf 'half \\xe4\\xbd'"]) {
    const tab = await makeTab('bash', '-c', `${print}; printf '\\e[m'; read go; echo alive-$((6*7)); read end`);
    // Before and behind it, others get theirs.
    await makeTab('cat');
    tabs.push(tab);
  }
  const half = await makeTab('bash', '-c', "printf 'half \\xe4\\xbd'; read end");
  const screen = await until('it is printed', async () => {
    const read = await api.call('atrium.v1.TabService', 'ReadScreen', { tab: half, format: 'VT' });
    return read.text.includes('half ') && read;
  });
  assert.ok(screen.size && screen.offset >= 7, 'the whole answer');
  const [path, title] = await Promise.all(tabs.map((tab) => api.call('atrium.v1.TabService', 'GetTab', { name: tab })));
  await until('the path is shown', async () => (await api.call('atrium.v1.TabService', 'GetTab', { name: path.name })).working_directory === '/\ufffd');
  await until('the title is shown', async () => /^a\u00e9+$/.test((await api.call('atrium.v1.TabService', 'GetTab', { name: title.name })).title));
  process.kill(stack.pid('terminal'), 'SIGUSR2');
  await until('the next program took over', () => stack.log('terminal').includes('took over from the program before'));
  const page = await new Page(who).open();
  for (const tab of tabs) {
    let seen = '';
    page.subscribe(tab, (_at, bytes) => { seen += bytes.toString('latin1'); });
    page.type(tab, '\r');
    await until('its shell lives', () => seen.includes('alive-42'));
  }
  page.close();
});

// Says how often it was told of a size, how often in any one second, and what it is now.
const COUNTER = `
import bisect, os, signal, sys, time
told = []
signal.signal(signal.SIGWINCH, lambda *_: told.append(time.monotonic()))
print("ready", flush=True)
for line in sys.stdin:
    most = max((i + 1 - bisect.bisect_right(told, at - 1) for i, at in enumerate(told)), default=0)
    size = os.get_terminal_size()
    print(f"told {len(told)} times, {most} in a second, now {size.columns}x{size.lines}.", flush=True)
`;

test('N8: a tab is as large as the window of whoever drives, as often as that changes', { timeout: 60_000 }, async () => {
  const tab = await makeTab('cat');
  const owner = await person('OWNER'), guest = await person('OWNER');
  const pages = [];
  for (const [person, columns] of [[owner, 101], [guest, 77]]) {
    const page = await new Page(person).open();
    page.subscribe(tab, () => {});
    page.resize(tab, columns, 20);
    pages.push({ page, columns });
  }
  for (let i = 0; i < 6; i += 1) {
    const { page, columns } = pages[i % 2];
    page.say({ requestId: String(100 + i), takeControl: { tab } });
    await until(`it is ${columns} wide`, async () => (await api.call('atrium.v1.TabService', 'GetTab', { name: tab })).size.columns === columns);
  }
  pages.forEach(({ page }) => page.close());
});

test('R29: a thousand sizes a second, 1x1 and 65535x65535: clamped, and told to the program 60 times a second at most', { timeout: 60_000 }, async (t) => {
  const page = await new Page(who).open();
  const tab = await makeTab('python3', '-c', COUNTER);
  let seen = '';
  page.offsets.set(tab, 0);
  page.subscribe(tab, (_at, bytes) => { seen += bytes.toString('latin1'); });
  await until('it is ready', () => seen.includes('ready'));
  page.say({ requestId: '5', takeControl: { tab } });
  await until('it has the size', () => page.outcomes.some((one) => one.requestId === '5'));
  const taken = page.outcomes.find((one) => one.requestId === '5');
  assert.equal(taken.code ?? 0, 0, taken.message);
  const ask = async () => {
    const at = seen.length;
    page.type(tab, '\r');
    const answer = /told (\d+) times, (\d+) in a second, now (\d+)x(\d+)\./;
    await until('it answers', () => answer.test(seen.slice(at)));
    const [, times, most, columns, rows] = seen.slice(at).match(answer).map(Number);
    return { times, most, columns, rows };
  };
  const size = async (columns, rows, wanted) => {
    page.resize(tab, columns, rows);
    await until(`${columns}x${rows} is told`, async () => {
      const now = await ask();
      return now.columns === wanted[0] && now.rows === wanted[1];
    });
  };
  await size(100, 30, [100, 30]);
  const before = await ask(), began = performance.now();
  const SIZES = 3000;
  const elapsed = () => (performance.now() - began) / 1000;
  const storm = (i) => (i % 100 === 0 ? [65535, 65535] : i % 100 === 50 ? [1, 1] : [20 + (i % 200), 5 + (i % 40)]);
  // As many as are due: what the clock was late for goes out in one go.
  for (let i = 0; i < SIZES; await new Promise((done) => setTimeout(done, 1))) {
    for (; i < Math.min(SIZES, 1000 * elapsed()); i += 1) page.resizeInBinary(tab, ...storm(i));
  }
  const sent = elapsed();
  await size(77, 33, [77, 33]);
  const { times, most } = await ask(), told = times - before.times, seconds = elapsed();
  t.diagnostic(`${SIZES} sizes in ${sent.toFixed(2)} s: told ${told} times in ${seconds.toFixed(2)} s, at most ${most} in any second (aim: 60)`);
  // At the program a signal that was late is nearer to the next: one more than are sent.
  assert.ok(most <= 61, `${most} in a second`);
  assert.ok(told <= 60 * seconds + 1, `${told} in ${seconds} s`);
  assert.ok(told > seconds, 'it is told while it goes on');
  await size(1, 1, [2, 1]);
  await size(65535, 65535, [1000, 500]);
  await size(80, 24, [80, 24]);
  page.close();
});

test('R33: input that is repeated, replayed and reordered is written exactly once, in its order', { timeout: 120_000 }, async (t) => {
  const page = await new Page(who).open();
  const tab = await makeTab('bash', '-c', 'stty -echo; echo ready; exec cat');
  let seen = '';
  page.offsets.set(tab, 0);
  page.subscribe(tab, (_at, bytes) => { seen += bytes.toString('latin1'); });
  await until('it is ready', () => seen.includes('ready'));
  const COUNT = 1500, WINDOW = 40, next = random(33);
  const input = (i) => ({ tab, sequence: String(i), data: Buffer.from(`line ${i}\r`).toString('base64') });
  let confirmed = 0, sent = 0, refused = 0;
  page.pending = [{ tab, sequence: Infinity }];
  const hear = page.hearBytes.bind(page);
  page.hearBytes = (data) => {
    // Its acknowledgements, as Page reads them.
    page.pending = Array.from({ length: COUNT - confirmed }, (_, i) => ({ tab, sequence: confirmed + 1 + i }));
    hear(data);
    confirmed = COUNT - page.pending.length;
  };
  while (confirmed < COUNT) {
    // What is not confirmed, some of it twice, now and then in another order; and some
    // that is long written. What comes too early is refused, and sent again.
    const window = Array.from({ length: Math.min(WINDOW, COUNT - confirmed) }, (_, i) => confirmed + 1 + i);
    const ops = window.flatMap((i) => (next(3) === 0 ? [i, i] : [i]));
    if (next(3) === 0) {
      const [i, k] = [next(ops.length), next(ops.length)];
      [ops[i], ops[k]] = [ops[k], ops[i]];
    }
    for (let i = 0; i < 5 && confirmed > 0; i += 1) ops.splice(next(ops.length), 0, 1 + next(confirmed));
    const from = confirmed, refusals = page.outcomes.length;
    for (const i of ops) page.say({ input: input(i) });
    sent += ops.length;
    await until('more is confirmed, or refused', () => confirmed === COUNT || confirmed >= from + window.length || page.outcomes.length > refusals, 20_000);
    refused += page.outcomes.length - refusals;
  }
  await until('the last is there', () => seen.includes(`line ${COUNT}\r\n`));
  const got = [...seen.matchAll(/line (\d+)\r\n/g)].map((one) => Number(one[1]));
  t.diagnostic(`${COUNT} operations in ${sent} messages, ${refused} refusals: ${got.length} written`);
  assert.deepEqual(got, Array.from({ length: COUNT }, (_, i) => i + 1));
  page.close();
});
