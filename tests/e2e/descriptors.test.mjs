// R22: the gateway runs out of descriptors, and has them again.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { get } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { test } from 'node:test';
import { house } from './house.mjs';
import { Page } from './socket.mjs';
import { until } from './stack.mjs';

const { stack, person, makeTab } = await house();

const descriptors = () => readdirSync(`/proc/${stack.pid('gateway')}/fd`).length;
const limit = (to) => execFileSync('prlimit', ['--pid', String(stack.pid('gateway')), `--nofile=${to}`]);
// Over a connection of its own.
const answers = () => new Promise((resolve) => {
  const ask = get({ host: '127.0.0.1', port: stack.port, path: '/healthz', agent: false, timeout: 500, headers: { Host: `localhost:${stack.port}` } }, (answer) => {
    answer.resume();
    resolve(answer.statusCode === 200);
  });
  ask.on('timeout', () => ask.destroy());
  ask.on('error', () => resolve(false));
});

test('R22: without descriptors new connections are refused, old ones stay, and it goes on at once when there are some', async (t) => {
  const page = await new Page(await person()).open();
  const tab = await makeTab('cat');
  let seen = '';
  page.subscribe(tab, (_at, bytes) => { seen += bytes.toString('latin1'); });
  const echo = async (mark) => {
    page.type(tab, `${mark}\r`);
    await until(`the echo of ${mark}`, () => seen.includes(mark));
  };
  await echo('before');
  const began = descriptors();
  for (const round of [1, 2]) {
    limit(`${began + 200}:`);
    const sockets = [];
    for (let i = 0; i < 600; i++) {
      const socket = connectTcp(stack.port, '127.0.0.1');
      socket.on('error', () => {});
      socket.on('close', () => { socket.gone = true; });
      socket.resume();
      t.after(() => socket.destroy());
      sockets.push(socket);
    }
    await until('those that are too many are refused', () => sockets.filter((socket) => socket.gone).length >= 350);
    assert.equal(await answers(), false, 'there are none left');
    await echo(`during-${round}`);
    for (const socket of sockets) socket.destroy();
    await until('they are let go', () => descriptors() < began + 190);
    const released = performance.now();
    await until('it answers again', answers, 1000);
    t.diagnostic(`answers ${(performance.now() - released).toFixed(0)} ms after there were descriptors again`);
    await echo(`after-${round}`);
    limit('8192:');
    assert.equal(await answers(), true);
  }
  assert.equal(page.opened, 1, 'the old one stayed');
  page.close();
});
