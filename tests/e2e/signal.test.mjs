// Callers that speak HTTP only: one offer, one answer, then RTP.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { openBrowser, visit } from './browser.mjs';
import { AGENT, entry, SPEECH, spoken } from './call.mjs';
import { connect, inviteLink } from './services.mjs';
import { enter, proof, ticket } from './socket.mjs';
import { root, Stack, until } from './stack.mjs';

let stack, api, browser, watcher, emil;
const callers = [];
before(async () => {
  stack = await new Stack({ voice: true, media: true }).start();
  api = await connect(stack);
  emil = await enter(stack, await inviteLink(stack, api, 'EDITOR'));
  browser = await openBrowser();
  watcher = await visit(browser, stack.ownerLink(), { name: 'Olga' });
});
after(async () => {
  for (const one of callers) one.child.kill('SIGKILL');
  await browser?.close();
  api?.close();
  await stack?.stop();
});

const question = () => spoken('signal', 'computer, what time is it', 'en-us', { lead: 2 }).split('%')[0];
const bearer = async () => ({ Authorization: `Bearer ${await ticket(emil)}` });

// Starts a caller; `heard`, `state` and `connection` are what it last said.
function call(form, headers) {
  const child = spawn('/usr/bin/python3', [join(root, 'tests/e2e/caller.py'), stack.origin, question(), form, JSON.stringify(headers)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const caller = { child, heard: 0, state: '', connection: '' };
  createInterface({ input: child.stdout }).on('line', (line) => Object.assign(caller, JSON.parse(line)));
  caller.gone = new Promise((done) => child.on('exit', done));
  callers.push(caller);
  return caller;
}
const live = () => watcher.evaluate(() => window.atrium.state.participants.filter((one) => one.live).map((one) => one.name));
const gauge = async (name) => {
  const answer = await fetch(`${stack.origin}/metrics`, { headers: { Authorization: `Bearer ${stack.serviceToken()}` } });
  if (!answer.ok) return NaN;
  const text = await answer.text();
  return Number(text.match(new RegExp(`^${name} (\\d+)`, 'm'))?.[1] ?? 0);
};
const calls = () => gauge('atrium_gateway_connections\\{kind="call"\\}');
const post = (path, body, headers = {}) => fetch(stack.origin + path, { method: 'POST', headers: { 'Content-Type': 'application/json', ...headers }, body });
const refusal = async (answer, status, field) => {
  const json = await answer.json();
  assert.equal(answer.status, status, JSON.stringify(json));
  if (field) assert.equal(json.field, field, JSON.stringify(json));
};

test('V4, V6: a caller over POST /signal is a participant, is heard by the agent and hears it', async () => {
  const caller = call('signal', await bearer());
  await until('it is connected', () => caller.state === 'connected', 15_000);
  assert.match(caller.sdp, /a=candidate:/, 'the answer has all candidates');
  assert.deepEqual(await live(), [emil.participant.name]);
  assert.equal(await calls(), 1);
  await entry(watcher, SPEECH, /computer what time is it/);
  await entry(watcher, AGENT, /^It is \d+:\d\d/);
  await until('it hears the agent', () => caller.heard > 0.01, 20_000);
  await refusal(await post('/disconnect', '{}'), 400, 'connectionId');
  assert.equal((await post('/disconnect', JSON.stringify({ connectionId: 'a'.repeat(52) }))).status, 204, 'a wrong id tells nothing');
  assert.deepEqual(await live(), [emil.participant.name], 'and ends nothing');
  caller.child.stdin.write('end\n');
  await until('it is told so', () => caller.ended === 204);
  await until('it is out of the call', async () => (await live()).length === 0);
  await until('the gateway has forgotten it', async () => (await calls()) === 0);
  await until('it is no participant', () => watcher.evaluate((who) => !window.atrium.state.participants.some((one) => one.name === who), emil.participant.name), 15_000);
  await caller.gone;
});

test('V4: WHIP is another door to the same: 201, Location, DELETE', async () => {
  const caller = call('whip', await bearer());
  await until('it is connected', () => caller.state === 'connected', 15_000);
  assert.match(caller.connection, /^\/whip\/main\/[a-z2-7]{52}$/);
  assert.deepEqual(await live(), [emil.participant.name]);
  const at = stack.origin + caller.connection;
  assert.equal((await fetch(at, { method: 'PATCH', body: '' })).status, 405);
  assert.equal((await fetch(`${stack.origin}/whip/main/${'a'.repeat(52)}`, { method: 'DELETE' })).status, 404);
  assert.equal((await post('/whip/main', 'v=0')).status, 415);
  caller.child.stdin.write('end\n');
  await until('it is told so', () => caller.ended === 200);
  await until('it is out of the call', async () => (await live()).length === 0);
  assert.equal((await fetch(at, { method: 'DELETE' })).status, 404);
  await caller.gone;
});

test('X8, L6: WHEP shows a screen to a foreign client, a viewer too, until it is not shown', async () => {
  const viewer = await enter(stack, await inviteLink(stack, api, 'VIEWER'));
  const may = async () => ({ Authorization: `Bearer ${await ticket(viewer)}` });
  assert.equal((await post('/whep/nothing', 'v=0\r\n', { ...(await may()), 'Content-Type': 'application/sdp' })).status, 404);
  await watcher.getByRole('button', { name: 'Share screen' }).first().click();
  await watcher.waitForFunction(() => window.atrium.state.captures.some((one) => one.state === 2), null, { timeout: 15_000 });
  const [capture] = await watcher.evaluate(() => window.atrium.state.captures.map((one) => one.name));
  const path = `whep/${capture.split('/').at(-1)}`;
  assert.equal((await post(`/${path}`, 'v=0\r\n', { 'Content-Type': 'application/sdp' })).status, 401);
  await refusal(await post(`/${path}`, 'v=0\r\n', { ...(await may()), 'Content-Type': 'application/sdp' }), 400, 'offer.sdp');
  const [leaving, staying] = [call(path, await may()), call(path, await may())];
  for (const one of [leaving, staying]) {
    await until('it sees pictures', () => one.frames > 5, 30_000);
    assert.ok(one.size[0] > 300 && one.size[1] > 200, `a picture of ${one.size}`);
    assert.match(one.connection, new RegExp(`^/${path}/[a-z2-7]{52}$`));
  }
  assert.equal(await calls(), 2);
  leaving.child.stdin.write('end\n');
  await until('it is told so', () => leaving.ended === 200);
  await until('one is left', async () => (await calls()) === 1);
  await watcher.getByRole('button', { name: 'Stop sharing' }).first().click();
  await until('nobody is left', async () => (await calls()) === 0);
  assert.equal((await fetch(stack.origin + staying.connection, { method: 'DELETE' })).status, 404);
  staying.child.stdin.write('end\n');
  await leaving.gone;
});

test('V4, S1, S3, T5: strangers, foreign pages and bad offers are refused, by name', async () => {
  const good = JSON.stringify({ offer: { type: 'offer', sdp: 'v=0\r\n' } });
  await refusal(await post('/signal', good), 401);
  await refusal(await post('/signal', good, { Authorization: 'Bearer nonsense' }), 401);
  await refusal(await post('/signal', good, { Cookie: emil.cookie, Origin: stack.origin }), 401);
  await refusal(await post('/signal', good, { ...proof(emil) }), 401);
  await refusal(await post('/signal', good, { ...(await bearer()), Origin: 'http://evil.example' }), 403);
  await refusal(await post('/disconnect', '{"connectionId":"x"}', { Origin: 'http://evil.example' }), 403);
  const viewer = await enter(stack, await inviteLink(stack, api, 'VIEWER'));
  await refusal(await post('/signal', good, { Authorization: `Bearer ${await ticket(viewer)}` }), 400, 'offer.sdp');
  await refusal(await post('/signal', '{', await bearer()), 400, 'body');
  await refusal(await post('/signal', '{}', await bearer()), 400, 'offer');
  await refusal(await post('/signal', '{"offer":{"type":"answer","sdp":""}}', await bearer()), 400, 'offer.type');
  await refusal(await post('/signal', '{"offer":{"type":"offer","sdp":7}}', await bearer()), 400, 'offer.sdp');
  await refusal(await post('/signal', good, await bearer()), 400, 'offer.sdp');
  await refusal(await post('/signal', JSON.stringify({ session: 'nowhere', ...JSON.parse(good) }), await bearer()), 404);
  assert.equal((await fetch(`${stack.origin}/signal`)).status, 405);
  const large = await post('/signal', ' '.repeat(70_000), await bearer()).then((answer) => answer.status, () => 'hung up');
  assert.ok([413, 'hung up'].includes(large), `${large}`);
  await until('nobody is left', async () => (await calls()) === 0 && (await live()).length === 0);
});

// A page of ours makes offers of its own, beside the app's.
const dial = (page, times) => page.evaluate(async (count) => {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  for (let turn = 1; turn <= count; turn += 1) {
    const peer = new RTCPeerConnection();
    peer.addTrack(stream.getAudioTracks()[0]);
    const whole = new Promise((done) => { peer.onicegatheringstatechange = () => peer.iceGatheringState === 'complete' && done(); });
    await peer.setLocalDescription(await peer.createOffer());
    await whole;
    const call = () => fetch('/signal', {
      method: 'POST', headers: { 'Content-Type': 'application/json', 'Atrium-Key': localStorage.getItem('atrium.key') },
      body: JSON.stringify({ offer: peer.localDescription }),
    });
    let answer = await call();
    let json = await answer.json();
    // Ten a second are let in.
    for (; answer.status === 429; json = await answer.json()) {
      await new Promise((done) => setTimeout(done, 1000 * Number(answer.headers.get('retry-after'))));
      answer = await call();
    }
    if (!answer.ok) throw new Error(`${answer.status} ${json.message}`);
    await peer.setRemoteDescription(json.answer);
    while (peer.connectionState !== 'connected') {
      if (['failed', 'closed'].includes(peer.connectionState)) throw new Error(`turn ${turn}: ${peer.connectionState}`);
      await new Promise((done) => { peer.onconnectionstatechange = done; });
    }
    if (turn === count) return Object.assign(window, { mine: peer, connectionId: json.connectionId }) && count;
    navigator.sendBeacon('/disconnect', JSON.stringify({ connectionId: json.connectionId }));
    peer.close();
  }
}, times);
const hangUp = async () => {
  assert.ok(await watcher.evaluate(() => navigator.sendBeacon('/disconnect', JSON.stringify({ connectionId: window.connectionId }))));
  await until('it is out of the call', async () => (await calls()) === 0 && (await live()).length === 0);
  await watcher.evaluate(() => window.mine.close());
};

test('V4: a page calls with its cookie and key, and ends by a beacon', async () => {
  await dial(watcher, 1);
  assert.equal((await live()).length, 1);
  await hangUp();
});

test('V4, S5: a hundred connections leave no participant, descriptor or thread', { timeout: 300_000 }, async () => {
  const held = () => ['gateway', 'control', 'media'].map((name) => ['fd', 'task'].map((what) => readdirSync(`/proc/${stack.pid(name)}/${what}`).length)).flat();
  await dial(watcher, 3);
  await hangUp();
  const people = () => watcher.evaluate(() => window.atrium.state.participants.length);
  await until('who came before is forgotten', async () => (await people()) === 1, 15_000);
  const before = held();
  await dial(watcher, 100);
  await hangUp();
  assert.equal(await people(), 1);
  // gRPC keeps a few threads of its own; what a connection left would be a hundred.
  await until(`as before: ${before}`, () => held().every((count, at) => count <= before[at] + 8), 20_000).catch((error) => assert.fail(`${error.message}; now ${held()}`));
});

test('V4, S18: an offer that promises no certificate is refused, and nobody is left', async () => {
  const offer = await watcher.evaluate(async () => {
    const peer = new RTCPeerConnection();
    peer.addTransceiver('audio');
    return (await peer.createOffer()).sdp;
  });
  const ask = async (sdp) => post('/signal', JSON.stringify({ offer: { type: 'offer', sdp } }), await bearer());
  const { connectionId } = await (await ask(offer)).json();
  assert.equal((await post('/disconnect', JSON.stringify({ connectionId }))).status, 204);
  await refusal(await ask(offer.replace(/a=fingerprint:.*\r\n/g, '')), 400, 'offer.sdp');
  await until('nobody is left', async () => (await calls()) === 0 && (await live()).length === 0);
});

test('V4, R1: who vanishes, and whose media was started again, leaves no connection', async () => {
  const vanishing = call('signal', await bearer());
  await until('it is connected', () => vanishing.state === 'connected', 15_000);
  vanishing.child.kill('SIGKILL');
  await until('the watchdog ends it', async () => (await calls()) === 0 && (await live()).length === 0, 15_000);
  const cut = call('signal', await bearer());
  await until('it is connected', () => cut.state === 'connected', 15_000);
  const epoch = await watcher.evaluate(() => window.atrium.state.stateEpoch);
  await stack.kill('control');
  await watcher.waitForFunction((old) => window.atrium.state.stateEpoch !== old, epoch);
  await until('control has it back', async () => (await live()).length === 1 && (await calls()) === 1, 15_000);
  assert.equal(cut.state, 'connected', 'control is not on its way');
  await stack.kill('media');
  await until('it is over', async () => (await calls()) === 0, 15_000);
  await until('nobody is live', async () => (await live()).length === 0);
  cut.child.kill('SIGKILL');
});
