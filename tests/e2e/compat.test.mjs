// The source systems' sockets, spoken as their programs speak them.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessToken, decodeBuffer, open, Socket } from './compat.mjs';
import { connect, inviteLink } from './services.mjs';
import { enter, Page } from './socket.mjs';
import { Stack, until } from './stack.mjs';

let stack, api, who, token, viewerToken, page, name, id, seen = '';
before(async () => {
  stack = await new Stack().start();
  api = await connect(stack);
  who = await enter(stack, await inviteLink(stack, api, 'EDITOR'));
  token = await accessToken(who);
  viewerToken = await accessToken(await enter(stack, await inviteLink(stack, api, 'VIEWER')));
  page = await new Page(who).open();
  name = (await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command: ['bash', '--norc'] } })).name;
  id = name.split('/').at(-1);
  page.subscribe(name, (_at, bytes) => { seen += bytes.toString(); });
  page.type(name, "PS1='$ '\r");
  await until('the shell answers', () => /\$ $/.test(seen));
});
after(async () => {
  page?.close();
  api?.close();
  await stack?.stop();
});

let turn = 100;
async function echoes(type) {
  const n = (turn += 1);
  await type(`echo got-$((${n}+1000))\r`);
  await until('the terminal has it', () => seen.includes(`got-${n + 1000}`));
}
const closing = async (path, options) => (await open(stack, path, options)).closed;

test('T4: who may come in is decided before the upgrade, on every socket', async () => {
  const status = async (path, headers) => {
    const socket = new Socket(stack, path, { headers });
    const result = await socket.result;
    socket.socket.terminate();
    return result;
  };
  const ticket = `${token.slice(0, -6)}AAAAAA`;
  for (const path of ['/buffers', `/ws/input?sessionId=${id}`, `/ws/terminal?session_id=${id}`, `/ws?session_id=${id}`, '/ws/screencap-signal']) {
    const and = path.includes('?') ? '&' : '?';
    assert.equal(await status(path), 401, path);
    assert.equal(await status(`${path}${and}token=nonsense`), 401, path);
    assert.equal(await status(`${path}${and}token=${ticket}`), 401, path);
    assert.equal(await status(path, { Authorization: 'Bearer nonsense' }), 401, path);
    assert.equal(await status(path, { Cookie: who.cookie }), 401, `${path}: a cookie is no token`);
    assert.equal(await status(`${path}${and}token=${token}`, { Origin: 'http://evil.example' }), 403, path);
    assert.equal(await status(`${path}${and}token=${token}&room=elsewhere`), 404, path);
    assert.equal(await status(`${path}${and}token=${token}`), 101, path);
    assert.equal(await status(path, { Authorization: `Bearer ${token}` }), 101, path);
    assert.equal(await status(path, { Authorization: `Bearer ${stack.serviceToken()}` }), 101, `${path}: between servers`);
  }
  assert.equal(await status(`/ws?token=${token}`), 401, 'our own socket takes no token in its address');
  assert.equal(await status(`/nothing?token=${token}`), 404);
  const plain = await fetch(`${stack.origin}/buffers?token=${token}`);
  assert.equal(plain.status, 426);
  assert.equal(plain.headers.get('sec-websocket-version'), '13');
});

test('T1: /buffers sends whole screens of what was subscribed', async () => {
  const socket = await open(stack, `/buffers?token=${token}`);
  await socket.hears('the greeting', (one) => one.type === 'connected');
  assert.deepEqual(socket.texts[0], { type: 'connected', version: '1.0' });
  socket.send({ type: 'subscribe', sessionId: id });
  await socket.hears('the subscription', (one) => one.type === 'subscribed' && one.sessionId === id);
  assert.equal(socket.order.indexOf('binary') < socket.order.indexOf('subscribed'), true, 'a snapshot comes first');
  const screens = () => socket.binaries.map(decodeBuffer);
  const first = screens()[0];
  assert.equal(first.id, id);
  assert.deepEqual([first.cols, first.viewportY], [80, 0]);
  page.type(name, "clear; printf '\\e[1;31mR\\e[0m\\e[38;2;1;2;3mT\\e[0m é漢😀\\n'\r");
  const drawn = await until('the cells', () => screens().find((one) => one.text.some((line) => line.includes('RT é漢😀'))));
  const line = drawn.lines[drawn.text.findIndex((one) => one.includes('RT é漢😀'))];
  assert.deepEqual(line[0], { char: 'R', attributes: 1, fg: 1 });
  assert.deepEqual(line[1], { char: 'T', attributes: 0, fg: '010203' });
  assert.equal(drawn.lines[drawn.cursorY].length, drawn.cursorX === 2 ? 1 : drawn.cursorX);
  socket.send({ type: 'ping' });
  const pong = await socket.hears('a pong', (one) => one.type === 'pong');
  assert.ok(Math.abs(pong.timestamp - Date.now()) < 60_000);
  socket.send({ type: 'unsubscribe', sessionId: id });
  socket.send({ type: 'ping' });
  await until('the second pong', () => socket.texts.filter((one) => one.type === 'pong').length === 2);
  const before = socket.binaries.length;
  await echoes((text) => page.type(name, text));
  assert.equal(socket.binaries.length, before);
  socket.close();
});

test('T1, T5: one /buffers socket has many terminals, answers what is wrong, and goes on after 10,000 lines', async () => {
  const other = (await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main' })).name;
  const otherId = other.split('/').at(-1);
  const socket = await open(stack, `/buffers?token=${viewerToken}`);
  for (const one of [id, otherId]) socket.send({ type: 'subscribe', sessionId: one });
  for (const one of [id, otherId]) await socket.hears('a subscription', (text) => text.type === 'subscribed' && text.sessionId === one);
  for (const [bad, field] of [['{', /message/], [{ type: 'dance' }, /type/], [{ type: 'subscribe' }, /sessionId/], [{ type: 'subscribe', sessionId: 'nope' }, /sessionId/], [Buffer.from('x'), /message/]]) {
    const count = socket.texts.length;
    socket.send(bad);
    const error = await until('an error', () => socket.texts.slice(count).find((one) => one.type === 'error'));
    assert.match(error.message, field);
  }
  page.type(name, 'seq 1 12000; echo after-$((1+12000))\r');
  await until('the screen goes on', () => socket.binaries.some((one) => decodeBuffer(one).text.some((line) => line.startsWith('after-12001'))));
  const last = socket.binaries.map(decodeBuffer).filter((one) => one.id === id).at(-1);
  assert.ok(last.rows <= 24 && last.text.includes('12000'));
  await api.call('atrium.v1.TabService', 'DeleteTab', { name: other });
  await socket.hears('the end of one', (one) => one.type === 'error' && one.message.includes(otherId));
  socket.close();
});

test('T2: /ws/input types raw text and keys', async () => {
  const socket = await open(stack, `/ws/input?sessionId=${id}&token=${token}`);
  await echoes((text) => socket.send(text));
  socket.send('echo key-$((5+1))');
  socket.send('\0enter\0');
  await until('enter', () => seen.includes('key-6'));
  const from = seen.length;
  socket.send('cat -v\r');
  await until('cat', () => /cat -v\r\n/.test(seen.slice(from)));
  socket.send('\0arrow_up\0\0arrow_up\0');
  socket.send('\0arrow_up\0');
  socket.send('\0f1\0');
  socket.send(Buffer.from('bin'));
  socket.send('\0enter\0');
  await until('the keys', () => seen.slice(from).includes('^[[A^[OPbin'));
  assert.ok(seen.slice(from).includes('^@arrow_up^@^@arrow_up^@'), 'an unknown key is text, NULs included');
  socket.send('\x03');
  await until('a prompt', () => /\$ $/.test(seen));
  await echoes((text) => socket.send(text));
  socket.close();
});

test('T2: arrows honour application cursor mode', async () => {
  const own = (await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command: ['bash', '--norc', '-c', "printf '\\e[?1hready'; cat -v"] } })).name;
  let shown = '';
  page.subscribe(own, (_at, bytes) => { shown += bytes.toString(); });
  await until('it is ready', () => page.offsets.has(own));
  const socket = await open(stack, `/ws/input?sessionId=${own.split('/').at(-1)}&token=${token}`);
  for (const key of ['a', '\0arrow_down\0', '\0home\0', 'b', '\0enter\0']) socket.send(key);
  await until('the application form, in order', () => shown.includes('a^[OB^[[Hb\r\n'));
  socket.close();
  await api.call('atrium.v1.TabService', 'DeleteTab', { name: own });
});

test('T2, T5: what is wrong on /ws/input closes it with a code and a reason', async () => {
  assert.deepEqual(await closing(`/ws/input?token=${token}`), { code: 1008, reason: 'sessionId is missing' });
  assert.equal((await closing(`/ws/input?sessionId=nope&token=${token}`)).code, 4004);
  const viewer = await open(stack, `/ws/input?sessionId=${id}&token=${viewerToken}`);
  viewer.send('echo intruder\r');
  assert.equal((await viewer.closed).code, 4001);
  const large = await open(stack, `/ws/input?sessionId=${id}&token=${token}`);
  large.send(Buffer.alloc(65 << 10));
  assert.equal((await large.closed).code, 1009);
  await echoes((text) => page.type(name, text));
  assert.doesNotMatch(seen, /intruder/);
});

test('T7: /buffers lives across terminals, /ws/input ends with its own', { timeout: 30_000 }, async () => {
  const make = async () => (await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command: ['bash', '-c', 'echo served; read end'] } })).name;
  const idOf = (tab) => tab.split('/').at(-1);
  const first = await make(), second = await make();
  const buffers = await open(stack, `/buffers?token=${token}`);
  const shows = (tab) => until(`${tab} is shown`, () => buffers.binaries.map(decodeBuffer).some((one) => one.id === idOf(tab) && one.text.join('\n').includes('served')));
  const inputs = [];
  for (const tab of [first, second]) {
    buffers.send({ type: 'subscribe', sessionId: idOf(tab) });
    inputs.push(await open(stack, `/ws/input?sessionId=${idOf(tab)}&token=${token}`));
  }
  await shows(first);
  // One is closed by somebody, of the other the program ends.
  await api.call('atrium.v1.TabService', 'DeleteTab', { name: first });
  assert.equal((await inputs[0].closed).code, 4005);
  await buffers.hears('it is told', ({ type, message }) => type === 'error' && message.includes(idOf(first)));
  await shows(second);
  inputs[1].send('\0enter\0');
  assert.equal((await inputs[1].closed).code, 4005);
  await api.call('atrium.v1.TabService', 'DeleteTab', { name: second });
  // The same /buffers goes on with a terminal that came later.
  const third = await make();
  buffers.send({ type: 'subscribe', sessionId: idOf(third) });
  await shows(third);
  assert.equal(buffers.socket.readyState, 1);
  buffers.close();
  await buffers.closed;
  await api.call('atrium.v1.TabService', 'DeleteTab', { name: third });
});

test('T7: a signalling message of 64 KiB is heard, a longer one is answered with what is wrong, and the socket goes on', { timeout: 30_000 }, async () => {
  const socket = await open(stack, `/ws/screencap-signal?token=${token}`);
  await socket.hears('it is ready', ({ type }) => type === 'ready');
  const message = (bytes, mode) => {
    const empty = JSON.stringify({ type: 'mac-ready', mode, pad: '' });
    return JSON.stringify({ type: 'mac-ready', mode, pad: 'x'.repeat(bytes - empty.length) });
  };
  const errors = () => socket.texts.filter(({ type }) => type === 'error');
  socket.send(message(64 * 1024 + 1, 'desktop'));
  await until('it is refused', () => errors().length === 1);
  assert.match(errors()[0].data, /`message` is longer than 65536 bytes/);
  // Taken as what it is: whoever made itself the capture peer is asked to start.
  socket.send(message(64 * 1024, 'desktop'));
  const viewer = await open(stack, `/ws/screencap-signal?token=${token}`);
  await until('the capture peer is asked', () => {
    viewer.send({ type: 'start-capture', mode: 'desktop', displayIndex: 0 });
    return socket.texts.some(({ type }) => type === 'start-capture');
  });
  assert.equal(errors().length, 1);
  // It serves while the capture peer is there: with that the viewers' screen is gone.
  socket.close();
  await viewer.hears('it is told', ({ type }) => type === 'capture-stopped' || type === 'capture-error' || type === 'error');
  viewer.close();
});

test('M5, M6, M10: /ws/terminal: the list, the terminal, its replay, and what others open and close', async () => {
  page.type(name, 'clear; echo before-$((40+2))\r');
  await until('it is there', () => seen.includes('before-42'));
  const socket = await open(stack, `/ws/terminal?session_id=${id}&token=${token}`);
  await until('the replay', () => socket.binaries.length > 0);
  assert.deepEqual(socket.order.slice(0, 3), ['tab:list', 'session_info', 'binary']);
  const [list, information] = socket.texts;
  assert.deepEqual(Object.keys(list.tabs[0]), ['session_id', 'shell_id', 'title', 'created_at']);
  assert.ok(list.tabs.some((tab) => tab.session_id === id && tab.shell_id === 'bash' && !Number.isNaN(Date.parse(tab.created_at))));
  assert.deepEqual(information, { type: 'session_info', session_id: id, shell: 'bash', tab_id: id, cols: 80, rows: 24 });
  assert.match(socket.binaries[0].toString(), /before-42/);
  const short = await open(stack, `/ws?session_id=${id}&skip_buffer=true&token=${token}`);
  await short.hears('its terminal', (one) => one.type === 'session_info');
  // What came before its screen was read is skipped with it.
  await until('the output', async () => {
    await echoes((text) => socket.send(Buffer.from(text)));
    return [socket, short].every((one) => one.output().includes(`got-${turn + 1000}`));
  });
  assert.doesNotMatch(short.output(), /before-42/);
  socket.send({ type: 'ping' });
  await socket.hears('a pong', (one) => one.type === 'pong');
  for (const [bad, field] of [[{ type: 'resize', cols: 80 }, /rows/], [{ type: 'resize', cols: 0, rows: 24 }, /cols/], ['x', /message/], [{ type: 'nope' }, /type/]]) {
    const count = socket.texts.length;
    socket.send(bad);
    await until('an error', () => socket.texts.slice(count).some((one) => one.type === 'error' && field.test(one.message)));
  }
  const made = await open(stack, `/ws/terminal?shell=sh&token=${token}`);
  const its = await made.hears('a terminal of its own', (one) => one.type === 'session_info');
  assert.equal(its.shell, 'sh');
  assert.equal(made.order.includes('tab:remote_created'), false, 'its own is no news');
  const news = await socket.hears('the news', (one) => one.type === 'tab:remote_created');
  assert.equal(news.session_id, its.session_id);
  made.send(Buffer.from('echo sh-$((1+1))\r'));
  await until('it runs', () => made.output().includes('sh-2'));
  made.send({ type: 'resize', cols: 100, rows: 30 });
  made.send(Buffer.from('stty size\r'));
  await until('its size', () => made.output().includes('30 100'));
  made.close();
  const again = await open(stack, `/ws/terminal?session_id=${its.session_id}&token=${token}`);
  await until('M3: it outlives its first', () => again.output().includes('sh-2'));
  again.send(Buffer.from('exit\r'));
  assert.equal((await again.closed).code, 4005);
  await api.call('atrium.v1.TabService', 'DeleteTab', { name: `sessions/main/tabs/${its.session_id}` });
  const gone = await socket.hears('that it was closed', (one) => one.type === 'tab:remote_closed');
  assert.deepEqual(gone, { type: 'tab:remote_closed', session_id: its.session_id });
  for (const one of [socket, short]) one.close();
});

test('M10, P4: what is said before the terminal is there waits for it', async () => {
  const socket = await open(stack, `/ws/terminal?shell=sh&token=${token}`);
  socket.send({ type: 'resize', cols: 101, rows: 31 });
  socket.send(Buffer.from('stty size; echo early-$((1+1))\r'));
  await until('the shell took it', () => /31 101[^]*early-2/.test(socket.output()));
  const its = (await socket.hears('which it is', (one) => one.type === 'session_info')).session_id;
  socket.send(Buffer.from('exit\r'));
  await socket.closed;
  await api.call('atrium.v1.TabService', 'DeleteTab', { name: `sessions/main/tabs/${its}` });
  // A card keeps it from being there.
  const policy = (action) => api.call('atrium.v1.SessionService', 'UpdateSession', { session: { name: 'sessions/main', command_policy: { default_action: action } }, update_mask: { paths: ['command_policy'] } });
  await policy('ASK');
  const flood = await open(stack, `/ws/terminal?shell=sh&token=${token}`);
  for (let i = 0; i < 5; i++) flood.send(Buffer.alloc(60_000, 'x'));
  const refused = await flood.hears('that it is too much', (one) => one.type === 'error');
  assert.match(refused.message, /no terminal yet/);
  flood.close();
  await policy('ALLOW');
});

test('M6: /ws/terminal closes with 4000, 4001, 4004 and 4005', async () => {
  assert.equal((await closing(`/ws/terminal?token=${token}`)).code, 4000);
  assert.equal((await closing(`/ws/terminal?shell=bash&token=${viewerToken}`)).code, 4001);
  assert.equal((await closing(`/ws/terminal?session_id=nope&token=${token}`)).code, 4004);
  assert.equal((await closing(`/ws/terminal?session_id=../x&token=${token}`)).code, 4004);
  const ended = (await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command: ['true'] } })).name;
  await until('it ended', async () => (await api.call('atrium.v1.TabService', 'GetTab', { name: ended })).state === 'EXITED');
  assert.equal((await closing(`/ws/terminal?session_id=${ended.split('/').at(-1)}&token=${token}`)).code, 4005);
  await api.call('atrium.v1.TabService', 'DeleteTab', { name: ended });
  assert.equal((await closing(`/ws/terminal?shell=rm%20-rf&token=${token}`)).code, 1008);
});

test('S4: a viewer sees /ws/terminal and types nothing into it', async () => {
  const viewer = await open(stack, `/ws/terminal?session_id=${id}&token=${viewerToken}`);
  await until('it sees', () => viewer.binaries.length > 0);
  viewer.send(Buffer.from('echo intruder\r'));
  await viewer.hears('an error', (one) => one.type === 'error');
  await echoes((text) => page.type(name, text));
  assert.doesNotMatch(seen, /intruder/);
  viewer.close();
});

const envelope = (type, payload, more = {}) => ({ type, sessionId: id, payload, timestamp: Date.now(), messageId: `m${(turn += 1)}`, ...more });
async function asks(socket, message) {
  socket.send(message);
  return socket.hears(`the answer to ${message.messageId}`, (one) => one.messageId === message.messageId);
}

test('P4: the envelope: output, control and heartbeats', async () => {
  const socket = await open(stack, `/ws/terminal?session_id=${id}&token=${token}`, { protocol: 'terminal-message.v1' });
  assert.equal(socket.socket.protocol, 'terminal-message.v1');
  const text = () => socket.texts.filter((one) => one.type === 'output').map((one) => one.payload).join('');
  await until('the replay', () => text().length > 0);
  await echoes((typed) => socket.send(Buffer.from(typed)));
  await until('output', () => text().includes(`got-${turn + 1000}`));
  for (const one of socket.texts) {
    assert.deepEqual(Object.keys(one), ['type', 'sessionId', 'payload', 'timestamp', 'messageId']);
    assert.equal(one.sessionId, id);
  }
  assert.equal((await asks(socket, envelope('heartbeat', {}))).type, 'heartbeat');
  const from = seen.length;
  socket.send(Buffer.from('sleep 100\r'));
  await until('it sleeps', () => seen.slice(from).includes('sleep 100\r\n'));
  assert.deepEqual((await asks(socket, envelope('control', { action: 'interrupt' }))).payload, { action: 'interrupt', ok: true });
  await until('it was interrupted', () => seen.slice(from).includes('^C'));
  assert.deepEqual((await asks(socket, envelope('control', { action: 'clear' }))).payload, { action: 'clear', ok: true });
  assert.deepEqual((await asks(socket, envelope('control', { action: 'resize', parameters: { cols: 90, rows: 25 } }))).payload, { action: 'resize', ok: true });
  for (const [message, field] of [
    [envelope('control', { action: 'dance' }), 'payload.action'], [envelope('control', { action: 'resize', parameters: { cols: 1, rows: 2 } }), 'payload.parameters.cols'],
    [envelope('output', 'x'), 'type'], [envelope('command', {}), 'payload.command'], [envelope('control', { action: 'clear' }, { sessionId: 'other' }), 'sessionId'],
  ]) assert.equal((await asks(socket, message)).payload.field, field);
  assert.equal(socket.binaries.length, 0, 'nothing is binary');
  assert.deepEqual((await asks(socket, envelope('control', { action: 'disconnect' }))).payload, { action: 'disconnect', ok: true });
  assert.equal((await socket.closed).code, 1000);
});

test('P4, P7: a command goes through control and is answered under its id', async () => {
  const shell = (await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main' })).name;
  const its = shell.split('/').at(-1);
  const socket = await open(stack, `/ws/terminal?session_id=${its}&token=${token}`, { protocol: 'terminal-message.v1' });
  const count = async () => (await api.call('atrium.v1.TabService', 'ListTabs', { parent: 'sessions/main' })).tabs.length;
  const tabs = await count();
  const command = (payload) => asks(socket, envelope('command', payload, { sessionId: its }));
  const plain = await command({ command: 'echo out-$((1+1)); (exit 3)' });
  assert.equal(plain.type, 'command');
  assert.equal(plain.payload.exitCode, 3);
  assert.match(plain.payload.output, /out-2/);
  const there = await command({ command: 'pwd', workingDirectory: '/usr' });
  assert.match(there.payload.output, /^\/usr/m);
  const with_environment = await command({ command: 'echo $GREETING-$PWD', workingDirectory: '/usr', environment: { GREETING: 'hi' } });
  assert.match(with_environment.payload.output, /hi-\/usr/);
  await until('its tab is closed', async () => (await count()) === tabs);
  socket.close();
  const viewer = await open(stack, `/ws/terminal?session_id=${its}&token=${viewerToken}`, { protocol: 'terminal-message.v1' });
  await until('it sees', () => viewer.texts.length > 0);
  const refused = await asks(viewer, envelope('command', { command: 'id' }, { sessionId: its }));
  assert.match(refused.payload.error, /editor/i);
  viewer.close();
});

test('T5: a participant has twenty sockets at most', async () => {
  const other = await accessToken(await enter(stack, await inviteLink(stack, api, 'VIEWER')));
  const sockets = [];
  for (let i = 0; i < 20; i++) sockets.push(await open(stack, `/buffers?token=${other}`));
  await assert.rejects(open(stack, `/buffers?token=${other}`), /429/);
  sockets.pop().close();
  await until('there is room again', () => open(stack, `/buffers?token=${other}`).then((socket) => sockets.push(socket), () => false));
  for (const socket of sockets) socket.close();
  await echoes((text) => page.type(name, text));
});

test('N4: a killed gateway costs a reconnect, a killed control nothing at all', async () => {
  const socket = await open(stack, `/ws/terminal?session_id=${id}&token=${token}`);
  await until('it sees', () => socket.binaries.length > 0);
  await stack.kill('control');
  await echoes((text) => socket.send(Buffer.from(text)));
  await until('the output', () => socket.output().includes(`got-${turn + 1000}`));
  const made = await until('control is back', () => api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main' }).catch(() => null));
  await socket.hears('the news', (one) => one.type === 'tab:remote_created' && made.name.endsWith(one.session_id));
  socket.close();
});

test('S2, T4: no token was logged', () => {
  for (const process of ['control', 'gateway', 'terminal']) {
    assert.doesNotMatch(stack.log(process), /eyJ[A-Za-z0-9_-]{10}|token=/);
  }
});

for (const flag of ['--no_auth', '--trust_localhost']) {
  test(`T4: ${flag} lets sockets in without a token`, async () => {
    const loose = await new Stack({ controlFlags: [flag] }).start();
    try {
      const sockets = [];
      for (let i = 0; i < 24; i++) sockets.push(await open(loose, '/ws/terminal?shell=sh&skip_buffer=1'));
      for (const socket of sockets.slice(0, 2)) {
        await socket.hears('its terminal', (one) => one.type === 'session_info');
        socket.send(Buffer.from('echo loose-$((1+1))\r'));
        await until('it runs', () => socket.output().includes('loose-2'));
      }
      const foreign = new Socket(loose, '/buffers', { headers: { Origin: 'http://evil.example' } });
      assert.equal(await foreign.result, 403);
      const rebound = new Socket(loose, '/buffers', { headers: { Host: 'rebound.example' } });
      assert.equal(await rebound.result, 403);
      const wrong = new Socket(loose, '/buffers?token=nonsense');
      assert.equal(await wrong.result, 401, 'a wrong token is worse than none');
      for (const socket of sockets) socket.close();
    } finally {
      await loose.stop();
    }
  });
}
