// X1: the run command starts everything, restarts what dies, stops all, and finds
// the same sessions again.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { connect } from './services.mjs';
import { root, until } from './stack.mjs';

const state = mkdtempSync(join(tmpdir(), 'atrium-deploy-'));
after(() => rmSync(state, { recursive: true, force: true }));

// The run command, until it has printed its link.
async function start() {
  const flags = ['--no_install', '--port', '0', '--state_dir', state, '--flag', 'control=--forbid=agent_sight', ...(process.getuid() === 0 ? ['--shell_user', 'nobody'] : [])];
  const child = spawn(join(root, 'deploy/run'), flags, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => { child.said += data; });
  child.ended = new Promise((done) => child.on('exit', done));
  await until(`a link is printed`, () => /join\/[a-z2-7]{52}/.test(child.said), 120_000);
  child.link = child.said.match(/http:\/\/localhost:\d+\/join\/[a-z2-7]{52}/)[0];
  const stack = { path: (name) => join(state, name === 'control.sock' ? 'run/control.sock' : name), serviceToken: () => readFileSync(join(state, 'service.token'), 'utf8') };
  child.api = await connect(stack);
  return child;
}
async function stop(child) {
  child.api.close();
  child.kill('SIGINT');
  await child.ended;
}
// The process of this state directory whose program has this name.
function pidOf(name) {
  for (const pid of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    try {
      if (readlinkSync(`/proc/${pid}/exe`).endsWith(`/${name}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(state)) return Number(pid);
    } catch { /* It ended meanwhile. */ }
  }
  return 0;
}
const NAMES = ['atrium-terminal', 'atrium-media', 'atrium-agent', 'atrium-control', 'atrium-gateway'];

test('X1: it starts, reports and restarts what dies, stops all, and finds its sessions again', { timeout: 300_000 }, async () => {
  const first = await start();
  const page = await fetch(first.link);
  assert.equal(page.status, 200);
  assert.match(await page.text(), /<html/);
  const use = (link) => fetch(link, { method: 'POST', headers: { Origin: new URL(link).origin, 'Content-Type': 'application/json' }, body: '{}' });
  assert.equal((await use(`${first.link}x`)).status, 401, 'another link lets nobody in');
  await first.api.call('atrium.v1.SessionService', 'CreateSession', { session_id: 'kept' });
  for (const name of ['atrium-media', 'atrium-agent']) {
    const old = pidOf(name);
    process.kill(old, 'SIGKILL');
    await until(`${name} is started again`, () => pidOf(name) !== 0 && pidOf(name) !== old);
    await until(`its end is told`, () => first.said.includes(`${name} ended`));
  }
  const control = pidOf('atrium-control');
  const told = () => readFileSync(`/proc/${pidOf('atrium-control')}/cmdline`, 'utf8').includes('--forbid=agent_sight');
  assert.ok(told(), 'its own flag');
  process.kill(control, 'SIGKILL');
  await until('control is started again', () => pidOf('atrium-control') !== 0 && pidOf('atrium-control') !== control);
  assert.ok(told(), 'after a restart too');
  const let_in = await until('the link still lets its owner in', () => use(first.link).then((one) => (one.ok ? one : null)));
  assert.equal((await let_in.json()).participant.role, 'OWNER');
  assert.equal((await use(first.link)).status, 401, 'once');
  await stop(first);
  await until('nothing is left', () => NAMES.every((name) => pidOf(name) === 0));
  const second = await start();
  const sessions = (await second.api.call('atrium.v1.SessionService', 'ListSessions', {})).sessions.map((one) => one.name);
  assert.deepEqual(sessions.sort(), ['sessions/kept', 'sessions/main']);
  assert.notEqual(second.link, first.link, 'a new link each time');
  await stop(second);
  await until('nothing is left', () => NAMES.every((name) => pidOf(name) === 0));
});
