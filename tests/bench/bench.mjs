// Runs the measurements in turns (ours, a peer, ours, a peer ...), takes medians
// and prints the table. Called by tests/bench/run.
import { execFile, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Line } from '../e2e/line.mjs';
import { root, Stack, until } from '../e2e/stack.mjs';
import { paint } from './paint.mjs';

const option = (name) => process.argv.includes(name);
const value = (name) => (option(name) ? process.argv[process.argv.indexOf(name) + 1] : '');
const quick = option('--quick'), ttyd = value('--ttyd'), only = value('--only');
const times = quick ? 3 : 5, seconds = quick ? 2 : 4, keys = quick ? 500 : 2000;
const programs = join(root, 'build/bench');
const run = async (program, ...args) => {
  const { stdout } = await promisify(execFile)(join(programs, program), args.map(String), { timeout: 600_000 });
  return JSON.parse(stdout);
};
const say = (text) => process.stderr.write(`${text}\n`);
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const spread = (values) => `${Math.round((100 * (Math.max(...values) - Math.min(...values))) / median(values))} %`;
const round = (x) => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2));

const rows = [];
function row(what, ours, peer, ratio, target) {
  rows.push(`| ${what} | ${ours} | ${peer || ''} | ${ratio || ''} | ${target || ''} |`);
  say(rows.at(-1));
}

// Medians of each of `kinds`, {name: () => {field: number}}, run in turns.
async function turns(kinds) {
  const all = Object.fromEntries(Object.keys(kinds).map((name) => [name, []]));
  for (let i = 0; i < times; i++) for (const name of Object.keys(kinds)) all[name].push(await kinds[name]());
  return Object.fromEntries(Object.entries(all).map(([name, answers]) => {
    const fields = Object.fromEntries(Object.keys(answers[0]).map((field) => [field, median(answers.map((answer) => answer[field]))]));
    say(`  ${name}: ${JSON.stringify(fields)}; spread ${Object.keys(fields).map((field) => `${field} ${spread(answers.map((answer) => answer[field]))}`).join(', ')}`);
    return [name, fields];
  }));
}

const memory = (pid, field) => Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`${field}:\\s+(\\d+)`))[1]);
const secret = (stack) => readFileSync(stack.path('state/owner.link'), 'utf8').trim();

async function withStack(work, options = {}) {
  const stack = await new Stack(options).start();
  try {
    return await work(stack);
  } finally {
    await stack.stop();
  }
}
// Works with a line of so many milliseconds each way.
async function far(delayMs, work) {
  const line = await new Line().open();
  line.delayMs = delayMs;
  try {
    return await work(line);
  } finally {
    line.close();
  }
}
const atrium = (...args) => withStack((stack) => run('atrium', stack.port, secret(stack), ...args));
// ttyd, at the far end of a line of so many milliseconds each way, with a shell or, for
// what people do to share one, tmux.
const shell = ['bash', '--norc', '--noprofile'];
const tmux = ['tmux', '-L', `atrium-bench-${process.pid}`, '-f', '/dev/null', 'new-session', shell.join(' '), ';', 'set', 'status', 'off'];
const hasTmux = spawnSync('tmux', ['-V']).status === 0;
async function withTtyd(program, delayMs, ...args) {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  const child = spawn(ttyd, ['-i', '127.0.0.1', '-p', String(port), '-W', ...program], { stdio: 'ignore' });
  try {
    await until('ttyd answers', () => fetch(`http://127.0.0.1:${port}/`).then(() => true, () => false));
    if (delayMs === 0) return await run('peers', 'ttyd', port, ...args);
    return await far(delayMs, (line) => {
      line.port = port;
      return run('peers', 'ttyd', line.server.address().port, ...args);
    });
  } finally {
    child.kill('SIGKILL');
    if (program === tmux) spawnSync('tmux', ['-L', tmux[2], 'kill-server']);
  }
}

const dir = mkdtempSync(join(tmpdir(), 'atrium-bench-'));
chmodSync(dir, 0o755);
const file = join(dir, 'text');
const words = ['Linking CXX executable', 'drwxr-xr-x 2 root', '[ 42%] Building', 'warning: unused', 'ok 17 - it holds', '2026-01-01T00:00:00Z'];
const lines = Array.from({ length: 5000 }, (_, i) => `${words[i % words.length]} ${'abcdefghijklmnopqrstuvwxyz'.slice(i % 7, 8 + (i * 7) % 19)} ${i * 7919} of what a program says`);
const block = `${lines.join('\n')}\n`;
writeFileSync(file, block.repeat(Math.ceil(((quick ? 20 : 60) * 1e6) / block.length)), { mode: 0o644 });

const measurements = {
  async bulk() {
    const got = await turns({
      ours: () => atrium('bulk', file),
      raw: () => run('peers', 'raw', 'bulk', file),
      ...(ttyd && { ttyd: () => withTtyd(shell, 0, 'bulk', file) }),
    });
    row('bulk output, one viewer, lossless, MB/s', round(got.ours.mb_s), `raw PTY read loop ${round(got.raw.mb_s)}`, `${round(got.ours.mb_s / got.raw.mb_s)}x`, '>= 0.95x');
    if (got.ttyd) row('the same', round(got.ours.mb_s), `ttyd ${round(got.ttyd.mb_s)}`, `${round(got.ours.mb_s / got.ttyd.mb_s)}x`, '>= 1.3x');
  },
  async fan() {
    for (const [viewers, target] of [[10, ''], [100, '>= 1000 MB/s']]) {
      const got = await turns({ ours: () => atrium('fan', viewers, 0, seconds, file), bare: () => run('fan', viewers, seconds / 2) });
      row(`bulk output, ${viewers} viewers, MB/s in all, snapshots too`, round(got.ours.mb_s), `bare sender ${round(got.bare.mb_s)}`, `${round(got.ours.mb_s / got.bare.mb_s)}x`, target);
    }
  },
  async echo() {
    const got = await turns({
      ours: () => atrium('echo', keys),
      raw: () => run('peers', 'raw', 'echo', keys),
      ...(ttyd && { ttyd: () => withTtyd(shell, 0, 'echo', keys) }),
      ...(ttyd && hasTmux && { tmux: () => withTtyd(tmux, 0, 'echo', keys) }),
    });
    for (const [field, raw, other] of [['p50', '<= 250 us', ''], ['p99', '', '<= 3x']]) {
      row(`echo of a key, ${field}, us`, round(got.ours[field]), `raw PTY ${round(got.raw[field])}`, `${round(got.ours[field] / got.raw[field])}x`, raw);
      if (got.ttyd) row('the same', round(got.ours[field]), `ttyd ${round(got.ttyd[field])}`, `${round(got.ours[field] / got.ttyd[field])}x`, other);
      if (got.tmux) row('the same', round(got.ours[field]), `ttyd with tmux ${round(got.tmux[field])}`, `${round(got.ours[field] / got.tmux[field])}x`);
    }
  },
  async link() {
    const count = quick ? 50 : 200;
    const got = await turns({
      ours: () => far(20, (line) => withStack((stack) => {
        line.port = stack.port;
        return run('atrium', line.server.address().port, secret(stack), 'echo', count);
      }, { gatewayFlags: [`--allow_origin=${line.origin}`] })),
      ...(ttyd && { ttyd: () => withTtyd(shell, 20, 'echo', count) }),
    });
    for (const field of ['p50', 'p99']) {
      row(`echo of a key over a link of 40 ms there and back, ${field}, ms`, round(got.ours[field] / 1000), got.ttyd && `ttyd ${round(got.ttyd[field] / 1000)}`,
        got.ttyd && `${round(got.ours[field] / got.ttyd[field])}x`);
    }
  },
  async crowd() {
    const { ours } = await turns({ ours: () => atrium('crowd', 100, quick ? 50 : 200) });
    row('beside 100 sockets (P9): connect, p50 and p99, ms', `${round(ours.connect)}, ${round(ours.connect_p99)}`, '', '', '< 50 ms');
    row('beside 100 sockets (P9): a command there and back, p50 and p99, ms', `${round(ours.command)}, ${round(ours.command_p99)}`, '', '', '< 100 ms');
  },
  async idle() {
    const { ours } = await turns({ ours: () => withStack((stack) => run('atrium', stack.port, secret(stack), 'idle', 100, 20, ...['gateway', 'control', 'terminal'].map((name) => stack.pid(name)))) });
    row('memory of an idle viewer, gateway, control and terminal, KiB', round(ours.viewer));
    row('memory of an idle tab, the same, its shell left out, KiB', round(ours.tab));
  },
  async stalled() {
    const one = (viewers, stalled) => withStack(async (stack) => ({
      ...(await run('atrium', stack.port, secret(stack), 'fan', viewers, stalled, seconds, file)),
      peak_kib: memory(stack.pid('gateway'), 'VmHWM'),
    }));
    const got = await turns({ stalled: () => one(10, 1), without: () => one(9, 0) });
    row('nine viewers beside a stalled one, MB/s each, snapshots too', round(got.stalled.each), `without it ${round(got.without.each)}`, `${round(got.stalled.each / got.without.each)}x`, '>= 0.95x');
    row('memory of the gateway, peak, MiB', round(got.stalled.peak_kib / 1024), `without it ${round(got.without.peak_kib / 1024)}`, `${((got.stalled.peak_kib - got.without.peak_kib) / 1024).toFixed(1)} MiB more`, '<= 1 MiB');
  },
  async join() {
    const got = await turns({ ours: () => atrium('join', 10000, quick ? 10 : 20) });
    row('late join, 10,000 lines, whole screen, ms', round(got.ours.ms), '', '', '<= 10 ms');
    const seen = await turns({ ours: () => withStack((stack) => paint(stack, 10000, 5)) });
    row('the same, seen in a page of Chromium that loads, ms', round(seen.ours.ms), '', '', '<= 150 ms');
  },
  async screen() {
    const cores = ['libvterm', 'libtsm'].filter((core) => value('--cores').split(',').includes(core));
    const got = await turns(Object.fromEntries(['ours', ...cores].map((core) => [core, () => run('vt', core)])));
    for (const kind of ['text', 'colour', 'unicode']) {
      const best = cores.sort((a, b) => got[b][kind] - got[a][kind])[0];
      row(`terminal core, ${kind}, MB/s of CPU`, round(got.ours[kind]), best && cores.map((core) => `${core} ${round(got[core][kind])}`).join(', '),
        best && `${round(got.ours[kind] / got[best][kind])}x the better`, '>= 100 MB/s, >= 2x');
    }
  },
  async rpc() {
    const got = await turns({ ours: () => withStack((stack) => run('rpc', stack.path('control.sock'), stack.serviceToken().trim(), 'calls', quick ? 1000 : 3000)) });
    row('GetSession, one in flight, calls/s', round(got.ours.ours), `health check of the same server ${round(got.ours.bare)}`, `${round(got.ours.ours / got.ours.bare)}x`, '>= 0.8x');
  },
  async reconnect() {
    const got = await turns({ ours: () => withStack(async (stack) => {
      const { secrets } = await run('rpc', stack.path('control.sock'), stack.serviceToken().trim(), 'rooms', 500);
      return run('atrium', stack.port, secrets, 'reconnect', 64);
    }) });
    row('5,000 pages of 500 rooms come back, welcomes/s', round(got.ours.per_s), '', got.ours.refused ? `${got.ours.refused} refused` : 'none refused', '>= 1300/s, none refused');
  },
  // Counts, not times: the same in every run.
  async voice() {
    for (const [condition, got] of Object.entries(await run('voice', ...(quick ? ['--quick'] : [])))) {
      row(`spoken commands understood, ${condition}`, `${got.right} of ${got.commands}`, '', `${got.wrong} taken for another, ${got.asked} asked back; ${got.taken} of ${got.others} other sentences taken for one; ${got.returned} of ${got.unknown} requests that it does not know asked back`, '');
    }
  },
  async call() {
    const janus = option('--janus');
    const one = (which, talkers, listeners) => () => run('calls', which, talkers, listeners, seconds * 2);
    for (const [what, talkers, listeners, target] of [['19 listeners and a talker', 1, 19, '<= 0.4x'], ['20 talkers', 20, 0, '<= 0.8x']]) {
      const got = await turns({ ours: one('atrium', talkers, listeners), ...(janus && { janus: one('janus', talkers, listeners) }) });
      row(`a call of ${what}, % of a core`, round(got.ours.cpu), janus && `Janus ${round(got.janus.cpu)}`, janus && `${round(got.ours.cpu / got.janus.cpu)}x`, target);
      row(`the same, offer to first RTP, ms`, round(got.ours.first_ms), janus && `Janus ${round(got.janus.first_ms)}`, janus && `${round(got.ours.first_ms / got.janus.first_ms)}x`, '<= 100 ms');
      row(`the same, memory and threads of a peer, KiB`, `${round(got.ours.kib)}, ${round(got.ours.threads)}`, janus && `Janus ${round(got.janus.kib)}, ${round(got.janus.threads)}`);
    }
    const { ours } = await turns({ ours: one('atrium', 50, 0) });
    row('a call of 50 talkers, % of a core', round(ours.cpu), '', `${ours.late} frames of the room lost`, 'none');
    row('the same, ticks of the mixer that were late by 5 ms, of all since it began', `${ours.late_ticks} of ${ours.ticks}`, '', '', '0');
  },
  async delays() {
    const { ours } = await turns({ ours: () => run('delays', quick ? 15 : 40) });
    row('microphone RTP to control, ms', round(ours.microphone_ms), '', '', '<= 20 ms');
    row("agent's speech at media to RTP, ms", `${round(ours.speech_ms)}; ${round(ours.speech_least_ms)} without the wait for a frame`, '', '', '<= 1 ms without');
    row('media killed to audio at a peer, ms', round(ours.restart_ms), '', '', '<= 500 ms');
    row('a ring an hour after, 100 ppm of drift, ms', round(ours.drift_ms), '', '', '');
    row('one more viewer of a screen at 1.5 Mbit/s, % of a core', round(ours.screen_viewer_cpu), '', '', '');
  },
  async mixer() {
    const got = await turns({ ours: () => run('mixer', 50) });
    row('mixing 50 talkers, CPU ms for a second of sound', round(got.ours.ms_per_s), '', '', '');
  },
};

try {
  for (const [name, measure] of Object.entries(measurements)) {
    if (only && !only.split(',').includes(name)) continue;
    say(`Measuring: ${name}`);
    await measure();
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
console.log(['| what | Atrium | peer | ratio | target |', '|---|---|---|---|---|', ...rows].join('\n'));
