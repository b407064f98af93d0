// M8, V9: a hundred who come and go leave nothing behind.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { house } from './house.mjs';
import { inviteLink } from './services.mjs';
import { enter, Page } from './socket.mjs';
import { until } from './stack.mjs';

const { stack, api, person, makeTab } = await house();

const counts = () => Object.fromEntries(['control', 'gateway', 'terminal'].map((name) => [
  name, { threads: readdirSync(`/proc/${stack.pid(name)}/task`).length, descriptors: readdirSync(`/proc/${stack.pid(name)}/fd`).length },
]));

test('M8: 100 joins and leaves leave no thread, descriptor or subscription', { timeout: 120_000 }, async () => {
  const link = await inviteLink(stack, api, 'EDITOR');
  const who = await Promise.all(Array.from({ length: 10 }, () => enter(stack, link)));
  const tab = await makeTab();
  const round = async () => {
    const pages = await Promise.all(Array.from({ length: 100 }, async (_, i) => {
      const page = await new Page(who[i % 10]).open();
      page.subscribe(tab, () => {});
      return page;
    }));
    await until('all see the tab', () => pages.every((page) => page.offsets.has(tab)), 30_000);
    pages.forEach((page) => page.close());
    await until('all have left', async () => {
      const session = await api.call('atrium.v1.SessionService', 'GetSession', { name: 'sessions/main' });
      return session.connection_count === 0;
    });
  };
  await round(); // What is made once: pools, caches.
  await until('leases have ended', async () => (await watch()).participants.length === 0, 20_000);
  const before = counts();
  await round();
  await until('leases have ended', async () => (await watch()).participants.length === 0, 20_000);
  let now;
  // gRPC's pools get a few more threads the first time that they are short of some.
  await until('all is as before', () => {
    now = counts();
    return Object.keys(before).every((name) => now[name].descriptors <= before[name].descriptors && now[name].threads <= before[name].threads + 4);
  }, 20_000).catch(() => assert.deepEqual(now, before));
});

test('M8, M5: a page that saw more tabs come and go than it may follow at once follows the next', { timeout: 60_000 }, async () => {
  const page = await new Page(await person()).open();
  for (let i = 0; i < 70; i += 1) {
    const tab = await makeTab('echo', `tab-${i}`);
    page.subscribe(tab, () => {});
    await until(`tab ${i} is seen`, () => page.offsets.has(tab));
    await api.call('atrium.v1.TabService', 'DeleteTab', { name: tab });
    await until(`its end is told`, () => page.changes.some((change) => change.deletedTab === tab));
    page.outputs.delete(tab);
  }
  page.close();
});

async function watch() {
  const stream = await api.open('atrium.v1.SessionService', 'WatchSession', { name: 'sessions/main' });
  return new Promise((resolve, reject) => {
    stream.on('error', (error) => { if (error.code !== 1) reject(error); });
    stream.on('data', (message) => {
      if (message.snapshot) {
        stream.cancel();
        resolve(message.snapshot);
      }
    });
  });
}
