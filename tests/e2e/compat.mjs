// The source systems' programs, as far as their sockets go: decoders and encoders
// written from the descriptions of their formats, not from our code.
import WebSocket from 'ws';
import { proof } from './socket.mjs';
import { until } from './stack.mjs';

export async function accessToken(who) {
  const answer = await fetch(`${who.origin}/ticket`, { method: 'POST', headers: { Origin: who.origin, ...proof(who), 'Content-Type': 'application/json' }, body: '{}' });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()).accessToken;
}

// A socket that keeps what it hears: `texts` as JSON, `binaries` as they are.
export class Socket {
  constructor(stack, path, { protocol, headers = {} } = {}) {
    this.texts = [];
    this.binaries = [];
    this.order = [];
    this.socket = new WebSocket(`${stack.origin.replace('http', 'ws')}${path}`, protocol ? [protocol] : [], { headers });
    this.closed = new Promise((done) => this.socket.on('close', (code, reason) => done({ code, reason: reason.toString() })));
    this.result = new Promise((done) => {
      this.socket.on('open', () => done(101));
      this.socket.on('unexpected-response', (_ask, answer) => { answer.resume(); done(answer.statusCode); });
      this.socket.on('error', (error) => done(error.message));
    });
    this.socket.on('message', (data, binary) => {
      (binary ? this.binaries : this.texts).push(binary ? data : JSON.parse(data));
      this.order.push(binary ? 'binary' : JSON.parse(data).type);
    });
  }
  send(message) {
    this.socket.send(typeof message === 'object' && !Buffer.isBuffer(message) ? JSON.stringify(message) : message);
  }
  hears(what, check, timeoutMs) {
    return until(what, () => this.texts.find(check), timeoutMs);
  }
  output() {
    return Buffer.concat(this.binaries).toString();
  }
  close() {
    this.socket.close();
  }
}

// Opens it; throws what the server answered instead of 101.
export async function open(...args) {
  const socket = new Socket(...args);
  const result = await socket.result;
  if (result !== 101) throw new Error(`not opened: ${result}`);
  return socket;
}

// A message of /buffers as {id, header fields, lines of text, cells}.
export function decodeBuffer(data) {
  if (data[0] !== 0xbf) throw new Error('no magic byte');
  const length = data.readUInt32LE(1);
  const id = data.subarray(5, 5 + length).toString();
  const bytes = data.subarray(5 + length);
  if (bytes.readUInt16LE(0) !== 0x5654 || bytes[2] !== 1) throw new Error('no snapshot');
  const screen = { id, bell: (bytes[3] & 1) === 1, cols: bytes.readUInt32LE(4), rows: bytes.readUInt32LE(8),
    viewportY: bytes.readInt32LE(12), cursorX: bytes.readInt32LE(16), cursorY: bytes.readInt32LE(20), lines: [] };
  let at = 28;
  const colour = (rgb) => {
    const value = rgb ? bytes.subarray(at, at + 3).toString('hex') : bytes[at];
    at += rgb ? 3 : 1;
    return value;
  };
  while (at < bytes.length) {
    const marker = bytes[at++];
    if (marker === 0xfe) {
      for (let n = bytes[at++]; n > 0; n--) screen.lines.push([]);
      continue;
    }
    if (marker !== 0xfd) throw new Error(`no row at ${at}: ${marker}`);
    const cells = [];
    const count = bytes.readUInt16LE(at);
    at += 2;
    while (cells.length < count) {
      const type = bytes[at++];
      const cell = { char: ' ', attributes: 0 };
      if ((type & 3) === 1) cell.char = String.fromCharCode(bytes[at++]);
      if ((type & 3) === 2) {
        const n = bytes[at++];
        cell.char = bytes.subarray(at, at + n).toString();
        at += n;
      }
      if (type & 0x80) {
        cell.attributes = bytes[at++];
        if (type & 0x20) cell.fg = colour(type & 0x08);
        if (type & 0x10) cell.bg = colour(type & 0x04);
      }
      cells.push(cell);
    }
    screen.lines.push(cells);
  }
  if (at !== bytes.length || screen.lines.length !== screen.rows) throw new Error('lengths differ');
  screen.text = screen.lines.map((cells) => cells.map((cell) => cell.char).join(''));
  return screen;
}
