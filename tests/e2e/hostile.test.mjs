// Bad input gets a clear error, to the one who sent it; nothing else is disturbed.
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { after, before, test } from 'node:test';
import WebSocket from 'ws';
import { connect, inviteLink } from './services.mjs';
import { enter, Page, proof, ticket } from './socket.mjs';
import { Stack, until } from './stack.mjs';

let stack, api, who, witness, tab, seen = '';
before(async () => {
  stack = await new Stack().start();
  api = await connect(stack);
  who = await enter(stack, await inviteLink(stack, api, 'EDITOR'));
  witness = await new Page(who).open();
  tab = (await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main' })).name;
  witness.subscribe(tab, (_at, bytes) => { seen += bytes.toString('latin1'); });
});
after(async () => {
  witness?.close();
  api?.close();
  await stack?.stop();
});

let turn = 0;
async function undisturbed() {
  turn += 1;
  witness.type(tab, `echo fine-$((${turn}+1000))\r`);
  await until('the others go on', () => seen.includes(`fine-${turn + 1000}`));
  assert.equal(witness.opened, 1);
}

function http(method, path, headers = {}, body = '') {
  return new Promise((resolve, reject) => {
    const ask = request({ host: '127.0.0.1', port: stack.port, method, path, headers: { Host: `localhost:${stack.port}`, ...headers } }, (answer) => {
      let text = '';
      answer.on('data', (piece) => { text += piece; });
      answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }));
    });
    ask.on('error', reject);
    ask.end(body);
  });
}

const upgrade = (protocols, headers = {}) => new Promise((resolve) => {
  const socket = new WebSocket(`ws://127.0.0.1:${stack.port}/ws`, protocols, { headers: { Host: `localhost:${stack.port}`, ...headers } });
  socket.on('unexpected-response', (_ask, answer) => resolve(answer.statusCode));
  socket.on('open', () => { socket.close(); resolve(101); });
  socket.on('error', () => resolve('error'));
});

test('T4, S1: wrong tokens and foreign origins are refused before the upgrade', async () => {
  const origin = { Origin: stack.origin };
  assert.equal(await upgrade(['atrium.v1'], origin), 401);
  assert.equal(await upgrade(['atrium.v1', 'ticket.nonsense'], origin), 401);
  const good = await ticket(who);
  for (const bad of ['http://evil.example', 'null', `http://localhost:${stack.port}.evil.example`, `https://localhost:${stack.port}`]) {
    assert.equal(await upgrade(['atrium.v1', `ticket.${good}`], { Origin: bad }), 403, bad);
  }
  assert.equal(await upgrade(['atrium.v1', `ticket.${good}`], { Origin: stack.origin, Host: 'rebound.example' }), 403);
  assert.equal(await upgrade(['atrium.v1', `ticket.${good}`], origin), 101);
  await undisturbed();
});

test('S1: every route that acts asks for our own origin', async () => {
  for (const path of ['/ticket', '/leave', '/join/anything']) {
    assert.equal((await http('POST', path, proof(who))).status, 403, path);
    assert.equal((await http('POST', path, { ...proof(who), Origin: 'http://evil.example' })).status, 403, path);
  }
  assert.equal((await http('GET', '/nothing')).status, 404);
  assert.equal((await http('DELETE', '/ticket', { Origin: stack.origin })).status, 405);
  assert.equal((await http('GET', '/', { Host: 'evil.example' })).status, 403);
});

test('S1, S2: the cookie, which other ports of this host are sent too, is half of a credential', async () => {
  const other = await enter(stack, await inviteLink(stack, api, 'EDITOR'));
  const buy = async (path, headers) => {
    const answer = await http('POST', path, { Origin: stack.origin, ...headers });
    return [answer.status, answer.status === 200 ? '' : JSON.parse(answer.text).reason];
  };
  const [name, half] = who.cookie.split('=');
  assert.equal(name, `atrium-${stack.port}`, 'two servers of one host have a cookie each');
  assert.ok(half.length >= 20 && who.key.length >= 20 && half !== who.key);
  const alone = { Cookie: who.cookie }, key = { 'Atrium-Key': who.key };
  for (const path of ['/ticket', '/leave']) {
    assert.deepEqual(await buy(path, alone), [401, 'KEY_MISSING'], `${path}: the cookie alone`);
    for (const [what, headers] of Object.entries({
      'the key alone': key,
      'the halves swapped': { Cookie: `${name}=${who.key}`, 'Atrium-Key': half },
      'the cookie twice': { ...alone, 'Atrium-Key': half },
      'the key twice': { Cookie: `${name}=${who.key}`, ...key },
      'both halves in the cookie': { Cookie: `${name}=${half}${who.key}` },
      'both halves in the key': { 'Atrium-Key': `${half}${who.key}` },
      'the key of somebody else': { ...alone, 'Atrium-Key': other.key },
      'the cookie of another port': { Cookie: `atrium-1=${half}`, ...key },
    })) assert.equal((await buy(path, headers))[0], 401, `${path}: ${what}`);
  }
  assert.deepEqual(await buy('/ticket', proof(who)), [200, '']);
  // Half a credential is none: the invite is used, and nothing held is kept.
  const again = await http('POST', new URL(await inviteLink(stack, api, 'VIEWER')).pathname, { Origin: stack.origin, ...alone }, '{}');
  assert.notEqual(JSON.parse(again.text).participant.name, who.participant.name);
  assert.equal((await http('POST', '/leave', { Origin: stack.origin, ...proof(other) })).status, 204);
  assert.equal((await buy('/ticket', proof(other)))[0], 401);
  await undisturbed();
});

test('S2: a page may connect to its own host alone', async () => {
  const connects = async (host) => /connect-src ([^;]*)/.exec((await http('GET', '/', { Host: host })).headers['content-security-policy'])?.[1].trim();
  const own = `localhost:${stack.port}`;
  assert.equal(await connects(own), `'self' ws://${own} wss://${own}`);
  assert.equal(await connects(`127.0.0.1:${stack.port}`), `'self' ws://127.0.0.1:${stack.port} wss://127.0.0.1:${stack.port}`);
  assert.equal(await connects('evil.example; script-src *'), `'self'`, 'a host that is refused is not named');
});

test('S2: a ticket opens one socket, once', async () => {
  const once = await ticket(who);
  const open = () => new Promise((resolve) => {
    const socket = new WebSocket(`${stack.origin.replace('http', 'ws')}/ws`, ['atrium.v1', `ticket.${once}`], { origin: stack.origin });
    socket.on('open', () => socket.send(JSON.stringify({ hello: { session: 'sessions/main', pageId: `once-${Math.random().toString(36).slice(2)}-000000` } })));
    socket.on('message', (data, binary) => { if (!binary && JSON.parse(data).welcome) { resolve('welcome'); socket.close(); } });
    socket.on('close', (code) => resolve(code));
  });
  assert.equal(await open(), 'welcome');
  assert.equal(await open(), 4401);
});

test('T5: malformed and unknown messages are answered to that one', async () => {
  const page = await new Page(who).open();
  const errors = () => page.outcomes.filter((one) => one.code);
  page.socket.send('{"nonsense');
  await until('an error', () => errors().length === 1);
  page.socket.send('{"noSuchMessage": {}}');
  await until('an error', () => errors().length === 2);
  page.socket.send(JSON.stringify({ requestId: '7', subscribe: { tab: 'no tab' } }));
  await until('an error', () => errors().length === 3);
  assert.equal(errors()[2].requestId, '7');
  page.socket.send(JSON.stringify({ requestId: '8', deleteTab: { name: 'sessions/other/tabs/x' } }));
  page.socket.send(JSON.stringify({ requestId: '9', createTab: { environment: { 'LD_PRELOAD': 'x' } } }));
  await until('an error', () => errors().some((one) => one.requestId === '9'));
  page.socket.send(JSON.stringify({ requestId: '10', input: { tab: 'sessions/main/tabs/unknown', sequence: '1', data: '' } }));
  await until('an error', () => errors().some((one) => one.requestId === '10' && /ubscribe/.test(one.message)));
  page.socket.send(JSON.stringify({ requestId: '11', signal: { epoch: '1', offerSdp: 'garbage' } }));
  await until('an error', () => errors().some((one) => one.requestId === '11'));
  assert.equal(page.socket.readyState, WebSocket.OPEN, 'the socket stays');
  page.close();
  await undisturbed();
});

test('R27, S5: an oversized message closes with 1009, a broken frame with 1002', async () => {
  for (const [send, code] of [
    [(socket) => socket.send(Buffer.alloc(2 << 20)), 1009],
    [(socket) => socket._socket.write(Buffer.from([0xc1, 0x80, 0, 0, 0, 0])), 1002],
    [(socket) => socket._socket.write(Buffer.from([0x81, 0x01, 0x41])), 1002],
  ]) {
    const page = await new Page(who).open();
    page.closed = true;
    const closed = new Promise((done) => page.socket.on('close', done));
    send(page.socket);
    assert.equal(await closed, code);
  }
  await undisturbed();
});

test('S5: half a request, and a giant one, cost nothing', async () => {
  const half = connectTcp(stack.port, '127.0.0.1', () => half.write('GET / HTTP/1.1\r\nHost: local'));
  const giant = await http('POST', '/ticket', { Origin: stack.origin, 'Content-Length': String(10 * 2 ** 30) }).catch((error) => error);
  assert.ok(giant.status === 413 || giant instanceof Error, JSON.stringify(giant));
  await undisturbed();
  half.destroy();
});

test('S4: a viewer sends every input and nothing reaches the terminal', async () => {
  const viewer = await new Page(await enter(stack, await inviteLink(stack, api, 'VIEWER'))).open();
  viewer.subscribe(tab, () => {});
  await until('the viewer sees', () => viewer.offsets.has(tab));
  const before = seen.length;
  viewer.type(tab, 'echo intruder\r');
  viewer.say({ resize: { tab, size: { columns: 40, rows: 10 } } });
  for (const [requestId, message] of Object.entries({
    21: { createTab: {} }, 22: { deleteTab: { name: tab } }, 23: { updateTab: { tab: { name: tab, title: 'x' }, updateMask: 'title' } },
    24: { takeControl: { tab } }, 25: { say: { text: 'x' } }, 26: { updateSelf: { muted: false } }, 27: { createInvite: { invite: { role: 'OWNER' } } },
    28: { updateConversation: { conversation: {}, updateMask: 'voice' } }, 29: { decideApproval: { name: 'sessions/main/approvals/x', approve: true } },
    30: { startCapture: { title: 'x', agentSees: true } }, 31: { createCapture: { capture: {} } },
    32: { updateCapture: { capture: { name: 'sessions/main/captures/x', agentSees: true }, updateMask: 'agentSees' } },
  })) viewer.say({ requestId, ...message });
  await until('all are refused', () => [21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32].every((id) => viewer.outcomes.some((one) => one.requestId === String(id) && one.code === 7)));
  await until('the input is refused', () => viewer.outcomes.some((one) => one.reason === 'TERMINAL_REFUSED' && one.code === 7));
  await undisturbed();
  assert.doesNotMatch(seen.slice(before), /intruder/);
  viewer.close();
});

test('N9: revoking an invite cuts off who came by it within a second', async () => {
  const invite = await api.call('atrium.v1.SessionService', 'CreateInvite', { parent: 'sessions/main', invite: { role: 'EDITOR' } });
  const guest = await new Page(await enter(stack, `${stack.origin}/join/${invite.secret}`)).open();
  guest.closed = true;
  const closed = new Promise((done) => guest.socket.on('close', done));
  const began = Date.now();
  await api.call('atrium.v1.SessionService', 'DeleteInvite', { name: invite.name });
  assert.equal(await closed, 4403);
  assert.ok(Date.now() - began < 1000);
  await assert.rejects(ticket(guest.who), /401/);
  await assert.rejects(enter(stack, `${stack.origin}/join/${invite.secret}`), /401/);
});

test('S2: no token, ticket or link was ever logged', () => {
  for (const name of ['control', 'gateway', 'terminal']) {
    assert.doesNotMatch(stack.log(name), /eyJ[A-Za-z0-9_-]{10}|ticket\.|[a-z2-7]{52}/);
  }
});
