// A whole Atrium on this machine, for one test file: real processes, a state
// directory of its own, a port from the kernel.
import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, rmSync, openSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const build = process.env.ATRIUM_BUILD ?? join(root, 'build/release');

// Waits until `check` answers something true; says `what` was waited for if not.
export async function until(what, check, timeoutMs = 30_000) {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const answer = await check();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

export class Stack {
  constructor({ shellUser = process.getuid() === 0 ? 'nobody' : '', controlFlags = [], terminalFlags = [], gatewayFlags = [], voice = false, media = false, user, parent = tmpdir() } = {}) {
    this.dir = mkdtempSync(join(parent, 'atrium-'));
    // Whoever runs it, where that is not us: a user's id.
    this.user = user;
    if (user !== undefined) chownSync(this.dir, user, user);
    this.processes = new Map();
    this.shellUser = shellUser;
    this.controlFlags = controlFlags;
    this.terminalFlags = terminalFlags;
    this.gatewayFlags = gatewayFlags;
    this.voice = voice;
    this.media = media;
  }
  path(name) {
    return join(this.dir, name);
  }
  command(name) {
    const at = (file) => this.path(file);
    const terminal = `--terminal=${at('terminal.sock')}`;
    const flags = {
      terminal: [`--listen=${at('terminal.sock')}`, `--state_dir=${at('terminal')}`, ...(this.shellUser ? [`--shell_user=${this.shellUser}`] : []), ...this.terminalFlags],
      media: [`--listen=${at('media.sock')}`],
      agent: [`--listen=${at('agent.sock')}`],
      control: [`--listen=${at('control.sock')}`, terminal, `--media=${at('media.sock')}`, `--state_dir=${at('state')}`,
        ...(this.voice ? [`--provider=ws+unix:${at('agent.sock')}`, '--provider_name=offline agent'] : []), ...this.controlFlags],
      gateway: [`--port=${this.port ?? 0}`, `--port_file=${at('port')}`, `--control=${at('control.sock')}`, terminal, `--web_root=${join(root, 'web/dist')}`, ...this.gatewayFlags],
    }[name];
    const folder = name === 'agent' ? 'control' : name;
    return [join(build, folder, `atrium-${name}`), flags];
  }
  launch(name) {
    const [binary, flags] = this.command(name);
    const log = openSync(this.path(`${name}.log`), 'a');
    const child = spawn(binary, flags, { stdio: ['ignore', log, log], uid: this.user, gid: this.user });
    closeSync(log);
    child.ended = new Promise((done) => child.on('exit', done));
    this.processes.set(name, child);
    return child;
  }
  async start() {
    for (const name of ['terminal', ...(this.voice ? ['agent'] : []), ...(this.media ? ['media'] : []), 'control']) this.launch(name);
    await until('control listens', () => existsSync(this.path('control.sock')));
    this.launch('gateway');
    await until('the gateway is ready', () => existsSync(this.path('port')));
    this.port = Number(readFileSync(this.path('port'), 'utf8'));
    await until('the link is made', () => existsSync(this.path('state/owner.link')));
    this.origin = `http://localhost:${this.port}`;
    return this;
  }
  ownerLink() {
    return `${this.origin}/join/${readFileSync(this.path('state/owner.link'), 'utf8')}`;
  }
  serviceToken() {
    return readFileSync(this.path('state/service.token'), 'utf8');
  }
  pid(name) {
    return this.processes.get(name).pid;
  }
  // Kills it at once. launch() starts it again.
  async end(name) {
    const child = this.processes.get(name);
    child.kill('SIGKILL');
    await child.ended;
  }
  // Kills it at once and starts it again at once, as its supervisor would.
  async kill(name) {
    await this.end(name);
    this.launch(name);
  }
  log(name) {
    return readFileSync(this.path(`${name}.log`), 'utf8');
  }
  async stop() {
    for (const child of this.processes.values()) child.kill('SIGTERM');
    await Promise.all([...this.processes.values()].map(async (child) => {
      const late = setTimeout(() => child.kill('SIGKILL'), 5000);
      await child.ended;
      clearTimeout(late);
    }));
    if (!process.env.ATRIUM_KEEP) rmSync(this.dir, { recursive: true, force: true });
  }
}
