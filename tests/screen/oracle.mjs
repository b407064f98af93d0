// Holds the server's Screen against the page's renderer:
//
//   node oracle.mjs PATH_TO_SCREEN_ORACLE [--seed N] [--count N] [--only random|recordings]
//   node oracle.mjs PATH_TO_SCREEN_ORACLE --files FOLDER
//
// For recordings of real programs and for random streams, with resizes in
// between: after every stretch of output the Screen's state equals that of a
// renderer that saw all bytes; and a renderer that is given Serialize() at some
// point, then the rest, stays equal to both, and has the shell's marks on the lines
// on which the Screen has them. States are cells, wraps, cursor,
// modes, margins, tab stops, character sets, saved cursors, pen, scrollback.
// A resize that Screen::Resize calls inexact is followed by a snapshot.
//
// --files does so with the .in files of a folder, as `cat` would show them at 80x25, and
// compares both screens with the .text file beside each: other terminals' test suites.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { FORGOTTEN, makeTerminal, marksOf, stateOf } from './renderer.mjs';
import { randomCase, Random } from './streams.mjs';

const MAX_LATE = 4;

class Server {
  constructor(path) {
    this.child = spawn(path, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.waiting = [];
    this.child.on('exit', (code) => {
      for (const { reject } of this.waiting) reject(new Error(`screen_oracle ended: ${code}`));
      this.dead = true;
    });
    this.child.stdin.on('error', () => {});
    createInterface({ input: this.child.stdout }).on('line', (line) => this.waiting.shift().resolve(line));
  }
  tell(request) {
    if (this.dead) throw new Error('screen_oracle ended');
    this.child.stdin.write(`${request}\n`);
  }
  ask(request) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.tell(request);
    });
  }
  async serialize() {
    const [exact, hex] = (await this.ask('serialize -1')).split(' ');
    return { exact: exact === '1', bytes: hex === '-' ? Buffer.alloc(0) : Buffer.from(hex, 'hex') };
  }
}

const snapshots = { exact: 0, inexact: 0 };

/** Counts a snapshot by what the server says of it, and says it too. */
function count(snapshot) {
  snapshots[snapshot.exact ? 'exact' : 'inexact']++;
  return snapshot.exact;
}

/** Runs one case; returns null or what differed first. */
async function run(server, { columns, rows, scrollback, ops }) {
  const size = { columns, rows };
  server.tell(`new ${columns} ${rows} ${scrollback}`);
  let live = [{ name: 'all bytes', writer: makeTerminal(columns, rows, scrollback) }];
  const feed = (viewer, action) => {
    try {
      action(viewer.writer);
      return null;
    } catch (error) {
      return { viewer: viewer.name, threw: String(error) };
    }
  };
  for (const [index, op] of ops.entries()) {
    if (op.bytes) {
      server.tell(`write ${op.bytes.toString('hex') || '-'}`);
      for (const viewer of live) {
        const failure = feed(viewer, (writer) => writer.write(op.bytes));
        if (failure) return { ...failure, index };
      }
    } else {
      const exact = (await server.ask(`resize ${op.columns} ${op.rows}`)) === '1';
      size.columns = op.columns;
      size.rows = op.rows;
      const snapshot = exact ? null : await server.serialize();
      // From here on nothing can be expected to be equal.
      if (snapshot && !count(snapshot)) return null;
      for (const viewer of live) {
        const failure = feed(viewer, (writer) => writer.resize(op.columns, op.rows));
        if (failure && exact) return { ...failure, index };
        if (snapshot) feed(viewer, (writer) => writer.write(snapshot.bytes));
      }
    }
    const last = index === ops.length - 1;
    if (!op.split && !last && op.bytes) continue;
    const state = await server.ask('state');
    if (op.split) {
      const snapshot = await server.serialize();
      if (count(snapshot)) {
        const writer = makeTerminal(size.columns, size.rows, scrollback);
        const late = { name: `snapshot after operation ${index}`, writer, snapshot: snapshot.bytes };
        const failure = feed(late, () => writer.write(snapshot.bytes));
        if (failure) return { ...failure, index, snapshot: snapshot.bytes };
        const [marks, marked] = [await server.ask('marks'), marksOf(writer)];
        if (marks !== marked) return { index, viewer: late.name, state: marks, shown: marked, snapshot: snapshot.bytes };
        live.push(late);
      }
      if (live.length > MAX_LATE + 1) live = [live[0], ...live.slice(2)];
    }
    for (const viewer of live) {
      const shown = stateOf(viewer.writer);
      if (shown !== state && differences(JSON.parse(state), JSON.parse(shown)).length) return { index, viewer: viewer.name, state, shown, snapshot: viewer.snapshot };
    }
  }
  return null;
}

/** Removes operations and bytes while the case still fails. */
async function minimise(server, testCase, failed) {
  let best = { ...testCase, ops: testCase.ops.slice(0, failed.index + 1) };
  let runs = 0;
  const stillFails = async (ops) => {
    if (++runs > 1500 || ops.length === 0) return false;
    const candidate = { ...best, ops };
    if (!(await run(server, candidate))) return false;
    best = candidate;
    return true;
  };
  for (let size = best.ops.length >> 1; size >= 1; size = size >> 1) {
    for (let at = 0; at < best.ops.length; ) {
      const ops = [...best.ops.slice(0, at), ...best.ops.slice(at + size)];
      if (!(await stillFails(ops))) at += size;
    }
  }
  for (let i = 0; i < best.ops.length; i++) {
    for (let size = (best.ops[i].bytes?.length ?? 0) >> 1; size >= 1; size = size >> 1) {
      for (let at = 0; at < best.ops[i].bytes.length; ) {
        const { bytes } = best.ops[i];
        const shorter = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
        const ops = [...best.ops];
        ops[i] = { ...ops[i], bytes: shorter };
        if (!(await stillFails(ops))) at += size;
      }
    }
  }
  return best;
}

/** The first few paths at which two states differ. */
function differences(a, b, path = '', found = []) {
  if (found.length >= 6) return found;
  if (a && b && typeof a === 'object' && typeof b === 'object') {
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      differences(a[key], b[key], `${path}/${key}`, found);
    }
  } else if (a !== b && b !== FORGOTTEN) {
    found.push(`${path}: server ${JSON.stringify(a)}, renderer ${JSON.stringify(b)}`);
  }
  return found;
}

const quote = (bytes) => JSON.stringify(bytes.toString('latin1'));

async function report(server, name, testCase, failed) {
  const best = await minimise(server, testCase, failed);
  const again = (await run(server, best)) ?? failed;
  console.log(`\nFAILED ${name} (${best.columns}x${best.rows}, scrollback ${best.scrollback})`);
  for (const op of best.ops) {
    console.log(op.bytes ? `  write ${quote(op.bytes)}${op.split ? '  // split' : ''}` : `  resize ${op.columns}x${op.rows}`);
  }
  console.log(`  differs: ${again.viewer}`);
  if (again.snapshot) console.log(`  snapshot: ${quote(again.snapshot)}`);
  if (again.threw) console.log(`  renderer threw: ${again.threw}`);
  else for (const line of differences(JSON.parse(again.state), JSON.parse(again.shown))) console.log(`  ${line}`);
}

/** Cuts a recording at escape sequences and at random, with resizes. */
function recordedCase(bytes, size, seed) {
  const random = new Random(seed);
  const cuts = new Set();
  for (let i = 0; i < 25; i++) cuts.add(random.between(1, Math.max(1, bytes.length - 1)));
  const escapes = [];
  for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0x1b) escapes.push(i);
  for (let i = 0; i < 25 && escapes.length; i++) cuts.add(random.pick(escapes) + random.between(0, 6));
  const ops = [];
  let from = 0;
  for (const cut of [...cuts].sort((a, b) => a - b)) {
    if (cut <= from || cut >= bytes.length) continue;
    ops.push({ bytes: bytes.subarray(from, cut), split: random.chance(0.5) });
    if (random.chance(0.08)) {
      ops.push({ columns: random.between(20, 130), rows: random.between(5, 50), split: random.chance(0.5) });
    }
    from = cut;
  }
  ops.push({ bytes: bytes.subarray(from), split: true });
  return { ...size, scrollback: 1000, ops };
}

function options() {
  const [path, ...rest] = process.argv.slice(2);
  const given = { path, seed: 1, count: 4000, only: '', files: '', keep: false };
  for (let i = 0; i < rest.length; i++) {
    if (rest[i] === '--seed') given.seed = Number(rest[++i]);
    else if (rest[i] === '--count') given.count = Number(rest[++i]);
    else if (rest[i] === '--only') given.only = rest[++i];
    else if (rest[i] === '--files') given.files = rest[++i];
    else if (rest[i] === '--keep-going') given.keep = true;
    else throw new Error(`unknown option ${rest[i]}`);
  }
  if (!path) throw new Error('usage: node oracle.mjs PATH_TO_SCREEN_ORACLE [--seed N] [--count N]');
  return given;
}

const given = options();
const server = new Server(given.path);
let failures = 0;
let cases = 0;

async function check(name, testCase) {
  cases++;
  const failed = await run(server, testCase);
  if (!failed) return true;
  failures++;
  await report(server, name, testCase, failed);
  if (!given.keep || failures >= 8) finish();
  return false;
}

function finish() {
  server.child.removeAllListeners('exit');
  server.child.kill();
  console.log(failures ? `\n${failures} of ${cases} cases differ` : `${cases} cases equal`);
  console.log(`${snapshots.exact} exact snapshots, ${snapshots.inexact} said to be inexact`);
  process.exit(failures ? 1 : 0);
}

/** The screen's text of a state, without blanks at the ends of lines. */
function textOf(state) {
  const { rows, alternate, normal, alt } = JSON.parse(state);
  const grid = alternate ? alt : normal;
  return grid.lines.slice(grid.base, grid.base + rows).map(([, ...cells]) => {
    const texts = cells.map(([first, width]) => (typeof first === 'number' ? ' '.repeat(first) : first || ' '.repeat(width)));
    return texts.join('').trimEnd();
  });
}

const trimmed = (text) => text.split('\n').map((line) => line.trimEnd()).join('\n').trimEnd();

/** The files of a folder, whole, byte by byte, and cut at random with resizes. */
async function checkFiles(folder) {
  const size = { columns: 80, rows: 25 };
  const as = { renderer: [], server: [] };
  let equal = 0;
  const names = readdirSync(folder).filter((name) => name.endsWith('.in')).sort();
  for (const name of names) {
    // A terminal's line discipline sends LF as CR LF.
    const raw = readFileSync(join(folder, name)).toString('latin1').replaceAll('\n', '\r\n');
    const bytes = Buffer.from(raw, 'latin1');
    const whole = { ...size, scrollback: 1000, ops: [{ bytes, split: true }] };
    const each = { ...whole, ops: [...bytes].map((byte) => ({ bytes: Buffer.of(byte), split: true })) };
    let same = await check(name, whole);
    if (bytes.length <= 4000) same = (await check(`${name}, byte by byte`, each)) && same;
    for (let variant = 0; variant < 4; variant++) {
      same = (await check(`${name} #${variant}`, recordedCase(bytes, size, given.seed * 1000 + variant))) && same;
    }
    if (same) equal++;
    const wanted = join(folder, name.replace(/\.in$/, '.text'));
    if (!existsSync(wanted)) continue;
    const text = trimmed(readFileSync(wanted, 'utf8'));
    const writer = makeTerminal(size.columns, size.rows, 1000);
    writer.write(bytes);
    await run(server, whole);
    if (trimmed(textOf(stateOf(writer)).join('\n')) === text) as.renderer.push(name);
    if (trimmed(textOf(await server.ask('state')).join('\n')) === text) as.server.push(name);
  }
  console.log(`${names.length} files: server and renderer equal in ${equal}`);
  for (const [who, passed] of Object.entries(as)) {
    const others = names.filter((name) => !passed.includes(name));
    console.log(`as in its .text: ${who} ${passed.length}, not ${others.join(', ') || 'any'}`);
  }
}

if (given.files) {
  await checkFiles(given.files);
  finish();
}
if (given.only !== 'random') {
  const folder = new URL('recordings/', import.meta.url);
  let names = [];
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.raw'));
  } catch {
    names = [];
  }
  for (const name of names.sort()) {
    const bytes = readFileSync(new URL(name, folder));
    for (let variant = 0; variant < 4; variant++) {
      await check(`${name} #${variant}`, recordedCase(bytes, { columns: 80, rows: 24 }, given.seed * 1000 + variant));
    }
  }
}
if (given.only !== 'recordings') {
  for (let i = 0; i < given.count; i++) await check(`seed ${given.seed + i}`, randomCase(given.seed + i));
}
finish();
