import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { create, fromBinary, fromJsonString, toBinary, toJsonString } from '@bufbuild/protobuf';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  JoinRequestSchema,
  type JoinResponse,
  JoinResponse_OutcomeSchema,
  JoinResponse_WelcomeSchema,
  JoinResponseSchema,
} from '../../src/gen/atrium/v1/live_pb';
import { SizePolicy, TerminalSizeSchema } from '../../src/gen/atrium/v1/tab_pb';
import { FakeCaptures } from './captures';
import { FakeDriving } from './driving';
import { FakePage } from './page';
import { FakeSession } from './session';

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const UNAVAILABLE = 14;
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob:; worker-src 'self' blob:; connect-src 'self'";
const KEY_MISSING =
  'This browser was let in, but this page has lost its half of the key: its storage was cleared or is blocked. Open an invite link again';
const BINARY = new Set(['output', 'screen', 'resized', 'exit', 'inputAck', 'levels']);

/** A pretended gateway for tests and for looking at the page. Not shipped. */
export class FakeGateway {
  readonly session = new FakeSession();
  readonly driving = new FakeDriving(this.session);
  readonly captures = new FakeCaptures(this.session);
  /** Typed bytes that came from somebody who may not type now. */
  strayInputs = 0;
  readonly pages = new Set<FakePage>();
  /** Set to refuse tickets with this HTTP status. */
  refuseTickets = 0;
  /** What becomes of words: they are answered, lost, or kept until control is back. */
  control: 'here' | 'dying' | 'away' = 'here';
  /** How long a message takes, each way. */
  delayMs = 0;
  /** A tab opens so long after it was asked for. */
  opensAfterMs = 0;
  /** Why no tab opens; empty if they do. */
  refuseTabs = '';
  /** Why nobody goes live; empty if they do. */
  refuseCalls = '';
  /** Lists of commands are answered only when a page catches up. */
  listsWait = false;
  /** Answers an offer, in the place of the media process. */
  onOffer: ((epoch: number, offer: string) => Promise<string>) | undefined;
  disclosures = ['Voice: offline agent'];
  /** Where else the server is reached. */
  origins: string[] = [];
  readonly server: Server;
  private readonly sockets: WebSocketServer;
  private tickets = 0;

  constructor(private readonly folder = 'dist') {
    this.server = createServer((request, response) => void this.answer(request, response));
    this.sockets = new WebSocketServer({
      server: this.server,
      path: '/ws',
      handleProtocols: () => 'atrium.v1',
    });
    this.sockets.on('connection', (socket, request) => this.join(socket, request));
    this.session.onChange = (value) => {
      if (this.control === 'here') this.broadcast({ case: 'change', value });
    };
  }

  listen(port = 0): Promise<number> {
    return new Promise((resolve) =>
      this.server.listen(port, '127.0.0.1', () =>
        resolve((this.server.address() as AddressInfo).port),
      ),
    );
  }

  close(): void {
    this.dropAll();
    this.server.close();
    this.server.closeAllConnections();
  }

  broadcast(message: JoinResponse['message']): void {
    for (const page of this.pages) page.send(message);
  }

  /** For SMALLEST: the largest size that fits every window that shows a tab. */
  fitWindows(name: string): void {
    if (this.session.tabs.get(name)?.sizePolicy !== SizePolicy.SMALLEST) return;
    const all = [...this.pages].flatMap((one) => one.windows.get(name) ?? []);
    if (all.length === 0) return;
    const columns = Math.min(...all.map((one) => one.columns));
    const rows = Math.min(...all.map((one) => one.rows));
    this.session.resize(name, create(TerminalSizeSchema, { columns, rows }));
  }

  /** Cuts every socket, as a killed process does. */
  dropAll(code?: number): void {
    for (const page of [...this.pages]) {
      if (code) page.socket.close(code);
      else page.socket.terminate();
    }
  }

  /** Control is gone; the sockets stay. */
  loseControl(): void {
    this.control = 'away';
    const reason = 'PROCESS_UNREACHABLE';
    const message = 'The control process cannot be reached';
    this.broadcast(outcome(0n, { code: UNAVAILABLE, reason, message }));
  }

  /** Control is back, with a state of its own. */
  regainControl(): void {
    this.control = 'here';
    this.session.stateEpoch += '+';
    for (const page of [...this.pages]) {
      this.welcome(page, page.pageId);
      page.catchUp();
    }
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    if (request.method === 'POST') {
      const body = JSON.parse((await read(request)) || '{}') as { displayName?: string };
      this.answerPost(request, response, path, body);
      return;
    }
    const file = /^\/(s|join)\/|^\/$/.test(path) ? '/index.html' : normalize(path);
    try {
      const bytes = readFileSync(join(this.folder, file));
      const type = TYPES[extname(file)] ?? 'application/octet-stream';
      const policy = `${POLICY} ws://${request.headers.host}`;
      response.writeHead(200, { 'content-type': type, 'content-security-policy': policy });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  }

  private answerPost(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    body: { displayName?: string },
  ): void {
    const json = (status: number, value: unknown, cookie?: string) => {
      const headers: Record<string, string> = { 'content-type': 'application/json' };
      if (cookie) headers['set-cookie'] = `who=${cookie}; HttpOnly; Path=/; SameSite=Strict`;
      response.writeHead(status, headers).end(JSON.stringify(value));
    };
    const refuse = (status: number, code: string, message: string, reason = '') =>
      json(status, { code, message, reason });
    const invite = /^\/join\/([a-z]+)-?(.*)$/.exec(path);
    if (invite) {
      const [, role, id] = invite;
      if (role === 'bad')
        return refuse(401, 'UNAUTHENTICATED', 'The link does not let you in', id?.toUpperCase());
      const who = id || `guest${this.session.participants.size + 1}`;
      const number = { owner: 3, editor: 2 }[role ?? ''] ?? 1;
      const participant = this.session.participant(who, {
        role: number,
        displayName: body.displayName || who,
      });
      return json(200, { session: this.session.name, participant, key: keyOf(who) }, who);
    }
    if (path !== '/ticket') return refuse(404, 'NOT_FOUND', 'No such path.');
    const who = /who=([^;]+)/.exec(request.headers.cookie ?? '')?.[1];
    if (this.refuseTickets) return refuse(this.refuseTickets, 'UNAUTHENTICATED', 'No credential.');
    const key = request.headers['atrium-key'];
    if (who && !key) return refuse(401, 'UNAUTHENTICATED', KEY_MISSING, 'KEY_MISSING');
    if (!who || key !== keyOf(who))
      return refuse(401, 'UNAUTHENTICATED', 'This browser holds no credential.');
    const participant = `${this.session.name}/participants/${who}`;
    json(200, {
      ticket: `${who}.${++this.tickets}`,
      accessToken: 'x',
      session: this.session.name,
      participant,
      origins: this.origins,
    });
  }

  private join(socket: WebSocket, request: IncomingMessage): void {
    const protocols = String(request.headers['sec-websocket-protocol']);
    const who = /ticket\.([^.,]+)\./.exec(protocols)?.[1] ?? 'nobody';
    const page = new FakePage(this, socket, `${this.session.name}/participants/${who}`);
    socket.on('message', (data, binary) => {
      const message = binary
        ? fromBinary(JoinRequestSchema, new Uint8Array(data as Buffer))
        : fromJsonString(JoinRequestSchema, data.toString());
      this.later(() => {
        if (message.message.case === 'hello') this.welcome(page, message.message.value.pageId);
        else page.onRequest(message);
      });
    });
    socket.on('close', () => {
      this.pages.delete(page);
      this.captures.forget(page);
      for (const name of page.windows.keys()) this.fitWindows(name);
      for (const terminal of this.session.terminals.values()) terminal.readers.delete(page);
    });
  }

  /** Does it at once, or as late as the pretended link is slow; the order stays. */
  later(run: () => void): void {
    if (this.delayMs > 0) setTimeout(run, this.delayMs);
    else run();
  }

  private welcome(page: FakePage, pageId: string): void {
    page.pageId = pageId;
    const value = create(JoinResponse_WelcomeSchema, {
      participant: page.participant,
      terminalWindow: 1n << 20n,
      agentAvailable: true,
      disclosures: this.disclosures,
    });
    page.send({ case: 'welcome', value });
    page.send({ case: 'snapshot', value: this.session.snapshot() });
    this.pages.add(page);
  }
}

/** How the fake says something: words as JSON, bytes as binary. */
export function frame(message: JoinResponse['message']): string | Uint8Array {
  const response = create(JoinResponseSchema, { message });
  return BINARY.has(message.case ?? '')
    ? toBinary(JoinResponseSchema, response)
    : toJsonString(JoinResponseSchema, response);
}

export function outcome(requestId: bigint, fields: object = {}): JoinResponse['message'] {
  return { case: 'outcome', value: create(JoinResponse_OutcomeSchema, { requestId, ...fields }) };
}

/** The half of a credential that the page has; the cookie has the other one. */
const keyOf = (who: string) => `key-of-${who}`;

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const piece of request) text += piece;
  return text;
}
