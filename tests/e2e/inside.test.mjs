// Who the shell is: from inside a tab every socket and key file is out of reach,
// and nothing there can approve its own card.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect } from './services.mjs';
import { Stack } from './stack.mjs';

let stack, api;
before(async () => {
  stack = await new Stack().start();
  api = await connect(stack);
});
after(async () => {
  api?.close();
  await stack?.stop();
});
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
