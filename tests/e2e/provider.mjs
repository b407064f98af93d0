// A Realtime server (GA) that does what a test wants, behind a real socket.
import { once } from 'node:events';
import { WebSocketServer } from 'ws';

export class Provider {
  // `script(event, line)` is called with every event that comes; true: it was dealt with.
  constructor({ script = () => false, session = {}, autoPong = true, refuse = null } = {}) {
    Object.assign(this, { script, session, autoPong, refuse });
    this.lines = [];
    this.attempts = [];
    this.headers = [];
  }
  async start() {
    this.server = new WebSocketServer({
      port: 0, host: '127.0.0.1', autoPong: this.autoPong,
      verifyClient: ({ req }, done) => {
        this.attempts.push(Date.now());
        this.headers.push(req.headers);
        this.url = req.url;
        done(!this.refuse, this.refuse ?? 200);
      },
    });
    this.server.on('connection', (socket) => new Line(this, socket));
    await once(this.server, 'listening');
    return this;
  }
  get address() {
    return `ws://127.0.0.1:${this.server.address().port}/v1/realtime`;
  }
  get line() {
    return this.lines.at(-1);
  }
  stop() {
    for (const line of this.lines) line.socket.terminate();
    this.server.close();
  }
}

class Line {
  constructor(provider, socket) {
    Object.assign(this, { provider, socket, heard: [], updates: [], asked: 0 });
    provider.lines.push(this);
    socket.on('message', (data) => this.hear(JSON.parse(data)));
    socket.on('error', () => {});
    this.say({ type: 'session.created', session: { type: 'realtime', ...provider.session } });
  }
  say(event) {
    this.socket.send(JSON.stringify({ event_id: 'e', ...event }));
  }
  hear(event) {
    if (event.type === 'input_audio_buffer.append') return;
    this.heard.push(event);
    if (this.provider.script(event, this)) return;
    if (event.type === 'session.update') this.say({ type: 'session.updated', session: { ...event.session, ...this.provider.session } });
    if (event.type === 'response.create') this.answer(`answer ${++this.asked}`);
  }
  // What it was told in words, items only.
  get told() {
    return this.heard.filter((event) => event.item?.type === 'message').map((event) => event.item.content[0].text);
  }
  begin(response = `r${this.heard.length}`) {
    this.say({ type: 'response.created', response: { id: response } });
    return response;
  }
  // Calls a tool, and ends its response.
  call(id, name, args) {
    const response = this.begin();
    const item = { id: `i-${id}`, type: 'function_call', status: 'completed', call_id: id, name, arguments: JSON.stringify(args) };
    this.say({ type: 'response.output_item.done', response_id: response, item });
    this.say({ type: 'response.done', response: { id: response, status: 'completed', output: [item] } });
  }
  // What it was told came of calls, by id.
  get results() {
    return Object.fromEntries(this.heard.filter((event) => event.item?.type === 'function_call_output').map((event) => [event.item.call_id, JSON.parse(event.item.output)]));
  }
  answer(text, usage) {
    const response = this.begin();
    const where = { response_id: response, item_id: `i-${response}` };
    this.say({ type: 'response.output_text.delta', ...where, delta: text });
    this.say({ type: 'response.output_text.done', ...where, text });
    this.say({ type: 'response.done', response: { id: response, status: 'completed', output: [], usage } });
  }
}
