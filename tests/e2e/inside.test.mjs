// Who the shell is: from inside a tab every socket and key file is out of reach,
// and nothing there can approve its own card.
import assert from 'node:assert/strict';
import { chmodSync, copyFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { house } from './house.mjs';
import { connect } from './services.mjs';
import { root, Stack } from './stack.mjs';

const { stack, api } = await house();
const run = async (command) => (await api.call('atrium.v1.TabService', 'RunCommand', { parent: 'sessions/main', command })).output.toString();
// As a person for themselves the shell is that person: then there is no wall.
const skip = process.getuid() !== 0 ? 'needs root: the wall stands between two users' : false;

test('S15, S16: the shell is somebody else and has nothing of ours', { skip }, async () => {
  assert.doesNotMatch(await run('id -u'), /^0\b/);
  assert.doesNotMatch(await run('ls -l /proc/$$/fd'), /socket:|memfd:|anon_inode|atrium/);
  assert.doesNotMatch(await run('env'), /TOKEN|KEY|SECRET|ATRIUM_(?!TAB)/);
});

test('S6, S15: every socket and key file is out of reach from inside', { skip }, async () => {
  for (const file of ['control.sock', 'terminal.sock', 'state/service.token', 'state/signing.key', 'state/owner.link', 'state/atrium.db', 'terminal/terminals']) {
    const out = await run(`cat ${stack.path(file)} 2>&1; ls -la ${stack.path(file)} 2>&1; /usr/bin/python3 - <<'P'
import socket
s = socket.socket(socket.AF_UNIX)
try:
    s.connect("${stack.path(file)}")
    print("CONNECTED")
except OSError as e:
    print("refused", e.errno)
P`);
    assert.match(out, /Permission denied/, file);
    assert.match(out, /refused 13/, file);
    assert.doesNotMatch(out, /CONNECTED/, file);
  }
});

test('S15: no process of ours can be looked into from inside', { skip }, async () => {
  for (const name of ['control', 'terminal', 'gateway']) {
    assert.match(await run(`cat /proc/${stack.pid(name)}/environ 2>&1 | tr '\\0' '\\n' | head -3; true`), /Permission denied/, name);
  }
});

test('S13: the page API asks for a token from inside too', async () => {
  const out = await run(`/usr/bin/python3 - <<'P'
import urllib.request
for path in ("/ticket", "/join/guess"):
    request = urllib.request.Request("http://localhost:${stack.port}" + path, method="POST", data=b"{}", headers={"Origin": "http://localhost:${stack.port}"})
    try:
        print(urllib.request.urlopen(request).status)
    except urllib.error.HTTPError as e:
        print(e.code)
P`);
  assert.equal(out.trim(), '401\r\n401');
});

// What the kernel answers to a program in a new tab, by name; 1 is EPERM.
async function probe(client) {
  const program = join(tmpdir(), `probe-${process.pid}`);
  copyFileSync(join(process.env.ATRIUM_BUILD ?? join(root, 'build/release'), 'tests/syscall_probe'), program);
  chmodSync(program, 0o755);
  const command = `grep -E 'NoNewPrivs|Seccomp:' /proc/self/status; ${program}`;
  const { output } = await client.call('atrium.v1.TabService', 'RunCommand', { parent: 'sessions/main', command });
  rmSync(program);
  return Object.fromEntries(output.toString().split('\r\n').map((line) => line.split(/[ \t]+/)).map(([name, value]) => [name, Number(value)]));
}

test('S16: no program in a tab types into a terminal, nor reaches what is the kernel\'s', { skip }, async () => {
  const answers = await probe(api);
  assert.equal(answers['Seccomp:'], 2);
  assert.equal(answers['NoNewPrivs:'], 0, 'sudo works');
  for (const name of ['TIOCSTI', 'TIOCSTI-high', 'TIOCLINUX', 'bpf', 'keyctl', 'add_key', 'userfaultfd', 'perf_event_open']) assert.equal(answers[name], 1, name);
  assert.equal(answers.ptrace, 0, 'debuggers work');
});

test('S16: shells of a person who started it are filtered where the session confines them, and only there, or sudo would not work', { skip, timeout: 60_000 }, async () => {
  const house = await new Stack({ user: 65534, shellUser: '' }).start();
  const client = await connect(house);
  try {
    const free = await probe(client);
    assert.equal(free['Seccomp:'], 0);
    assert.equal(free['NoNewPrivs:'], 0);
    await client.call('atrium.v1.SessionService', 'UpdateSession', { session: { name: 'sessions/main', shell_profile: 'NO_NEW_PRIVILEGES' }, update_mask: { paths: ['shell_profile'] } });
    const bound = await probe(client);
    assert.equal(bound['Seccomp:'], 2);
    for (const name of ['TIOCSTI', 'TIOCSTI-high', 'TIOCLINUX', 'bpf', 'keyctl', 'userfaultfd', 'perf_event_open', 'ptrace', 'process_vm_readv', 'process_vm_writev']) assert.equal(bound[name], 1, name);
  } finally {
    client.close();
    await house.stop();
  }
});
