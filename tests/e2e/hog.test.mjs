// R18, R30: what one tab's programs do, the others do not feel.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { watch } from './cores.mjs';
import { Echo, told } from './echo.mjs';
import { connect, inviteLink } from './services.mjs';
import { enter, Page } from './socket.mjs';
import { Stack, until } from './stack.mjs';

const MiB = 2 ** 20;
const stacks = [];
after(async () => {
  for (const { stack, api, pages } of stacks) {
    pages.forEach((page) => page.close());
    api.close();
    await stack.stop();
  }
});

// A house with one page, which echoes in a tab of its own.
async function house(terminalFlags = []) {
  const stack = await new Stack({ terminalFlags }).start();
  const api = await connect(stack);
  const page = await new Page(await enter(stack, await inviteLink(stack, api, 'EDITOR'))).open();
  const all = { stack, api, page, pages: [page] };
  stacks.push(all);
  const makeTab = async (...command) => (await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command } })).name;
  const echo = await new Echo(page, await makeTab('cat')).ready();
  return { ...all, makeTab, echo };
}
// What runs in a tab, by what its programs were given; needs the right to look.
function processesOf(tab) {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`ATRIUM_TAB=${tab}\0`);
    } catch {
      return false;
    }
  });
}
const memoryOf = (stack) => ['gateway', 'terminal', 'control'].map((name) => Number(readFileSync(`/proc/${stack.pid(name)}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) / 1024);

for (const [name, program] of [['yes', 'yes'], ['random bytes', 'cat /dev/urandom']]) {
  test(`R18: while one tab floods with ${name} the others stay quick, memory stays flat, and its viewers see the newest screen`, { timeout: 120_000 }, async (t) => {
    const { stack, api, page, makeTab, echo } = await house();
    const calm = await echo.times(200);
    // What random bytes left behind, an unfinished string or another alphabet, is ended.
    const tab = await makeTab('bash', '-c', `trap : INT; ${program}; printf '\\030\\033c'; echo it-is-$((1+1))-over; read end`);
    const viewer = new Worker(new URL('viewer.mjs', import.meta.url), { workerData: { who: page.who, tab, until: 'it-is-2-over' } });
    const hears = (what) => new Promise((done, fail) => {
      viewer.on('message', (news) => what in news && done(news));
      viewer.on('error', fail);
    });
    await hears('offset');
    const ask = () => {
      viewer.postMessage('now');
      return hears('offset');
    };
    const from = await ask(), before = memoryOf(stack), began = performance.now();
    let peak = before;
    const loops = watch(Object.fromEntries(['terminal', 'gateway'].map((name) => [name, stack.pid(name)])));
    const flooded = await echo.during(async () => {
      while (performance.now() - began < 6000) {
        peak = memoryOf(stack).map((now, i) => Math.max(now, peak[i]));
        await new Promise((done) => setTimeout(done, 100));
      }
    });
    const seconds = (performance.now() - began) / 1000;
    const turns = loops.since();
    const to = await ask(), stopped = performance.now();
    page.subscribe(tab, () => {});
    page.type(tab, '\x03');
    await hears('seen');
    const sawEnd = performance.now() - stopped;
    await viewer.terminate();
    const growth = peak.map((now, i) => now - before[i]);
    t.diagnostic(`other tab's echo: calm ${told(calm)}; flooded ${told(flooded)} (aim: p99 <= 20 ms)`);
    t.diagnostic(`flooding tab: ${((to.offset - from.offset) / MiB / seconds).toFixed(1)} MiB/s, ${((to.drawings - from.drawings) / seconds).toFixed(0)} of 25 drawings a second; the end is seen ${sawEnd.toFixed(0)} ms after Ctrl-C`);
    assert.ok((to.drawings - from.drawings) / seconds > 2.5, 'the newest screen is seen while it floods');
    assert.ok(flooded.p99 < 1000, told(flooded));
    for (const { name, turns: count, ran, waited } of turns) t.diagnostic(`the ${name}'s loop: ${count} turns, each ${ran.toFixed(0)} us of work after ${waited.toFixed(0)} us of waiting for a core`);
    t.diagnostic(`memory: gateway ${growth[0].toFixed(1)}, terminal ${growth[1].toFixed(1)}, control ${growth[2].toFixed(1)} MiB more`);
    assert.ok(flooded.p50 < 500, told(flooded));
    // As much as any flood may cost (S5).
    for (const more of growth) assert.ok(more < 32, `${more} MiB more`);
    assert.ok(sawEnd < 10_000, `${sawEnd} ms`);
  });
}

// Doubles until there are 2,047 processes: a fork bomb that ends by itself.
const BOMB = 'f() { if (( $1 > 0 )); then f $(($1 - 1)) & f $(($1 - 1)) & fi; sleep 1000; }; f 10; read end';
const HOG = 'head -c 900000000 /dev/zero | tail | wc -c; echo not-ended; read end';

for (const [how, flags] of [['where there may be cgroups', []], ['without cgroups', ['--nocgroups']]]) {
  test(`R30: a fork bomb and a memory hog are ended with their reason, and neighbours hardly feel it, ${how}`, { timeout: 400_000 }, async (t) => {
    const { stack, api, page, makeTab, echo } = await house([...flags, '--terminal_process_limit=256', '--terminal_memory_limit_mb=300']);
    t.diagnostic(stack.log('terminal').includes('terminals have cgroups') ? stack.log('terminal').match(/terminals have cgroups.*/)[0].replace(/directory=\S+ /, '') : 'no cgroups');
    const calm = await echo.times(200);
    for (const [name, script, reason] of [['fork bomb', BOMB, /more than 256 processes ran/], ['memory hog', HOG, /used more than 300 MiB/]]) {
      const ended = [], gone = [];
      const under = await echo.during(async () => {
        for (let i = 0; i < 3; i += 1) {
          const tab = await makeTab('bash', '-c', script), began = performance.now();
          await until('it is ended', async () => (await api.call('atrium.v1.TabService', 'GetTab', { name: tab })).state === 'EXITED', 90_000);
          ended.push(performance.now() - began);
          await until('nothing of it is left', () => processesOf(tab).length === 0);
          gone.push(performance.now() - began - ended.at(-1));
          const screen = await api.call('atrium.v1.TabService', 'ReadScreen', { tab });
          assert.match(screen.text, reason);
          assert.doesNotMatch(screen.text, /not-ended/);
        }
      });
      const ms = (times) => times.map((one) => one.toFixed(0)).join(', ');
      t.diagnostic(`${name}: ended ${ms(ended)} ms after it was begun, nothing left of it ${ms(gone)} ms later (aim: 1 s); neighbour's echo: calm ${told(calm)}; beside it ${told(under)} (aim: p99 <= 20 ms)`);
      // Looser than R30's 1 s and p99 of 20 ms: a core that something else on the machine
      // has is waited for by the hog, which has to become one, by who ends it and by the echo.
      assert.ok(Math.max(...ended) < 60_000 && Math.max(...gone) < 10_000, `${ms(ended)}; ${ms(gone)}`);
      assert.ok(under.p50 < 200, told(under));
    }
    assert.equal(page.opened, 1);
  });
}

test('P10: people are told, with figures, when the terminals use nearly all the memory that they may, and when no longer', { timeout: 120_000 }, async (t) => {
  const { api, makeTab } = await house(['--memory_limit_mb=300']);
  const short = async () => (await api.call('atrium.v1.SessionService', 'GetSession', { name: 'sessions/main' })).degradations.find((one) => one.kind === 'HOST_MEMORY');
  assert.equal(await short(), undefined);
  const tab = await makeTab('python3', '-c', "held = b'x' * (280 << 20); input()");
  const said = await until('it is said', short, 60_000);
  t.diagnostic(said.message);
  assert.match(said.message, /use \d+ MiB of the 300/);
  await api.call('atrium.v1.TabService', 'DeleteTab', { name: tab });
  await until('it is over', async () => !(await short()), 30_000);
});

test('P5: a session says whether anybody is there, how many are, and when it was last used', { timeout: 60_000 }, async () => {
  const { api, page, echo } = await house();
  const session = () => api.call('atrium.v1.SessionService', 'GetSession', { name: 'sessions/main' });
  const before = await session();
  assert.equal(before.state, 'ACTIVE');
  assert.equal(before.connection_count, 1);
  const second = await new Page(page.who).open();
  await until('two are there', async () => (await session()).connection_count === 2);
  const at = ({ last_active_time: time }) => Number(time.seconds) * 1e9 + time.nanos;
  await until('typing counts', async () => (await echo.once()) > 0 && at(await session()) > at(before));
  second.close();
  page.close();
  await until('nobody is there', async () => (await session()).state === 'DISCONNECTED' && (await session()).connection_count === 0, 30_000);
});
