// R20, R30: a program in a tab fills the disk that the state directory is on.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, rmdirSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Echo, told } from './echo.mjs';
import { connect, inviteLink } from './services.mjs';
import { enter, Page } from './socket.mjs';
import { Stack, until } from './stack.mjs';

let disk, why, stack, api, page, echo;
before(async () => {
  disk = mkdtempSync(join(tmpdir(), 'disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=48m,mode=1777', 'tmpfs', disk], { stdio: 'pipe' });
  } catch (error) {
    why = `a small disk needs the right to mount one: ${error.stderr}`;
    return;
  }
  chmodSync(disk, 0o1777);
  stack = await new Stack({ parent: disk }).start();
  api = await connect(stack);
  page = await new Page(await enter(stack, await inviteLink(stack, api, 'EDITOR'))).open();
  echo = await new Echo(page, (await makeTab('cat')).name).ready();
});
after(async () => {
  page?.close();
  api?.close();
  await stack?.stop();
  if (!why) execFileSync('umount', ['-l', disk]);
  rmdirSync(disk);
});
const makeTab = (...command) => api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command } });
const refusal = (call) => call.then(() => assert.fail('it was not refused'), (error) => error);
// There is no media process here, which is said too.
const said = async () => (await api.call('atrium.v1.SessionService', 'GetSession', { name: 'sessions/main' })).degradations.filter((one) => one.kind !== 'NO_MEDIA');
const free = () => {
  const { bavail, bsize } = statfsSync(disk);
  return bavail * bsize;
};
test('R20, R30: who fills the disk stops nobody\'s bytes and no process; it is said with the path and the remedy, and all goes on once there is room', { timeout: 180_000 }, async (t) => {
  if (why) return t.skip(why);
  const pids = ['control', 'terminal'].map((name) => stack.pid(name));
  const flood = (await makeTab('bash', '-c', 'read go; seq 1 2000000; echo THE-END; read end')).name;
  let bytes = 0;
  page.subscribe(flood, (_at, piece) => {
    bytes += piece.length;
  });
  // Room for less than a terminal's log.
  const calm = await echo.times(100);
  const hog = (await makeTab('bash', '-c', `read go; head -c ${free() - 7 * 2 ** 20} /dev/zero > ${join(disk, 'hog')}; read more; cat /dev/zero > ${join(disk, 'rest')}; echo full; read end`)).name;
  page.subscribe(hog, () => {});
  page.type(hog, '\r');
  await until('little is left', () => free() < 4 * 2 ** 20);
  const small = await refusal(makeTab('cat'));
  t.diagnostic(`little left: ${small.details}`);
  assert.equal(small.code, 8, small.details);
  assert.match(small.details, /terminal\/terminals\/\S+\.log: No space left on device\. Make room/);
  // Nothing at all.
  page.type(hog, '\r');
  await until('nothing is left', () => free() === 0);
  const refused = await refusal(makeTab('cat'));
  t.diagnostic(`nothing left: ${refused.details}`);
  page.type(flood, '\r');
  const full = await echo.times(200);
  // The page may have skipped its end, as whoever falls behind does.
  await until('the flood went by', async () => (await api.call('atrium.v1.TabService', 'ReadScreen', { tab: flood })).text.includes('THE-END'), 60_000);
  t.diagnostic(`echo: calm ${told(calm)}; on a full disk ${told(full)}; ${bytes} bytes of another tab meanwhile`);
  const kinds = await until('it is said', async () => {
    const all = await said();
    return all.length === 2 && all;
  }, 20_000);
  for (const one of kinds) t.diagnostic(`${one.kind}: ${one.message}`);
  assert.deepEqual(kinds.map((one) => one.kind).sort(), ['HOST_LIMITED', 'NO_STORE']);
  const limited = kinds.find((one) => one.kind === 'HOST_LIMITED').message;
  assert.ok(limited.includes(`${stack.path('terminal/audit.log')}: No space left on device. Make`), limited);
  // A restart does not wait for room.
  await stack.kill('gateway');
  await until('the page is back', async () => (await echo.once().catch(() => 0)) > 0, 30_000);
  assert.equal(stack.pid('control'), pids[0], 'it lives');
  await stack.kill('control');
  await until('control serves again', () => said().then((all) => all.length >= 0, () => false), 30_000);
  await echo.once();
  assert.equal(stack.pid('terminal'), pids[1], 'it lives');
  await until('the next control says it too', async () => (await said()).length === 2, 20_000);
  // Room again.
  rmSync(join(disk, 'hog'));
  rmSync(join(disk, 'rest'));
  await until('all is well', async () => (await said()).length === 0, 30_000);
  assert.equal((await makeTab('cat')).state, 'RUNNING');
  const lines = readFileSync(stack.path('terminal/audit.log'), 'utf8');
  // A short line may find a place where a long one did not.
  const lost = [...lines.matchAll(/ lost (\d+) /g)].reduce((sum, [, n]) => sum + Number(n), 0);
  const typed = [...lines.matchAll(/typed "mark-/g)].length;
  t.diagnostic(`audit: ${typed} of the echo's lines are there, ${lost} are counted as lost`);
  assert.ok(lost > 100 && lost + typed >= 300, lines);
  assert.equal(execFileSync('python3', ['-c', `import sqlite3; print(sqlite3.connect("${stack.path('state/atrium.db')}").execute("pragma integrity_check").fetchone()[0])`]).toString().trim(), 'ok');
});
