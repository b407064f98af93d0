// A server of the full-duplex Live protocol that says what a test wants, behind a real
// socket. It answers what its official client expects to be answered.
import { once } from 'node:events';
import { WebSocketServer } from 'ws';

export class LiveServer {
  // `refuses(event)`: it is answered with an error.
  constructor({ refuses = () => false } = {}) {
    this.refuses = refuses;
    this.lines = [];
  }
  async start() {
    this.server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    this.server.on('connection', (socket, request) => {
      this.url = request.url;
      this.lines.push(new LiveLine(socket, this.refuses));
    });
    await once(this.server, 'listening');
    return this;
  }
  get address() {
    return `ws://127.0.0.1:${this.server.address().port}/v1/live/sessions`;
  }
  get line() {
    return this.lines.at(-1);
  }
  stop() {
    for (const line of this.lines) line.socket.terminate();
    this.server.close();
  }
}

class LiveLine {
  constructor(socket, refuses) {
    Object.assign(this, { socket, refuses, heard: [], audio: 0, closed: false });
    socket.on('message', (data) => this.hear(JSON.parse(data)));
    socket.on('close', () => { this.closed = true; });
    socket.on('error', () => {});
  }
  say(event) {
    this.socket.send(JSON.stringify({ event_id: 'e', ...event }));
  }
  hear(event) {
    if (event.type === 'session.input_audio.append') {
      this.audio += Buffer.from(event.audio, 'base64').length / 2;
      return;
    }
    this.heard.push(event);
    if (this.refuses(event)) return this.say({ type: 'error', error: { code: 'invalid_value', message: 'Invalid tools', event_id: event.event_id } });
    if (event.type === 'session.start') {
      this.say({ type: 'session.started', session: { ...event.session, id: 'live_1', expires_at: Math.floor(Date.now() / 1000) + 3600 } });
    }
    if (event.type === 'session.close') {
      this.say({ type: 'session.closed', reason: 'close_requested', session: {}, usage: { seconds: 1 } });
      this.socket.close();
    }
  }
  of(type) {
    return this.heard.filter((one) => one.type === type);
  }
  // A sentence with its voice: `ms` of a tone.
  speak(text, ms = 400) {
    const pcm = Buffer.alloc(ms * 48);
    for (let i = 0; i < ms * 24; i++) pcm.writeInt16LE(Math.round(8000 * Math.sin(i / 9)), i * 2);
    this.say({ type: 'session.output_transcript.delta', delta: text, start_ms: 0, end_ms: ms });
    for (let at = 0; at < pcm.length; at += 4800) this.say({ type: 'session.output_audio.delta', delta: pcm.subarray(at, at + 4800).toString('base64') });
  }
  hears(text, start_ms, end_ms) {
    this.say({ type: 'session.input_transcript.delta', delta: text, start_ms, end_ms });
  }
  // Its backend calls a tool.
  call(id, name, args) {
    this.say({ type: 'response.event', delegation_id: null, event: { type: 'response.output_item.done', item: { type: 'function_call', call_id: id, name, arguments: JSON.stringify(args) } } });
    this.say({ type: 'response.event', delegation_id: null, event: { type: 'response.completed', response: { usage: { input_tokens: 7, output_tokens: 3 } } } });
  }
}
