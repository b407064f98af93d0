import { Stack } from '/tmp/wt/gate/tests/e2e/stack.mjs';
import { connect, inviteLink } from '/tmp/wt/gate/tests/e2e/services.mjs';
import { enter } from '/tmp/wt/gate/tests/e2e/socket.mjs';
import { accessToken, Socket } from '/tmp/wt/gate/tests/e2e/compat.mjs';
const stack = await new Stack().start();
const api = await connect(stack);
const who = await enter(stack, await inviteLink(stack, api, 'EDITOR'));
const token = await accessToken(who);
const { spawn } = await import('node:child_process');
const gdb = spawn('gdb', ['-p', String(stack.pid('gateway')), '-batch', '-ex', 'handle SIGPIPE nostop', '-ex', 'c', '-ex', 'bt 14'], { stdio: ['ignore', 'inherit', 'ignore'] });
await new Promise((d) => setTimeout(d, 6000));
for (const path of [`/buffers?token=${token}&room=elsewhere`]) {
  const s = new Socket(stack, path); console.log(path.slice(0, 20), await s.result);
}
await new Promise((d) => gdb.on('exit', d));
process.exit(0);
