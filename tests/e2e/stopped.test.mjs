// R7: a process that is there and does nothing.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { openBrowser, visit } from './browser.mjs';
import { connect, inviteLink } from './services.mjs';
import { enter, Page } from './socket.mjs';
import { Stack, until } from './stack.mjs';

// The bar is 30: ATRIUM_STOPPED_SECONDS=30 node --test stopped.test.mjs
const SECONDS = Number(process.env.ATRIUM_STOPPED_SECONDS ?? 8);
// Three seconds, and what a busy machine adds. People are told a little later, as what is
// over in two seconds is no news.
const NOTICED_MS = 6000, TOLD_MS = 20_000;

let stack, api, page, tab, seen;
before(async () => {
  stack = await new Stack({ media: true }).start();
  api = await connect(stack);
  page = await new Page(await enter(stack, await inviteLink(stack, api, 'EDITOR'))).open();
  const made = await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { title: 'lines', command: ['/bin/bash', '-c', 'stty -echo; echo shell $$; while read -r line; do echo "got $line"; done'] } });
  tab = made.name;
  seen = '';
  page.offsets.set(tab, 0);
  page.subscribe(tab, (_at, bytes) => { seen += bytes.toString('latin1'); });
  await until('it runs', () => seen.includes('shell '));
});
after(async () => {
  for (const child of stack.processes.values()) child.kill('SIGCONT');
  page?.close();
  api?.close();
  await stack?.stop();
});

let typed = 0;
const type = () => page.type(tab, `${++typed}\r`);
const got = () => [...seen.matchAll(/got (\d+)/g)].map(([, number]) => Number(number));
const all = () => Array.from({ length: typed }, (_, i) => i + 1);

const missed = () => stack.log('control').split('no contact').length;

// Stops a process, types a line every 100 ms, and waits until that is `noticed` and people
// are `told`; then lets it go on, and waits until all that was typed is there, once.
async function stop(t, name, noticed, told) {
  const { pid } = stack.processes.get(name);
  const stopped = performance.now();
  process.kill(pid, 'SIGSTOP');
  const typing = setInterval(type, 100);
  try {
    await until(`it is noticed that ${name} stands still`, noticed, TOLD_MS);
    const took = performance.now() - stopped;
    await until('people are told', told, TOLD_MS);
    const said = performance.now() - stopped;
    await new Promise((done) => setTimeout(done, Math.max(0, SECONDS * 1000 - said)));
    process.kill(pid, 'SIGCONT');
    const on = performance.now();
    await until('what is typed arrives', () => got().length === typed, 20_000);
    t.diagnostic(`${name} stopped for ${SECONDS} s: noticed after ${took.toFixed(0)} ms (3 s wanted), told after ${said.toFixed(0)} ms, all is there ${(performance.now() - on).toFixed(0)} ms after it goes on`);
    assert.ok(took < NOTICED_MS, `${took} ms`);
    assert.equal(stack.pid(name), pid, 'it is the same process');
  } finally {
    clearInterval(typing);
  }
  await until('all that was typed is there', () => got().length >= typed);
  assert.deepEqual(got(), all(), 'each line once, in order');
}

const session = () => api.call('atrium.v1.SessionService', 'GetSession', { name: 'sessions/main' });
const state = () => api.call('atrium.v1.TabService', 'GetTab', { name: tab }).then((one) => one.state);
const lacks = async (kind) => JSON.stringify((await session()).degradations).includes(kind);

test('R7, R33, N7: a terminal process that stands still is noticed, and goes on where it was', { timeout: 90_000 }, async (t) => {
  const { name: shell } = await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: {} });
  await api.call('atrium.v1.TabService', 'WaitForOutput', { tab: shell, prompt: true });
  const ran = api.call('atrium.v1.TabService', 'RunCommand', { parent: 'sessions/main', tab: shell, command: 'sleep 2; echo ran-$((40+2)); (exit 7)' }, { deadlineMs: 60_000 });
  await until('it runs', async () => (await api.call('atrium.v1.TabService', 'ListCommands', { tab: shell })).commands.some(({ text }) => text.startsWith('sleep 2')));
  const before = missed();
  await stop(t, 'terminal', () => missed() > before, async () => (await state()) === 'UNREACHABLE');
  await until('the tab runs again', async () => (await state()) === 'RUNNING');
  const { output, exit_code: exitCode } = await ran;
  assert.deepEqual([output.toString(), exitCode], ['ran-42\r\n', 7], 'N7: a command that ran meanwhile answers');
  assert.match(execFileSync('ps', ['-p', seen.match(/shell (\d+)/)[1]], { encoding: 'utf8' }), /bash/, 'the shell lives');
});

test('R7, R33: control that stands still is noticed by pages, which type on; what it was asked is done once', { timeout: 90_000 }, async (t) => {
  const asked = [];
  // Nobody knows whether this was heard, so it is said again.
  const ask = () => api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { title: 'once' }, request_id: 'stopped' }, { deadlineMs: 2000 });
  const told = () => {
    if (asked.length === 0) asked.push(ask().then(() => '', (error) => error.code));
    return page.outcomes.some(({ reason }) => reason === 'PROCESS_UNREACHABLE');
  };
  await stop(t, 'control', told, told);
  await Promise.all(asked);
  const made = await until('control answers', () => ask().catch(() => null), 20_000);
  const tabs = await api.call('atrium.v1.TabService', 'ListTabs', { parent: 'sessions/main' });
  assert.deepEqual(tabs.tabs.filter(({ title }) => title === 'once').map(({ name }) => name), [made.name]);
  assert.equal(page.opened, 1, 'the page was not cut off');
});

test('R7, N4: whoever types to a gateway that stands still is told; what they typed arrives once', { timeout: 120_000 }, async (t) => {
  const browser = await openBrowser();
  t.after(() => browser.close());
  const emil = await visit(browser, await inviteLink(stack, api, 'EDITOR'), { name: 'Emil' });
  await emil.getByRole('tab', { name: 'lines' }).click();
  await emil.waitForFunction((name) => window.atrium.offset(name) >= 0, tab);
  await emil.locator('.xterm:visible').click();
  const first = typed;
  const line = () => emil.keyboard.type(`${++typed}\n`);
  const showsLine = () => emil.waitForFunction(([name, text]) => window.atrium.terminalText(name)?.split('\n').includes(text), [tab, `got ${typed}`]);
  await line();
  await showsLine();
  const { pid } = stack.processes.get('gateway');
  process.kill(pid, 'SIGSTOP');
  const stopped = performance.now();
  let over = false;
  const typing = (async () => {
    for (; !over; await new Promise((done) => setTimeout(done, 100))) await line();
  })();
  const banner = emil.locator('.banner').getByText('The server does not answer. What you type is kept');
  await banner.waitFor({ timeout: TOLD_MS });
  const told = performance.now() - stopped;
  await new Promise((done) => setTimeout(done, Math.max(0, SECONDS * 1000 - told)));
  process.kill(pid, 'SIGCONT');
  const on = performance.now();
  over = true;
  await typing;
  await showsLine();
  await banner.waitFor({ state: 'detached' });
  t.diagnostic(`the gateway stopped for ${SECONDS} s: the page says so after ${told.toFixed(0)} ms (3 s wanted), all is there ${(performance.now() - on).toFixed(0)} ms after it goes on`);
  assert.ok(told < NOTICED_MS, `${told} ms`);
  assert.equal(stack.pid('gateway'), pid, 'it is the same process');
  await until('the others see it', () => got().length >= typed);
  assert.deepEqual(got().slice(first), all().slice(first), 'each line once, in order');
  assert.deepEqual(got(), all());
});

test('R7: media that stands still is said to be missing, and found again', { timeout: 90_000 }, async (t) => {
  const before = missed();
  await stop(t, 'media', () => missed() > before, () => lacks('NO_MEDIA'));
  await until('it is there again', async () => !(await lacks('NO_MEDIA')), 20_000);
});
