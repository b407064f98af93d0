// P3, N14: a terminal host is drained: it keeps what runs, takes nothing new, and ends.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Echo } from './echo.mjs';
import { connect, inviteLink } from './services.mjs';
import { enter, Page } from './socket.mjs';
import { Stack, until } from './stack.mjs';

let stack, api, page;
before(async () => {
  stack = await new Stack({ terminalFlags: ['--terminal_limit=3'] }).start();
  api = await connect(stack);
  page = await new Page(await enter(stack, await inviteLink(stack, api, 'EDITOR'))).open();
});
after(async () => {
  page?.close();
  api?.close();
  await stack?.stop();
});
const makeTab = (...command) => api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command } });
const refusal = (call) => call.then(() => assert.fail('it was not refused'), (error) => error);
const stateOf = async (name) => (await api.call('atrium.v1.TabService', 'GetTab', { name })).state;
const limited = async () => (await api.call('atrium.v1.SessionService', 'GetSession', { name: 'sessions/main' })).degradations.find((one) => one.kind === 'HOST_LIMITED');

test('P3, S22: a host takes no more terminals than it may, and again once one is closed', { timeout: 60_000 }, async () => {
  const tabs = [await makeTab('cat'), await makeTab('cat'), await makeTab('cat')];
  const error = await refusal(makeTab('cat'));
  assert.equal(error.code, 8);
  assert.match(error.details, /3 terminals on this host/);
  for (const { name } of tabs) await api.call('atrium.v1.TabService', 'DeleteTab', { name });
  assert.equal((await makeTab('true')).state === 'CREATING', false);
});

test('P3, N14: a drained host says so, refuses new terminals, keeps those that run, and ends with the last of them', { timeout: 60_000 }, async (t) => {
  const tab = (await makeTab('bash', '-c', 'cat; echo bye-$((6*7)); exit 3')).name;
  const echo = await new Echo(page, tab).ready();
  const process_ = stack.processes.get('terminal');
  process_.kill('SIGUSR1');
  const shown = await until('it is said', limited);
  t.diagnostic(shown.message);
  assert.match(shown.message, /being drained: no new terminals/);
  const error = await refusal(makeTab('cat'));
  t.diagnostic(error.details);
  assert.equal(error.code, 14);
  assert.match(error.details, /being drained.*try again/);
  const run = await refusal(api.call('atrium.v1.TabService', 'RunCommand', { parent: 'sessions/main', command: 'true' }));
  assert.match(run.details, /being drained/);
  // A control that starts now hears of it too.
  await stack.kill('control');
  await until('control serves again', () => stateOf(tab).then((state) => state === 'RUNNING', () => false));
  await until('it is said again', limited);
  await echo.once();
  assert.equal(process_.exitCode, null);
  page.type(tab, '\x04');
  await until('the last one ended', async () => (await stateOf(tab)) === 'EXITED');
  await process_.ended;
  assert.equal(process_.exitCode, 0);
  // Whoever supervises it starts the next one: all is as before, and the last screen is there.
  stack.launch('terminal');
  const next = await until('a new terminal is taken', () => makeTab('cat').catch(() => null), 30_000);
  assert.equal(next.state, 'RUNNING');
  await until('nothing is said any more', async () => !(await limited()));
  assert.equal(await stateOf(tab), 'EXITED');
  assert.match((await api.call('atrium.v1.TabService', 'ReadScreen', { tab })).text, /bye-42/);
});
