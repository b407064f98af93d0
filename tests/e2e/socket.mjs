// A page without a browser: the WebSocket protocol as any client may speak it.
// JSON only. Node's own WebSocket where there is one, else the `ws` package.
import WebSocket from 'ws';

export async function enter(stack, link) {
  const origin = stack.origin;
  const answer = await fetch(link, { method: 'POST', headers: { Origin: origin, 'Content-Type': 'application/json' }, body: '{}' });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  const cookie = answer.headers.get('set-cookie').split(';')[0];
  return { origin, cookie, ...(await answer.json()) };
}

// What proves who it is: the cookie has one half of the credential, the page the other.
export const proof = (who) => ({ Cookie: who.cookie, 'Atrium-Key': who.key });

export async function ticket(who) {
  const answer = await fetch(`${who.origin}/ticket`, { method: 'POST', headers: { Origin: who.origin, 'Content-Type': 'application/json', ...proof(who) }, body: '{}' });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()).ticket;
}

// As the real page: what was drawn is acknowledged after so many bytes, or so long.
const ACK_EVERY_BYTES = 64 * 1024, ACK_AFTER_MS = 500;

// A page that stays: reconnects, resumes by offset, sends again what was not
// acknowledged. `onOutput(offset, bytes)` gets every byte once, in order;
// `onConfirmed(tab, sequence)` is told what the terminal has written.
export class Page {
  constructor(who, { pageId = `test-page-${Math.random().toString(36).slice(2)}-0000`, delivery = 'LIVE' } = {}) {
    Object.assign(this, { who, pageId, delivery });
    this.offsets = new Map();
    this.acked = new Map();
    this.ackTimers = new Map();
    this.outputs = new Map();
    this.drawings = new Map();
    this.sizes = new Map();
    this.pending = [];
    this.sequences = new Map();
    this.opened = 0;
    this.closed = false;
    this.screens = 0;
    this.outcomes = [];
    this.changes = [];
    this.exits = [];
  }
  async open() {
    for (;;) {
      try {
        const secret = await ticket(this.who);
        await new Promise((resolve, reject) => {
          const socket = new WebSocket(`${this.who.origin.replace('http', 'ws')}/ws`, ['atrium.v1', `ticket.${secret}`], { origin: this.who.origin });
          socket.on('message', (data, binary) => this.hear(data, binary, resolve));
          socket.on('error', reject);
          socket.on('close', () => {
            reject(new Error('closed'));
            if (this.socket === socket && !this.closed) this.open();
          });
          socket.on('open', () => {
            this.socket = socket;
            this.say({ hello: { session: this.who.session, pageId: this.pageId } });
          });
        });
        this.opened += 1;
        for (const tab of this.outputs.keys()) this.subscribe(tab, this.outputs.get(tab));
        for (const input of this.pending) this.say({ input });
        return this;
      } catch {
        if (this.closed) return this;
        await new Promise((done) => setTimeout(done, 50));
      }
    }
  }
  say(message) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }
  subscribe(tab, onOutput) {
    this.outputs.set(tab, onOutput);
    this.say({ subscribe: { tab, offset: String(this.offsets.get(tab) ?? -1), delivery: this.delivery } });
  }
  // Hears each piece of a snapshot of `tab`, and each new size.
  onScreen(tab, fn) {
    this.drawings.set(tab, fn);
  }
  onResized(tab, fn) {
    this.sizes.set(tab, fn);
  }
  resize(tab, columns, rows) {
    this.say({ resize: { tab, size: { columns, rows } } });
  }
  // The same as the real page says it: in binary, which costs less to read.
  resizeInBinary(tab, columns, rows) {
    const size = Buffer.from([0x08, ...varint(columns), 0x10, ...varint(rows)]);
    const resize = Buffer.concat([field(1, Buffer.from(tab)), field(2, size)]);
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(field(7, resize));
  }
  type(tab, text) {
    const sequence = (this.sequences.get(tab) ?? 0) + 1;
    this.sequences.set(tab, sequence);
    const input = { tab, sequence: String(sequence), data: Buffer.from(text).toString('base64') };
    this.pending.push(input);
    this.say({ input });
  }
  took(tab, offset, bytes) {
    const at = this.offsets.get(tab) ?? offset;
    if (offset > at) throw new Error(`gap: ${at} to ${offset}`);
    const fresh = bytes.subarray(at - offset);
    this.offsets.set(tab, at + fresh.length);
    this.outputs.get(tab)?.(at, fresh);
    if (at + fresh.length - (this.acked.get(tab) ?? 0) >= ACK_EVERY_BYTES) this.ack(tab);
    else if (!this.ackTimers.has(tab)) this.ackTimers.set(tab, setTimeout(() => this.ack(tab), ACK_AFTER_MS));
  }
  ack(tab) {
    clearTimeout(this.ackTimers.get(tab));
    this.ackTimers.delete(tab);
    this.acked.set(tab, this.offsets.get(tab));
    this.say({ ack: { tab, offset: String(this.offsets.get(tab)) } });
  }
  hear(data, binary, welcome) {
    if (binary) return this.hearBytes(data);
    const message = JSON.parse(data);
    if (message.welcome) welcome();
    if (message.snapshot) this.snapshot = message.snapshot;
    if (message.outcome) this.outcomes.push(message.outcome);
    if (message.change) this.changes.push(message.change);
  }
  // The binary messages, by the proto's wire form: enough for a test.
  hearBytes(data) {
    const fields = decode(data);
    if (fields[4]) {
      const output = decode(fields[4]);
      this.took(output[1].toString(), Number(output[2] ?? 0), output[3] ?? Buffer.alloc(0));
    } else if (fields[6]) {
      const screen = decode(fields[6]);
      this.drawings.get(screen[1].toString())?.({ first: !!screen[5], size: sizeOf(screen[3]), data: screen[4] ?? Buffer.alloc(0) });
      if (!screen[6]) return;
      this.screens += 1;
      this.offsets.set(screen[1].toString(), Number(screen[2] ?? 0));
      this.ack(screen[1].toString());
    } else if (fields[5]) {
      const resized = decode(fields[5]);
      this.sizes.get(resized[1].toString())?.(sizeOf(resized[3]));
    } else if (fields[7]) {
      const exit = decode(fields[7]);
      this.exits.push({ tab: exit[1].toString(), exitCode: Number(exit[3] ?? 0n) });
    } else if (fields[8]) {
      const ack = decode(fields[8]);
      const tab = ack[1].toString(), upTo = Number(ack[2]);
      this.pending = this.pending.filter((input) => input.tab !== tab || Number(input.sequence) > upTo);
      this.onConfirmed?.(tab, upTo);
    }
  }
  close() {
    this.closed = true;
    for (const timer of this.ackTimers.values()) clearTimeout(timer);
    this.socket?.close();
  }
}

function sizeOf(bytes) {
  const size = bytes ? decode(bytes) : {};
  return { columns: Number(size[1] ?? 80), rows: Number(size[2] ?? 24) };
}

function varint(value) {
  const bytes = [];
  for (; value > 0x7f; value = Math.floor(value / 128)) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}
const field = (number, bytes) => Buffer.concat([Buffer.from([(number << 3) | 2, ...varint(bytes.length)]), bytes]);

// A proto message as {field number: last value}; bytes stay Buffers.
function decode(bytes) {
  const fields = {};
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    if ((tag & 7) === 0) fields[tag >> 3] = varint();
    else {
      const length = Number(varint());
      fields[tag >> 3] = bytes.subarray(at, at + length);
      at += length;
    }
  }
  return fields;
}
