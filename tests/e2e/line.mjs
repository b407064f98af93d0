// The line between pages and the gateway, as bad as a test wants it: TCP on loopback
// that is slow, stands still, or is cut. TCP hides a lost packet as a wait, so loss
// is shown as waits.
import { connect, createServer } from 'node:net';

// Bytes under way in one direction, before the sender is held back.
const WINDOW = 256 * 1024;
const TICKET = Buffer.from('POST /ticket');

export class Line {
  constructor() {
    this.delayMs = 0;
    // Each piece of so many waits for another `lossMs`; 0: none.
    this.lossEvery = 0;
    this.lossMs = 0;
    // Of each direction; 0: no limit.
    this.bytesPerSecond = 0;
    this.stalled = false;
    this.pieces = 0;
    this.asked = 0;  // When a ticket was asked for last.
    this.isCut = false;
    this.ways = new Set();
    this.server = createServer((near) => this.carry(near));
  }
  async open() {
    await new Promise((done) => this.server.listen(0, '127.0.0.1', done));
    this.origin = `http://localhost:${this.server.address().port}`;
    return this;
  }
  // Pieces wait until resume().
  stall() {
    this.stalled = true;
  }
  resume() {
    this.stalled = false;
    for (const way of this.ways) way.next();
  }
  // Whoever says something meanwhile is never heard again, as TCP waits ever longer
  // before it tries once more; nor is who connects. Nobody is told. What is silent
  // meanwhile works after heal().
  cut() {
    this.isCut = true;
  }
  heal() {
    this.isCut = false;
  }
  close() {
    for (const way of this.ways) way.from.destroy();
    this.server.close();
  }
  carry(near) {
    near.on('error', () => {});
    const far = connect(this.port, '127.0.0.1');
    far.on('error', () => {});
    const ways = [new Way(this, near, far), new Way(this, far, near)];
    const kill = () => ways.forEach((way) => way.die());
    if (this.isCut) kill();
    for (const way of ways) {
      way.kill = kill;
      this.ways.add(way);
      way.from.on('close', () => {
        way.ended = true;
        way.next();
      });
    }
  }
}

class Way {
  constructor(line, from, to) {
    Object.assign(this, { line, from, to, queue: [], bytes: 0, dead: false, ended: false });
    from.setNoDelay(true);
    from.on('data', (piece) => this.take(piece));
  }
  die() {
    this.dead = true;
    this.queue = [];
  }
  take(piece) {
    if (this.line.isCut) this.kill();
    if (this.dead) return;
    const { line } = this;
    line.pieces += 1;
    if (piece.subarray(0, 12).equals(TICKET)) line.asked = performance.now();
    const lost = line.lossEvery > 0 && line.pieces % line.lossEvery === 0;
    const takes = line.bytesPerSecond > 0 ? (piece.length / line.bytesPerSecond) * 1000 : 0;
    this.free = Math.max(performance.now(), this.free ?? 0) + takes;
    this.queue.push({ at: this.free + line.delayMs + (lost ? line.lossMs : 0), piece });
    this.bytes += piece.length;
    if (this.bytes > WINDOW) this.from.pause();
    this.next();
  }
  next() {
    clearTimeout(this.timer);
    if (this.dead && this.ended) this.line.ways.delete(this);
    if (this.dead || this.line.stalled) return;
    while (this.queue.length > 0 && this.queue[0].at <= performance.now()) {
      const { piece } = this.queue.shift();
      this.bytes -= piece.length;
      this.to.write(piece);
    }
    if (this.bytes <= WINDOW) this.from.resume();
    if (this.queue.length === 0 && this.ended) {
      // What was said before the end arrives before the end.
      this.line.ways.delete(this);
      this.to.end();
    }
    if (this.queue.length > 0) this.timer = setTimeout(() => this.next(), Math.max(1, this.queue[0].at - performance.now()));
  }
}
