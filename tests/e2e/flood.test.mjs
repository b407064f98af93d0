// S5, R27, R17: hostile sockets. What they cost is measured, and whether anybody
// else notices.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { connect as connectTcp } from 'node:net';
import { after, before, test } from 'node:test';
import { accessToken, open } from './compat.mjs';
import { connect, inviteLink } from './services.mjs';
import { enter, Page, ticket } from './socket.mjs';
import { Stack, until } from './stack.mjs';

const MiB = 2 ** 20;
let stack, api, who, page, tab, seen = '';
before(async () => {
  stack = await new Stack().start();
  api = await connect(stack);
  who = await enter(stack, await inviteLink(stack, api, 'EDITOR'));
  page = await new Page(who).open();
  tab = (await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command: ['cat'] } })).name;
  page.subscribe(tab, (_at, bytes) => { seen += bytes.toString('latin1'); });
  await echo();
});
after(async () => {
  page?.close();
  api?.close();
  await stack?.stop();
});

let turn = 0;
// One line until it is back, in ms.
async function echo() {
  const mark = `mark-${(turn += 1)}-`;
  const began = performance.now();
  page.type(tab, `${mark}\r`);
  for (;;) {
    if (seen.includes(mark)) break;
    if (performance.now() - began > 10_000) throw new Error(`no echo of ${mark}`);
    await new Promise((done) => setImmediate(done));
  }
  seen = seen.slice(-1000);
  return performance.now() - began;
}
async function echoes(count) {
  const times = [];
  for (let i = 0; i < count; i++) times.push(await echo());
  times.sort((a, b) => a - b);
  return { p50: times[count >> 1], p99: times[Math.floor(count * 0.99)] };
}
const memory = (process = 'gateway') => Number(readFileSync(`/proc/${stack.pid(process)}/status`, 'utf8').match(/VmRSS:\s+(\d+)/)[1]) * 1024;
const descriptors = () => readdirSync(`/proc/${stack.pid('gateway')}/fd`).length;
const tcp = () => new Promise((resolve) => {
  const socket = connectTcp(stack.port, '127.0.0.1', () => resolve(socket));
  socket.ended = new Promise((done) => socket.on('close', done));
  socket.text = '';
  socket.on('data', (piece) => { socket.text += piece.toString('latin1'); });
  socket.on('error', () => {});
});
const host = () => `Host: localhost:${stack.port}\r\n`;
const upgrade = (path, more = '') => `GET ${path} HTTP/1.1\r\n${host()}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${more}\r\n`;

// A raw WebSocket of our own kind, joined: `socket` is the TCP one.
async function joined(of = who) {
  const socket = await tcp();
  socket.write(upgrade('/ws', `Sec-WebSocket-Protocol: atrium.v1, ticket.${await ticket(of)}\r\n`));
  await until('the upgrade', () => socket.text.startsWith('HTTP/1.1 101'));
  socket.write(frame(0x81, JSON.stringify({ hello: { session: 'sessions/main', pageId: `flood-${Math.random().toString(36).slice(2)}-0000` } })));
  await until('the welcome', () => socket.text.includes('welcome'));
  return socket;
}
function frame(first, payload) {
  const data = Buffer.from(payload);
  const head = data.length < 126 ? Buffer.from([first, 0x80 | data.length]) : Buffer.from([first, 0xfe, data.length >> 8, data.length & 255]);
  return Buffer.concat([head, Buffer.alloc(4), data]);
}

// Runs `attack` while the page types; says what it cost.
async function under(t, attack, { growth = 32 * MiB } = {}) {
  const calm = await echoes(100);
  const before = memory();
  let over = false, peak = before;
  const watch = (async () => {
    while (!over) {
      peak = Math.max(peak, memory());
      await new Promise((done) => setTimeout(done, 20));
    }
  })();
  const attacking = attack();
  const during = await echoes(100);
  await attacking;
  over = true;
  await watch;
  t.diagnostic(`memory ${((peak - before) / MiB).toFixed(1)} MiB more; echo p50 ${calm.p50.toFixed(2)} -> ${during.p50.toFixed(2)} ms, p99 ${calm.p99.toFixed(2)} -> ${during.p99.toFixed(2)} ms`);
  assert.ok(peak - before <= growth, `${(peak - before) / MiB} MiB more`);
  assert.ok(during.p50 <= Math.max(50, calm.p50 * 20), `echo ${during.p50} ms`);
  assert.equal(page.opened, 1, 'the page stayed');
}

test('S5: 900 half requests and half upgrades cost little and are ended', async (t) => {
  const began = descriptors();
  const sockets = [];
  await under(t, async () => {
    for (let i = 0; i < 900; i++) {
      const socket = await tcp();
      socket.write(i % 2 ? `GET /buffers HTTP/1.1\r\n${host()}Upgrade: websocket\r\nX-Slow: ` : 'GET / HT');
      sockets.push(socket);
    }
    // One more byte now and then keeps none of them alive.
    for (let i = 0; i < 4; i++) {
      await new Promise((done) => setTimeout(done, 500));
      for (const socket of sockets) socket.write('x');
    }
  });
  await until('all are ended', async () => descriptors() <= began + 2, 20_000);
  for (const socket of sockets) socket.destroy();
});

test('S5: more connections than there may be push out the slowest, never a page', async (t) => {
  const sockets = [];
  await under(t, async () => {
    for (let i = 0; i < 1500; i++) sockets.push(await tcp());
  });
  await until('the slowest are gone', () => sockets.filter((socket) => socket.destroyed || socket.readyState === 'closed').length >= 400, 20_000);
  for (const socket of sockets) socket.destroy();
  assert.equal((await fetch(`${stack.origin}/healthz`)).status, 200);
});

test('R27: a frame of 2^63 bytes, and of 2^31, end with 1002 and 1009 before anything is kept', async (t) => {
  await under(t, async () => {
    for (const [length, code] of [['8000000000000000', 1002], ['7fffffffffffffff', 1009], ['0000000080000000', 1009], ['0000000000100001', 1009]]) {
      const socket = await joined();
      const at = socket.text.length;
      socket.write(Buffer.concat([Buffer.from('82ff', 'hex'), Buffer.from(length, 'hex'), Buffer.alloc(4), Buffer.alloc(4 * MiB)]));
      await until('the close', () => socket.text.slice(at).includes(String.fromCharCode(code >> 8, code & 255)));
      await socket.ended;
    }
  }, { growth: 8 * MiB });
});

test('R27: fragments without end are bounded, whoever sends them and however many', async (t) => {
  const sockets = [];
  const them = await enter(stack, await inviteLink(stack, api, 'EDITOR'));
  for (let i = 0; i < 15; i++) sockets.push(await joined(them));
  const piece = frame(0x00, Buffer.alloc(60_000, 'x'));
  await under(t, async () => {
    for (const socket of sockets) socket.write(frame(0x02, 'x'));
    for (let i = 0; i < 16; i++) {
      for (const socket of sockets) socket.write(piece);
      await new Promise((done) => setImmediate(done));
    }
    for (const socket of sockets) for (let i = 0; i < 1000; i++) socket.write(frame(0x00, ''));
  });
  for (const socket of sockets) socket.destroy();
});

test('S5: floods of pings and of messages slow nobody else', async (t) => {
  const pings = Buffer.concat(Array.from({ length: 5000 }, () => frame(0x89, 'p')));
  const words = Buffer.concat(Array.from({ length: 2000 }, (_, i) => frame(0x81, JSON.stringify({ pingTimeUs: String(i) }))));
  const sockets = [];
  const them = await enter(stack, await inviteLink(stack, api, 'EDITOR'));
  for (let i = 0; i < 10; i++) sockets.push(await joined(them));
  // Those that flood read nothing.
  for (const socket of sockets) socket.pause();
  await under(t, async () => {
    const end = Date.now() + 3000;
    while (Date.now() < end) {
      for (const [i, socket] of sockets.entries()) if (socket.writableLength < MiB) socket.write(i % 2 ? pings : words);
      await new Promise((done) => setTimeout(done, 5));
    }
  });
  for (const socket of sockets) socket.destroy();
});

test('R17, N3, S5: pages that never read while output floods are cheap, seen, and told after 30 s', async (t) => {
  const noise = (await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command: ['bash', '-c', 'while :; do seq 1 100000; sleep 0.02; done'] } })).name;
  const healthy = await new Page(who).open();
  let bytes = 0;
  healthy.subscribe(noise, (_at, piece) => { bytes += piece.length; });
  await until('it is noisy', () => bytes > MiB);
  const sockets = [];
  for (let i = 0; i < 9; i++) sockets.push(await joined(await enter(stack, await inviteLink(stack, api, 'VIEWER'))));
  const token = await accessToken(who);
  const raw = await open(stack, `/ws/terminal?session_id=${noise.split('/').at(-1)}&token=${token}`);
  await until('it reads', () => raw.binaries.length > 3);
  const began = Date.now();
  await under(t, async () => {
    raw.socket.pause();
    for (const socket of sockets) {
      socket.write(frame(0x81, JSON.stringify({ subscribe: { tab: noise, offset: '-1' } })));
      socket.pause();
    }
    const from = bytes;
    await until('the healthy one goes on', () => bytes > from + 8 * MiB, 20_000);
  });
  const figures = async (name) => Number((await metrics()).match(new RegExp(`^atrium_gateway_${name}(?:{[^}]*})? (\\d+)$`, 'm'))?.[1]);
  await until('it is told why', async () => (await figures('stalled_total')) >= 1, 60_000);
  t.diagnostic(`given up after ${((Date.now() - began) / 1000).toFixed(0)} s`);
  assert.ok(Date.now() - began >= 29_000, 'and not before');
  assert.ok((await figures('skips_total')) > 0 || (await figures('stalled_total')) > 0);
  raw.socket.resume();
  const { code, reason } = await raw.closed;
  assert.equal(code, 4408);
  assert.match(reason, /30 seconds/);
  healthy.close();
  for (const socket of sockets) socket.destroy();
  await api.call('atrium.v1.TabService', 'DeleteTab', { name: noise });
});

const metrics = async () => (await fetch(`${stack.origin}/metrics`, { headers: { Authorization: `Bearer ${stack.serviceToken()}` } })).text();

test('X5, S1: /metrics answers owners on this machine alone', async () => {
  const status = async (headers) => (await fetch(`${stack.origin}/metrics`, { headers })).status;
  assert.equal(await status({}), 401);
  assert.equal(await status({ Authorization: 'Bearer nonsense' }), 401);
  assert.equal(await status({ Cookie: who.cookie }), 401);
  assert.equal(await status({ Authorization: `Bearer ${await accessToken(who)}` }), 403, 'an editor');
  assert.equal(await status({ Authorization: `Bearer ${stack.serviceToken()}`, Origin: 'http://evil.example' }), 403);
  const owner = await enter(stack, stack.ownerLink());
  assert.equal(await status({ Authorization: `Bearer ${await accessToken(owner)}` }), 200);
  await fetch(`${stack.origin}/nothing`);
  const text = await metrics();
  for (const line of [/^atrium_gateway_connections{kind="join"} [1-9]/m, /^atrium_gateway_requests_total{route="\/ws"} [1-9]/m, /^atrium_gateway_requests_total{route="other"} \d/m, /^atrium_gateway_refused_total{reason="[A-Z_]+"} [1-9]/m, /^atrium_gateway_received_bytes_total [1-9]/m]) {
    assert.match(text, line);
  }
  for (let i = 0; i < 50; i++) await fetch(`${stack.origin}/made-up-${i}`);
  assert.doesNotMatch(await metrics(), /made-up/);
});

test('N3, T5: a page may not say how far it is behind', async () => {
  page.say({ requestId: '77', lag: { bytes: '1', skips: '1' } });
  await until('it is refused', () => page.outcomes.some((one) => one.requestId === '77' && one.code === 3 && one.field === 'lag'));
  assert.equal(page.opened, 1);
});

test('P7, S21: a page of one session sees nothing of another, though somebody looks at it', async () => {
  await api.call('atrium.v1.SessionService', 'CreateSession', { session_id: 'elsewhere' });
  const invite = await api.call('atrium.v1.SessionService', 'CreateInvite', { parent: 'sessions/elsewhere', invite: { role: 'EDITOR' } });
  const stranger = await new Page(await enter(stack, `${stack.origin}/join/${invite.secret}`)).open();
  let stolen = '';
  for (const offset of [-1, 0]) {
    if (offset === 0) stranger.offsets.set(tab, 0);
    stranger.subscribe(tab, (_at, bytes) => { stolen += bytes.toString(); });
    await until('it is refused', () => stranger.outcomes.some((one) => one.reason === 'TERMINAL_REFUSED'));
    for (let i = 0; i < 5; i++) await echo();
  }
  assert.equal(stolen, '');
  assert.equal(stranger.screens, 0);
  stranger.close();
});

// All of an answer is there, its body too, which may come by itself.
const answered = (text) => {
  const [head, body] = text.split('\r\n\r\n', 2);
  return body !== undefined && /^HTTP\/1\.1 (200|404)/.test(head) && body.length >= Number(head.match(/content-length: (\d+)/i)?.[1] ?? 0);
};
test('HTTP connections are kept, and let go when their other side is', async () => {
  const began = descriptors();
  for (const path of ['/healthz', '/nothing', '/index.html']) {
    const sockets = [];
    for (let i = 0; i < 20; i++) {
      const socket = await tcp();
      for (let k = 1; k <= 3; k++) {
        socket.text = '';
        socket.write(`GET ${path} HTTP/1.1\r\n${host()}\r\n`);
        await until('an answer', () => answered(socket.text));
        assert.equal(socket.readyState, 'open', `after ${k}`);
      }
      sockets.push(socket);
    }
    for (const socket of sockets) socket.destroy();
    await until('all are let go', () => descriptors() <= began);
  }
});
