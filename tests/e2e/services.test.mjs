// X2, N7: services drive sessions with no code of ours: Node and Python learn the
// API by reflection.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { house } from './house.mjs';
import { until } from './stack.mjs';

const TABS = 'atrium.v1.TabService', SESSIONS = 'atrium.v1.SessionService';
const { stack, api } = await house();

test('X2: grpc-js lists services by reflection and checks health', async () => {
  const services = await api.services();
  for (const name of [SESSIONS, TABS, 'atrium.v1.LiveService', 'grpc.health.v1.Health']) assert.ok(services.includes(name), name);
  assert.equal((await api.call('grpc.health.v1.Health', 'Check', { service: '' }, { token: false })).status, 'SERVING');
  assert.equal((await api.call('grpc.health.v1.Health', 'Check', { service: TABS }, { token: false })).status, 'SERVING');
  await assert.rejects(api.call('grpc.health.v1.Health', 'Check', { service: 'no.Such' }, { token: false }), { code: 5 });
});

test('P2: sessions are created, looked up, listed and ended', async () => {
  const made = await api.call(SESSIONS, 'CreateSession', { session_id: 'ci', session: { display_name: 'CI' }, request_id: 'r-1' });
  assert.equal(made.name, 'sessions/ci');
  const again = await api.call(SESSIONS, 'CreateSession', { session_id: 'ci', request_id: 'r-1' });
  assert.equal(again.name, made.name, 'a retry with the same request_id gets the same session');
  await assert.rejects(api.call(SESSIONS, 'CreateSession', { session_id: 'ci' }), { code: 6 });
  await assert.rejects(api.call(SESSIONS, 'CreateSession', { session_id: 'No Such' }), { code: 3 });
  assert.equal((await api.call(SESSIONS, 'GetSession', { name: 'sessions/ci' })).display_name, 'CI');
  assert.ok((await api.call(SESSIONS, 'ListSessions', {})).sessions.some((one) => one.name === 'sessions/ci'));
});

test('N7: a command is run and answers its output and exit code', async () => {
  const ran = await api.call(TABS, 'RunCommand', { parent: 'sessions/ci', command: 'echo out; echo err >&2; exit 7' });
  assert.equal(ran.exit_code, 7);
  assert.equal(ran.output.toString(), 'out\r\nerr\r\n');
  const killed = await api.call(TABS, 'RunCommand', { parent: 'sessions/ci', command: 'kill -TERM $$' });
  assert.equal(killed.exit_code, 128 + 15);
  const big = await api.call(TABS, 'RunCommand', { parent: 'sessions/ci', command: 'head -c 3000000 /dev/zero | tr "\\0" x' });
  assert.equal(big.output.length, 1 << 20);
  assert.ok(big.truncated);
  const lines = await api.call(TABS, 'RunCommand', { parent: 'sessions/ci', command: 'seq 1 1000000' });
  assert.ok(lines.truncated);
  assert.match(lines.output.toString(), /\r\n999999\r\n1000000\r\n$/, 'the newest is what is answered');
});

test('N7, X2: a retry with the same request_id runs nothing twice', async () => {
  const ask = { parent: 'sessions/ci', command: 'date +%N', request_id: 'once' };
  const [one, two] = await Promise.all([api.call(TABS, 'RunCommand', ask), api.call(TABS, 'RunCommand', ask)]);
  assert.equal(one.output.toString(), two.output.toString());
  assert.equal((await api.call(TABS, 'RunCommand', ask)).output.toString(), one.output.toString());
});

test('N7: a command at a prompt waits for it, and its output is exactly its own', async () => {
  const tab = await api.call(TABS, 'CreateTab', { parent: 'sessions/ci' });
  const runs = await Promise.all(['echo one', 'false', 'printf three'].map((command) => api.call(TABS, 'RunCommand', { parent: 'sessions/ci', tab: tab.name, command })));
  assert.deepEqual(runs.map((run) => run.exit_code), [0, 1, 0]);
  // The shell itself switches bracketed paste off before a command's output.
  assert.equal(runs[0].output.toString().replace('\x1b[?2004l\r', ''), 'one\r\n');
  assert.equal(runs[2].output.toString().replace('\x1b[?2004l\r', ''), 'three');
  const screen = await api.call(TABS, 'ReadScreen', { tab: tab.name });
  assert.match(screen.text, /echo one\n[^\n]*one\n/);
});

test('X2: a deadline names the tab that still runs', async () => {
  const error = await api.call(TABS, 'RunCommand', { parent: 'sessions/ci', command: 'read forever' }, { deadlineMs: 1000 }).catch((caught) => caught);
  assert.equal(error.code, 4);
  assert.match(error.details, /sessions\/ci\/tabs\//);
});

const textOf = (bytes) => Buffer.from(bytes).toString();
const infoOf = (error) => textOf(error.metadata.get('grpc-status-details-bin')[0] ?? '');

test('N7: a tab says what ran in it, while people watch', async () => {
  const tab = await api.call(TABS, 'CreateTab', { parent: 'sessions/ci' });
  for (const command of ['echo one', 'sh -c "exit 3"', 'true']) await api.call(TABS, 'RunCommand', { parent: 'sessions/ci', tab: tab.name, command });
  const list = await api.call(TABS, 'ListCommands', { tab: tab.name, page_size: 2 });
  assert.deepEqual(list.commands.map((command) => [command.number, command.text, command.exit_code]), [[3, 'true', 0], [2, 'sh -c "exit 3"', 3]]);
  const rest = await api.call(TABS, 'ListCommands', { tab: tab.name, page_token: list.next_page_token });
  assert.deepEqual(rest.commands.map((command) => command.text), ['echo one']);
  assert.equal(rest.next_page_token, '');
  const last = async () => (await api.call(TABS, 'GetTab', { name: tab.name })).last_command;
  await until('the tab shows its last command', async () => (await last())?.number === 3);
  assert.equal((await last()).text, 'true');
});

test('N7, X2: a service waits for a pattern, a prompt or the end', async () => {
  const tab = await api.call(TABS, 'CreateTab', { parent: 'sessions/ci', tab: { command: ['/bin/sh', '-c', 'printf "\\033[1mlistening on \\033[32m80"; read x; echo "80; bye"; exit 4'] } });
  const found = await api.call(TABS, 'WaitForOutput', { tab: tab.name, pattern: 'on (\\d+)', offset: 0 });
  assert.equal(found.match, '80');
  const late = await api.call(TABS, 'WaitForOutput', { tab: tab.name, pattern: 'bye', offset: found.offset, timeout: { nanos: 50_000_000 } }).catch((error) => error);
  assert.equal(late.code, 4);
  assert.match(infoOf(late), new RegExp(`offset[^0-9]*${found.offset}`));
  const own = await api.call(TABS, 'WaitForOutput', { tab: tab.name, pattern: 'bye', offset: found.offset }, { deadlineMs: 1000 }).catch((error) => error);
  assert.match(infoOf(own), /offset/, 'it is answered before the own deadline is over');
  const waits = [api.call(TABS, 'WaitForOutput', { tab: tab.name, pattern: 'b[a-z]e', offset: -1 }), api.call(TABS, 'WaitForOutput', { tab: tab.name, exit: true })];
  const stream = await api.open(TABS, 'AttachTab');
  stream.on('error', () => {}).on('data', () => {});
  stream.write({ start: { tab: tab.name, offset: -1, delivery: 'LIVE' } });
  stream.write({ input: Buffer.from('\r') });
  const [bye, exit] = await Promise.all(waits);
  assert.equal(bye.match, 'bye');
  assert.equal(exit.exit_code, 4);
  stream.cancel();
  const shell = await api.call(TABS, 'CreateTab', { parent: 'sessions/ci' });
  await api.call(TABS, 'WaitForOutput', { tab: shell.name, prompt: true });
  for (const [request, code] of [[{ tab: tab.name, prompt: true }, 9], [{ tab: shell.name, pattern: '(' }, 3], [{ tab: shell.name }, 3], [{ tab: 'sessions/ci/tabs/none', exit: true }, 5]]) {
    await assert.rejects(api.call(TABS, 'WaitForOutput', request), { code });
  }
});

for (const shell of ['zsh', 'fish']) {
  test(`N7: ${shell} marks its prompts as whatever user it runs`, async () => {
    const home = execFileSync('mktemp', ['-d', '--tmpdir', 'atrium-home-XXXXXX'], { encoding: 'utf8' }).trim();
    execFileSync('sh', ['-c', `chmod 777 ${home} && touch ${home}/.zshrc && mkdir -p -m 777 ${home}/.local/share/fish/generated_completions && chmod -R 777 ${home}`]);
    try {
      const tab = await api.call(TABS, 'CreateTab', { parent: 'sessions/ci', tab: { command: [shell] }, environment: [{ key: 'HOME', value: home }] });
      await api.call(TABS, 'WaitForOutput', { tab: tab.name, prompt: true });
      const run = await api.call(TABS, 'RunCommand', { parent: 'sessions/ci', tab: tab.name, command: 'sh -c "echo from $HOME; exit 6"' });
      assert.equal(run.exit_code, 6);
      assert.match(textOf(run.output), new RegExp(`from ${home}`));
      const list = await api.call(TABS, 'ListCommands', { tab: tab.name });
      assert.equal(list.commands[0].text, 'sh -c "echo from $HOME; exit 6"');
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });
}

test('S17: whoever goes away while waiting leaves no wait behind', async () => {
  const tab = await api.call(TABS, 'CreateTab', { parent: 'sessions/ci', tab: { command: ['/bin/cat'] } });
  const request = { tab: tab.name, pattern: 'never', timeout: { seconds: 60 } };
  const wait = () => api.call(TABS, 'WaitForOutput', request, { deadlineMs: 400 }).catch((error) => error.code);
  const waits = await Promise.all(Array.from({ length: 70 }, () => api.begin(TABS, 'WaitForOutput', request)));
  await until('there is no room', async () => (await wait()) === 8);
  for (const call of waits) call.cancel();
  await until('there is room again', async () => (await wait()) === 4);
});

test('N7: a screen is read as cells', async () => {
  const tab = await api.call(TABS, 'CreateTab', { parent: 'sessions/ci', tab: { command: ['/bin/sh', '-c', 'printf "\\033[?1h\\033[1;31mred\\033[m \\344\\275\\240"; cat'] } });
  await api.call(TABS, 'WaitForOutput', { tab: tab.name, pattern: '\u4f60', offset: 0 });
  const screen = await api.call(TABS, 'ReadScreen', { tab: tab.name, format: 'CELLS' });
  assert.deepEqual(screen.rows[0].cells.map((cell) => [cell.text, cell.width]), [['r', 1], ['e', 1], ['d', 1], ['', 1], ['\u4f60', 2]]);
  const style = screen.styles[screen.rows[0].cells[0].style];
  assert.equal(style.bold && style.foreground, 2);
  assert.equal(screen.application_cursor_keys, true);
  assert.equal(screen.alternate_screen, false);
});

test('N7: AttachTab reads every byte and types', async () => {
  const tab = await api.call(TABS, 'CreateTab', { parent: 'sessions/ci', tab: { command: ['/bin/cat'] } });
  const stream = await api.open(TABS, 'AttachTab');
  let seen = '';
  stream.on('data', (message) => {
    if (message.output) {
      seen += message.output.data.toString();
      stream.write({ ack_offset: message.output.offset + message.output.data.length });
    }
  });
  const ended = new Promise((done) => stream.on('error', done).on('end', done));
  stream.write({ start: { tab: tab.name, offset: 0, delivery: 'LOSSLESS' } });
  stream.write({ input: Buffer.from('hello\r') });
  await until('it is echoed by the terminal and by cat', () => seen === 'hello\r\nhello\r\n');
  stream.end();
  await ended;
});

test('N7: WatchSession says everything that changes, without a gap', async () => {
  const stream = await api.open(SESSIONS, 'WatchSession', { name: 'sessions/ci' });
  let revision, gap = false;
  const titles = new Set();
  stream.on('error', () => {});
  stream.on('data', (message) => {
    if (message.snapshot) revision = message.snapshot.session.revision;
    if (message.change) {
      gap ||= message.change.revision !== revision + 1;
      revision = message.change.revision;
      if (message.change.tab) titles.add(message.change.tab.title);
    }
  });
  await until('the snapshot', () => revision > 0);
  await api.call(TABS, 'CreateTab', { parent: 'sessions/ci', tab: { title: 'watched' } });
  await until('the tab', () => titles.has('watched'));
  assert.equal(gap, false);
  stream.cancel();
});

test('S21: without a token, or for what is not there, the answers tell nothing', async () => {
  await assert.rejects(api.call(TABS, 'ListTabs', { parent: 'sessions/ci' }, { token: false }), { code: 16 });
  await assert.rejects(api.call(TABS, 'ListTabs', { parent: 'sessions/none' }), { code: 5 });
  await assert.rejects(api.call(TABS, 'ReadScreen', { tab: 'sessions/ci/tabs/none' }), { code: 5 });
  await assert.rejects(api.call(TABS, 'ReadScreen', { tab: '../../etc' }), { code: 3 });
});

test('X2: Python does the same with grpcio alone', () => {
  const out = execFileSync('/usr/bin/python3', [new URL('foreign.py', import.meta.url).pathname, stack.path('control.sock'), stack.path('state/service.token')], { encoding: 'utf8', timeout: 60_000 });
  assert.match(out, /atrium\.v1\.TabService/);
  assert.match(out, /health 1\n/);
  assert.match(out, /exit code 3\n/);
});

test('P2: ending a session ends its shells', async () => {
  const shell = await api.call(TABS, 'CreateTab', { parent: 'sessions/ci' });
  const ran = await api.call(TABS, 'RunCommand', { parent: 'sessions/ci', tab: shell.name, command: 'nohup sleep 1000 >/dev/null 2>&1 & echo pids $$ $!' });
  const pids = ran.output.toString().match(/pids (\d+) (\d+)/).slice(1);
  const lives = (pid) => existsSync(`/proc/${pid}`) && !/State:\sZ/.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  assert.ok(pids.every(lives));
  await api.call(SESSIONS, 'DeleteSession', { name: 'sessions/ci' });
  await assert.rejects(api.call(SESSIONS, 'GetSession', { name: 'sessions/ci' }), { code: 5 });
  await until('the shell and what it started are gone', () => !pids.some(lives));
});
