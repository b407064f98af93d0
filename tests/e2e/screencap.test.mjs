// T3: /ws/screencap-signal as a capture peer and its viewers speak it, with real pictures.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, visit } from './browser.mjs';
import { accessToken, open } from './compat.mjs';
import { connect, inviteLink } from './services.mjs';
import { enter } from './socket.mjs';
import { Stack, until } from './stack.mjs';

let stack, api, browser, olga, editor, viewer;
before(async () => {
  stack = await new Stack({ media: true }).start();
  api = await connect(stack);
  browser = await openBrowser();
  olga = await visit(browser, stack.ownerLink(), { name: 'Olga' });
  editor = await accessToken(await enter(stack, await inviteLink(stack, api, 'EDITOR')));
  viewer = await accessToken(await enter(stack, await inviteLink(stack, api, 'VIEWER')));
});
after(async () => {
  await browser?.close();
  api?.close();
  await stack?.stop();
});

const address = (token) => `${stack.origin.replace('http', 'ws')}/ws/screencap-signal?token=${token}`;

// Runs in a page: a peer of the source's kind. With `draw` it is the capture peer, whose
// screen is a canvas that moves; else it views what it is offered.
function peer({ url, draw }) {
  const state = { heard: [], socket: new WebSocket(url), peer: null, opened: 0 };
  window.source = state;
  const say = (message) => state.socket.send(JSON.stringify(message));
  const connect = () => {
    state.peer?.close();
    state.peer = new RTCPeerConnection();
    state.opened += 1;
    state.peer.onicecandidate = ({ candidate }) => candidate && say({ type: 'ice-candidate', data: candidate.toJSON() });
    return state.peer;
  };
  const picture = () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const context = canvas.getContext('2d');
    let turn = 0;
    setInterval(() => {
      context.fillStyle = `hsl(${(turn += 7)} 80% 50%)`;
      context.fillRect(0, 0, 640, 360);
    }, 50);
    return canvas.captureStream(20).getVideoTracks()[0];
  };
  const steps = {
    'start-capture': async () => {
      const made = connect();
      made.addTrack(state.track ??= picture());
      await made.setLocalDescription();
      say({ type: 'offer', data: { type: 'offer', sdp: made.localDescription.sdp } });
    },
    answer: ({ data }) => state.peer.setRemoteDescription(data),
    offer: async ({ data }) => {
      const made = connect();
      await made.setRemoteDescription(data);
      await made.setLocalDescription();
      say({ type: 'answer', data: { type: 'answer', sdp: made.localDescription.sdp } });
    },
  };
  state.say = say;
  state.socket.onmessage = async ({ data }) => {
    const message = JSON.parse(data);
    state.heard.push(message);
    if (message.type in steps && (draw || message.type === 'offer')) await steps[message.type](message);
  };
  return new Promise((done, fail) => { state.socket.onopen = () => done(); state.socket.onerror = () => fail(new Error('not opened')); });
}
async function somebody(token, draw) {
  const page = await browser.newPage();
  await page.goto(`${stack.origin}/`);
  await page.evaluate(peer, { url: address(token), draw });
  return page;
}
const say = (page, message) => page.evaluate((one) => window.source.say(one), message);
const hears = (page, type) => page.waitForFunction((one) => window.source.heard.find((message) => message.type === one), type, { timeout: 15_000 }).then((handle) => handle.jsonValue());
const frames = (page) => page.evaluate(async () => {
  const stats = [...((await window.source.peer?.getStats()) ?? new Map()).values()];
  return stats.find((one) => one.type === 'inbound-rtp' && one.kind === 'video')?.framesDecoded ?? 0;
});
const seesMore = async (page, what) => {
  const before = await frames(page);
  await until(what, async () => { const now = await frames(page); return now < before ? now > 5 : now > before + 5; }, 20_000);
};

let mac, anna, vera;
test('T3: one capture peer, an editor and a viewer who each negotiate with media and see', async () => {
  const early = await open(stack, address(editor).replace(/^ws:\/\/[^/]+/, ''));
  await early.hears('ready', (one) => one.type === 'ready');
  early.send({ type: 'start-capture', mode: 'desktop', displayIndex: 0 });
  assert.match((await early.hears('that there is no capture peer', (one) => one.type === 'error')).data, /No capture peer/);
  mac = await somebody(editor, true);
  await hears(mac, 'ready');
  await say(mac, { type: 'mac-ready', mode: 'desktop' });
  anna = await somebody(editor, false);
  await say(anna, { type: 'start-capture', mode: 'desktop', displayIndex: 0 });
  await seesMore(anna, 'Anna sees pictures');
  vera = await somebody(viewer, false);
  await say(vera, { type: 'start-capture', mode: 'desktop', displayIndex: 0 });
  await seesMore(vera, 'Vera sees pictures');
  assert.equal(await mac.evaluate(() => window.source.opened), 1, 'the capture peer publishes once');
  await olga.waitForFunction(() => window.atrium.state.captures[0]?.state === 2, null, { timeout: 10_000 });
  early.close();
});

test('T3: news, wishes and requests are relayed; viewers steer nothing', async () => {
  await say(mac, { type: 'capture-started', data: { width: 640, height: 360, frameRate: 20, codec: 'VP8' } });
  for (const page of [anna, vera]) assert.deepEqual((await hears(page, 'capture-started')).data, { width: 640, height: 360, frameRate: 20, codec: 'VP8' });
  await say(vera, { type: 'config-update', data: { bitrate: 1 } });
  assert.match((await hears(vera, 'error')).data, /Only editors/);
  await say(anna, { type: 'config-update', data: { bitrate: 500_000 } });
  assert.deepEqual(await hears(mac, 'config-update'), { type: 'config-update', data: { bitrate: 500_000 } });
  await say(anna, { type: 'api-request', requestId: 'r1', method: 'GET', endpoint: '/displays' });
  assert.equal((await hears(mac, 'api-request')).endpoint, '/displays');
  await say(mac, { type: 'api-response', requestId: 'r1', result: [{ id: 0 }] });
  assert.deepEqual((await hears(anna, 'api-response')).result, [{ id: 0 }]);
});

test('T3, R1: kill -9 of media: the capture peer offers again and all see again', async () => {
  await stack.kill('media');
  await until('another offer', () => mac.evaluate(() => window.source.opened === 2), 15_000);
  await seesMore(anna, 'Anna sees again');
  await seesMore(vera, 'Vera sees again');
});

test('T3, T6: kill -9 of the gateway: whoever comes back sees again', async () => {
  await stack.kill('gateway');
  for (const page of [mac, anna]) {
    await page.waitForFunction(() => window.source.socket.readyState === WebSocket.CLOSED);
    await until('it is connected again', () => page.evaluate(peer, { url: address(editor), draw: page === mac }).then(() => true, () => false), 15_000);
  }
  await hears(mac, 'ready');
  await say(mac, { type: 'mac-ready', mode: 'desktop' });
  await say(anna, { type: 'start-capture', mode: 'desktop', displayIndex: 0 });
  await seesMore(anna, 'Anna sees again');
});

test('T3, S19: the capture peer stops, or vanishes, and everybody is told', async () => {
  await say(mac, { type: 'capture-stopped', data: { reason: 'by the user' } });
  assert.deepEqual((await hears(anna, 'capture-stopped')).data, { reason: 'by the user' });
  await olga.waitForFunction(() => window.atrium.state.captures.length === 0, null, { timeout: 15_000 });
  await say(anna, { type: 'start-capture', mode: 'window', windowId: 7 });
  await seesMore(anna, 'Anna sees another');
  await mac.close();
  await until('Anna is told', () => anna.evaluate(() => window.source.heard.some((one) => one.type === 'capture-stopped' && /disconnected/.test(one.data.reason))));
  await olga.waitForFunction(() => window.atrium.state.captures.length === 0, null, { timeout: 15_000 });
});
