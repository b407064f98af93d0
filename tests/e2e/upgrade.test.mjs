// R32: the terminal process changes its program in place; no shell notices.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { openBrowser, openTab, shows, type, visit } from './browser.mjs';
import { connect, inviteLink } from './services.mjs';
import { Renderer } from './renderer.mjs';
import { enter, Page } from './socket.mjs';
import { Stack, until } from './stack.mjs';

let stack, api, browser, owner;
before(async () => {
  stack = await new Stack().start();
  api = await connect(stack);
  browser = await openBrowser();
  owner = await visit(browser, stack.ownerLink(), { name: 'Olga' });
});
after(async () => {
  await browser?.close();
  api?.close();
  await stack?.stop();
});

const upgrades = (of) => (of.log('terminal').match(/took over from the program before/g) ?? []).length;
async function upgrade(of = stack) {
  const count = upgrades(of);
  process.kill(of.pid('terminal'), 'SIGUSR2');
  await until('the next program took over', () => upgrades(of) > count);
}

test('R32: vim, its screen and its unsaved text are there after an upgrade, in the same process', async () => {
  const tab = await openTab(owner);
  await type(owner, 'vim -u NONE\r');
  await shows(owner, tab, 'VIM - Vi IMproved');
  await owner.keyboard.type('ifirst line');
  await shows(owner, tab, 'first line');
  const started = readFileSync(`/proc/${stack.pid('terminal')}/stat`, 'utf8').split(' ')[21];
  const before = (await api.call('atrium.v1.TabService', 'ReadScreen', { tab, format: 'VT' })).text;
  await upgrade();
  const after = await until('the screen can be read again', () =>
    api.call('atrium.v1.TabService', 'ReadScreen', { tab, format: 'VT' }).catch(() => null));
  assert.equal(after.text, before, 'the screen is the same to the last byte');
  assert.equal(readFileSync(`/proc/${stack.pid('terminal')}/stat`, 'utf8').split(' ')[21], started);
  await owner.keyboard.type(' and second');
  await shows(owner, tab, 'first line and second');
  assert.equal((await api.call('atrium.v1.TabService', 'GetTab', { name: tab })).state, 'RUNNING');
  await owner.keyboard.press('Escape');
  await owner.keyboard.type(':q!\r');
});

test('R32, N4: three upgrades during output and typing: no byte is lost or doubled, no shell ends', { timeout: 120_000 }, async () => {
  const who = await enter(stack, await inviteLink(stack, api, 'EDITOR'));
  const page = await new Page(who, { delivery: 'LOSSLESS' }).open();
  const LINES = 200_000, COUNT = 3000;
  const flood = await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command: ['/bin/bash', '-c', `read go; i=0; while [ $i -lt ${LINES / 4000} ]; do seq -f '%060.0f' $((i*4000+1)) $((i*4000+4000)); i=$((i+1)); sleep 0.05; done; echo THE-END; read end`] } });
  const typed = await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command: ['/bin/bash', '-c', 'stty -echo; echo ready; while read -r line; do echo "got $line"; done'] } });
  const hash = createHash('sha256');
  let bytes = 0, tail = '', seen = '';
  page.offsets.set(flood.name, 0);
  page.offsets.set(typed.name, 0);
  page.subscribe(flood.name, (_at, data) => { hash.update(data); bytes += data.length; tail = (tail + data.toString('latin1')).slice(-20); });
  page.subscribe(typed.name, (_at, data) => { seen += data.toString('latin1'); });
  await until('the program reads', () => seen.includes('ready'));
  page.type(flood.name, '\r');
  let stall = 0;
  for (let i = 1; i <= COUNT; i += 1) {
    page.type(typed.name, `line ${i}\r`);
    if (i % 50 === 0) await until('the terminal keeps up', () => page.pending.length < 400, 30_000);
    if (i % 1000 === 500) {
      const at = bytes, began = Date.now();
      await upgrade();
      await until('output flows', () => bytes > at);
      stall = Math.max(stall, Date.now() - began);
    }
  }
  console.log(`# output goes on ${stall} ms after an upgrade, at most`);
  await until('the last line is there', () => seen.includes(`got line ${COUNT}\r\n`), 60_000);
  const got = [...seen.matchAll(/got line (\d+)\r\n/g)].map((match) => Number(match[1]));
  assert.equal(got.length, COUNT);
  got.forEach((number, index) => assert.equal(number, index + 1));
  await until('the end is there', () => tail.endsWith('THE-END\r\n'), 60_000);
  const wanted = createHash('sha256').update('\r\n');
  for (let i = 1; i <= LINES; i += 1) wanted.update(`${String(i).padStart(60, '0')}\r\n`);
  assert.equal(hash.digest('hex'), wanted.update('THE-END\r\n').digest('hex'));
  page.close();
});

test('R32, N2: a screen of which no bytes say all is shown anew after an upgrade, so that all stay equal', { timeout: 60_000 }, async (t) => {
  // Without a browser, whose window would give the tab another size.
  const alone = await new Stack().start();
  const service = await connect(alone);
  const pages = [];
  t.after(async () => {
    pages.forEach((one) => one.close());
    service.close();
    await alone.stop();
  });
  const open = async () => pages[pages.push(await new Page(await enter(alone, await inviteLink(alone, service, 'EDITOR'))).open()) - 1];
  const page = await open();
  // A wide character that found no room, and what is joined with it later.
  const script = "stty -echo; read x; printf '\\033[4h\\033[?7l\\033[80G\\344\\275\\240'; read x; printf '\\314\\201\\r!'; read x; echo; echo the-end; read x";
  const tab = (await service.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command: ['/bin/bash', '-c', script] } })).name;
  const first = new Renderer(page, tab);
  await until('it is there', () => page.screens === 1);
  page.type(tab, '\r');
  await until('it is drawn', () => page.offsets.get(tab) >= 17 && page.pending.length === 0);
  assert.equal(page.screens, 1);
  await upgrade(alone);
  await until('it is shown anew', () => page.screens === 2);
  const late = new Renderer(await open(), tab);
  await until('both have it', () => pages[1].screens > 0);
  for (const text of ['!', 'the-end']) {
    page.type(tab, '\r');
    await until(text, () => first.text().includes(text) && late.text().includes(text));
    await until('both have all', () => page.offsets.get(tab) === pages[1].offsets.get(tab));
    assert.equal(late.state(), first.state(), 'equal in every cell');
  }
  // What was shown while the program rested was less than all, too.
  await until('it is shown anew once all can be said', () => page.screens === 3);
  page.socket.close();
  page.type(tab, '\r');
  await until('it came back', () => page.opened === 2 && page.exits.length > 0);
  assert.equal(page.screens, 3, 'and no more');
});

test('R32, N7: a command that runs over an upgrade still gives its exit code', async () => {
  const run = api.call('atrium.v1.TabService', 'RunCommand', { parent: 'sessions/main', command: 'echo before; read -t 3 x < /dev/tty; echo after; exit 7', request_id: 'over-the-upgrade', keep_tab: true });
  const tab = await until('it runs', async () => (await api.call('atrium.v1.TabService', 'ListTabs', { parent: 'sessions/main' })).tabs.find((one) => one.title.startsWith('echo before') && one.state === 'RUNNING'));
  await upgrade();
  const answer = await run;
  assert.equal(answer.exit_code, 7);
  assert.match(answer.output.toString(), /before\r\nafter/);
  assert.equal((await api.call('atrium.v1.TabService', 'GetTab', { name: tab.name })).state, 'EXITED');
});
