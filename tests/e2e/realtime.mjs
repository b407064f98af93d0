// The offline agent alone, behind a port on which both TLS and plain text are
// spoken: what the official packages want.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, existsSync, rmSync, openSync, closeSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, TLSSocket } from 'node:tls';
import { root, until } from './stack.mjs';

const build = process.env.ATRIUM_BUILD ?? join(root, 'build/release');
const TLS_HANDSHAKE = 0x16;

export class Agent {
  constructor(flags = []) {
    this.flags = flags;
    this.dir = mkdtempSync(join(tmpdir(), 'atrium-agent-'));
    this.socket = join(this.dir, 'agent.sock');
  }
  async start() {
    const log = openSync(join(this.dir, 'agent.log'), 'a');
    this.process = spawn(join(build, 'control/atrium-agent'), [`--listen=${this.socket}`, ...this.flags], { stdio: ['ignore', log, log] });
    closeSync(log);
    this.ended = new Promise((done) => this.process.on('exit', done));
    await until('the agent listens', () => existsSync(this.socket));
    const key = join(this.dir, 'key.pem');
    const certificate = join(this.dir, 'certificate.pem');
    execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=localhost',
      '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    this.certificate = readFileSync(certificate);
    const context = createSecureContext({ key: readFileSync(key), cert: this.certificate });
    this.door = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('readable', () => {
        const first = socket.read(1);
        if (first === null) return socket.destroy();
        socket.unshift(first);
        const plain = first[0] === TLS_HANDSHAKE ? new TLSSocket(socket, { isServer: true, secureContext: context }) : socket;
        const inner = connect(this.socket);
        for (const [one, other] of [[plain, inner], [inner, plain]]) {
          one.on('error', () => other.destroy());
          one.on('close', () => other.destroy());
        }
        plain.pipe(inner).pipe(plain);
      });
    });
    await new Promise((done) => this.door.listen(0, 'localhost', done));
    this.port = this.door.address().port;
    return this;
  }
  async stop() {
    this.process.kill('SIGTERM');
    this.door.close();
    await this.ended;
    rmSync(this.dir, { recursive: true, force: true });
  }
}

// 24 kHz PCM of somebody who says `text`, with a little silence around it.
export function says(text, voice = 'en-us') {
  const wav = execFileSync('espeak-ng', ['-v', voice, '-s', '150', '--stdout', text], { maxBuffer: 1 << 24 });
  const rate = wav.readUInt32LE(24);
  const at = wav.indexOf('data') + 8;
  const samples = Math.floor((wav.length - at) / 2);
  const out = Math.floor((samples * 24000) / rate);
  const lead = 12_000;
  const pcm = Buffer.alloc((lead + out + 36_000) * 2);
  for (let i = 0; i < out; i++) {
    const place = (i * rate) / 24000;
    const low = Math.min(Math.floor(place), samples - 2);
    const here = wav.readInt16LE(at + low * 2);
    const next = wav.readInt16LE(at + low * 2 + 2);
    pcm.writeInt16LE(Math.round(here + (next - here) * (place - low)), (lead + i) * 2);
  }
  return pcm;
}
// In pieces, as a microphone gives them.
export function* pieces(pcm, ms = 20) {
  for (let at = 0; at < pcm.length; at += ms * 48) yield pcm.subarray(at, at + ms * 48);
}
