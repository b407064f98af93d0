// A page behind a network that lets nothing through but its TURN server: coturn, with the
// credentials that control makes.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openBrowser, ready, visit } from './browser.mjs';
import { energy, goLive, spoken } from './call.mjs';
import { connect, inviteLink } from './services.mjs';
import { Stack, until } from './stack.mjs';

const SECRET = 'north-3f2c';
const folder = mkdtempSync(join(tmpdir(), 'atrium-turn-'));
let turn, stack, api, port;
let log = '';
const browsers = [];

// A port that nobody has now.
async function freePort() {
  const socket = createSocket('udp4');
  await new Promise((done) => socket.bind(0, '127.0.0.1', done));
  const { port: free } = socket.address();
  await new Promise((done) => socket.close(done));
  return free;
}

before(async () => {
  port = await freePort();
  turn = spawn('turnserver', ['-n', '--listening-ip=127.0.0.1', '--relay-ip=127.0.0.1', `--listening-port=${port}`, '--use-auth-secret', `--static-auth-secret=${SECRET}`,
    '--realm=atrium', '--no-tls', '--no-dtls', '--no-cli', '--allow-loopback-peers', '--log-file=stdout', '--simple-log', '--verbose', `--pidfile=${join(folder, 'pid')}`, `--db=${join(folder, 'db')}`]);
  for (const stream of [turn.stdout, turn.stderr]) stream.on('data', (data) => { log += data; });
  const secret = join(folder, 'secret');
  writeFileSync(secret, `${SECRET}\n`, { mode: 0o600 });
  stack = await new Stack({ media: true, controlFlags: [`--turn_url=turn:127.0.0.1:${port}?transport=udp`, `--turn_secret_file=${secret}`] }).start();
  api = await connect(stack);
});
after(async () => {
  for (const browser of browsers) await browser.close();
  api?.close();
  await stack?.stop();
  turn?.kill('SIGTERM');
});

// As if its network let nothing else through.
const relayOnly = () => {
  const Direct = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Direct {
    constructor(configuration) {
      super({ ...configuration, iceTransportPolicy: 'relay' });
      window.iceServers = configuration.iceServers;
    }
  };
};
const pairOf = (page) => page.evaluate(async () => {
  const stats = await window.atrium.peer().getStats();
  const pair = [...stats.values()].find((one) => one.type === 'candidate-pair' && one.nominated);
  return { type: stats.get(pair.localCandidateId).candidateType, sent: pair.bytesSent };
});

test('X8: a page that reaches nothing but its TURN server is in the call and is heard', async () => {
  const [behind, free] = [await openBrowser({ microphone: spoken('turn', 'one two three four five six seven', 'en-us', { pause: 0, times: 20 }) }), await openBrowser()];
  browsers.push(behind, free);
  const olga = await visit(behind, stack.ownerLink(), { name: 'Olga' });
  await olga.addInitScript(relayOnly);
  await olga.reload();
  await ready(olga);
  const emil = await visit(free, await inviteLink(stack, api, 'EDITOR'), { name: 'Emil' });
  await goLive(emil);
  await goLive(olga);
  assert.equal((await pairOf(olga)).type, 'relay');
  assert.notEqual((await pairOf(emil)).type, 'relay');
  const before = await energy(emil);
  await until('Emil hears her', async () => (await energy(emil)) > before + 0.01, 20_000);
  const [server] = await olga.evaluate(() => window.iceServers);
  assert.match(server.username, /^\d+:/);
  const left = Number(server.username.split(':')[0]) - Date.now() / 1000;
  assert.ok(left > 500 && left <= 600, `good for ${left} s`);
});

test('X8: a made-up credential gets nothing', async () => {
  const stranger = await openBrowser();
  browsers.push(stranger);
  const page = await stranger.newPage();
  await page.goto(`${stack.origin}/`);
  const types = await page.evaluate(async (turnPort) => {
    const peer = new RTCPeerConnection({ iceTransportPolicy: 'relay', iceServers: [{ urls: `turn:127.0.0.1:${turnPort}?transport=udp`, username: `${Math.floor(Date.now() / 1000) + 600}:olga`, credential: 'AAAAAAAAAAAAAAAAAAAAAAAAAAA=' }] });
    const found = [];
    peer.onicecandidate = (event) => event.candidate && found.push(event.candidate.type);
    peer.createDataChannel('x');
    await peer.setLocalDescription(await peer.createOffer());
    await new Promise((done) => {
      peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && done();
    });
    return found;
  }, port);
  assert.deepEqual(types, []);
  assert.match(log, /401|Unauthorized|check_stun_auth/i);
});
