// P2, P9: a hundred sockets and a hundred sessions at once. How long it takes is told
// here and measured in tests/bench; that everything arrives is what is tested.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figures, told } from './echo.mjs';
import { house } from './house.mjs';
import { enter, Page } from './socket.mjs';
import { until } from './stack.mjs';

const COUNT = 100;
const { stack, api, person, makeTab } = await house();
const all = (work) => Promise.all(Array.from({ length: COUNT }, (_, i) => work(i)));

test('P2, P9, P7: a hundred sockets in a hundred sessions: each command\'s result comes to its own and to nobody else', { timeout: 180_000 }, async (t) => {
  const rooms = await all(async (i) => {
    const { name } = await api.call('atrium.v1.SessionService', 'CreateSession', { session: { display_name: `Room ${i}` }, request_id: `room-${i}` }, { deadlineMs: 60_000 });
    const tab = (await api.call('atrium.v1.TabService', 'CreateTab', { parent: name, tab: { command: ['bash', '-c', 'stty -echo; while read -r a b; do echo "[$a:$((a*b))]"; done'] } }, { deadlineMs: 60_000 })).name;
    const { secret } = await api.call('atrium.v1.SessionService', 'CreateInvite', { parent: name, invite: { role: 'EDITOR' } }, { deadlineMs: 60_000 });
    return { name, tab, who: await enter(stack, `${stack.origin}/join/${secret}`), seen: '', answers: 0 };
  });
  const connects = [], rounds = [];
  await all(async (i) => {
    const room = rooms[i], began = performance.now();
    room.page = await new Page(room.who).open();
    connects.push(performance.now() - began);
    room.page.subscribe(room.tab, (_at, bytes) => {
      room.seen += bytes.toString('latin1');
      room.hear?.();
    });
  });
  // All at once, several times; the numbers name the room, so that a mix-up shows.
  for (let turn = 1; turn <= 5; turn += 1) {
    await all(async (i) => {
      const room = rooms[i], factor = 1000 * turn + i, began = performance.now();
      const result = `[${turn}:${turn * factor}]`;
      const came = new Promise((done, fail) => {
        const late = setTimeout(() => fail(new Error(`room ${i} has no ${result}: ${room.seen}`)), 60_000);
        room.hear = () => {
          if (!room.seen.includes(result)) return;
          clearTimeout(late);
          done();
        };
      });
      room.page.type(room.tab, `${turn} ${factor}\r`);
      await came;
      rounds.push(performance.now() - began);
    });
  }
  for (const [i, { seen, page }] of rooms.entries()) {
    const expected = [1, 2, 3, 4, 5].map((turn) => `[${turn}:${turn * (1000 * turn + i)}]`);
    assert.deepEqual(seen.match(/\[\d+:\d+\]/g), expected, `room ${i}`);
    assert.equal(page.opened, 1);
  }
  t.diagnostic(`${COUNT} at the same moment: connect ${told(figures(connects))}`);
  t.diagnostic(`${COUNT} at the same moment: a command there and back ${told(figures(rounds))}`);
  // By the API too, all at once: each runs in a tab of its own.
  const runs = await all((i) => api.call('atrium.v1.TabService', 'RunCommand', { parent: rooms[i].name, command: `echo run-$((${i}*7)); exit ${i % 100}` }, { deadlineMs: 120_000 }));
  runs.forEach(({ output, exit_code: code }, i) => {
    assert.match(output.toString(), new RegExp(`run-${i * 7}\\r?\\n`));
    assert.equal(code, i % 100);
  });
  rooms.forEach(({ page }) => page.close());
});

test('P9: a hundred sockets in one session see the same result of a command', { timeout: 120_000 }, async () => {
  const tab = await makeTab('bash', '-c', 'stty -echo; while read -r a b; do echo "[$a:$((a*b))]"; done');
  // Twenty sockets of one participant at most: five of them.
  const people = [];
  for (let i = 0; i < 5; i += 1) people.push(await person());
  const pages = await all(async (i) => ({ page: await new Page(people[i % 5]).open(), seen: '' }));
  for (const one of pages) one.page.subscribe(tab, (_at, bytes) => { one.seen += bytes.toString('latin1'); });
  await until('all follow', () => pages.every(({ page }) => page.offsets.has(tab)), 30_000);
  pages[0].page.type(tab, '6 7\r');
  await until('all see it', () => pages.every(({ seen }) => seen.includes('[6:42]')), 30_000);
  pages.forEach(({ page }) => page.close());
});
