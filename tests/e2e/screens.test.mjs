// A screen is shown by one browser and seen by all, through real media.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, visit } from './browser.mjs';
import { connect, inviteLink } from './services.mjs';
import { Stack, until } from './stack.mjs';

let stack, api, olga, emil;
const browsers = [];
before(async () => {
  stack = await new Stack({ media: true }).start();
  api = await connect(stack);
  olga = await somebody('Olga', stack.ownerLink());
  emil = await somebody('Emil', await inviteLink(stack, api, 'EDITOR'));
});
after(async () => {
  for (const browser of browsers) await browser.close();
  api?.close();
  await stack?.stop();
});
async function somebody(name, link) {
  const browser = await openBrowser();
  browsers.push(browser);
  return visit(browser, link, { name });
}

const shown = (page) => page.evaluate(() => window.atrium.state.captures);
// Pictures that a page has decoded of the only screen.
const pictures = (page) => page.evaluate(async () => {
  const [capture] = window.atrium.state.captures;
  const peer = capture && window.atrium.capturePeer(capture.name);
  const stats = [...((await peer?.getStats()) ?? new Map()).values()];
  return stats.find((one) => one.type === 'inbound-rtp' && one.kind === 'video')?.framesDecoded ?? 0;
});
async function seesMore(page, name) {
  const before = await pictures(page);
  return until(`${name} sees more`, async () => {
    const now = await pictures(page);
    return now < before ? now > 3 : now > before + 3;
  }, 20_000);
}
const share = async (page) => {
  await page.getByRole('button', { name: 'Share screen' }).first().click();
  await page.waitForFunction(() => window.atrium.state.captures.some((one) => one.own && one.state === 2), null, { timeout: 15_000 });
};
const gone = (page) => page.waitForFunction(() => window.atrium.state.captures.length === 0, null, { timeout: 10_000 });
const peers = (page) => page.evaluate(() => window.atrium.state.captures[0].peers);

test('L6: what one shows the others see, whoever comes late too', async (t) => {
  await share(olga);
  await seesMore(emil, 'Emil');
  const size = await emil.evaluate(() => {
    const video = document.querySelector('.capture video');
    return [video.videoWidth, video.videoHeight];
  });
  assert.ok(size[0] > 300 && size[1] > 200, `a picture of ${size}`);
  const vera = await somebody('Vera', await inviteLink(stack, api, 'VIEWER'));
  const came = Date.now();
  await seesMore(vera, 'Vera, who only looks,');
  t.diagnostic(`who came late saw pictures after ${Date.now() - came} ms`);
  assert.equal(await vera.getByRole('button', { name: 'Share screen' }).count(), 0, 'viewers show nothing');
  await olga.waitForFunction(() => window.atrium.state.captures[0].viewerCount === 2);
  await vera.close();
});

test('L6, X2: a service finds what is shown', async () => {
  const list = await api.call('atrium.v1.CaptureService', 'ListCaptures', { parent: 'sessions/main' });
  assert.equal(list.captures.length, 1);
  assert.equal(list.captures[0].state, 'SHOWN');
});

test('R1, N4: kill -9 of media: the picture is back by itself and nobody is asked', async (t) => {
  const track = () => olga.evaluate(() => document.querySelector('.capture video').srcObject.getVideoTracks()[0].id);
  const before = [await track(), await peers(emil)];
  const began = Date.now();
  await stack.kill('media');
  await emil.waitForFunction((old) => window.atrium.state.captures[0]?.peers > old, before[1], { timeout: 15_000, polling: 20 });
  await until('a picture', async () => (await pictures(emil)) > 0, 15_000);
  t.diagnostic(`a picture is seen again ${Date.now() - began} ms after kill -9 of media`);
  await seesMore(emil, 'Emil');
  assert.equal(await track(), before[0], 'the same screen');
});

for (const victim of ['control', 'gateway']) {
  test(`R3, R4, N4: kill -9 of ${victim} replaces no connection of a screen`, async () => {
    const before = [await peers(olga), await peers(emil)];
    await stack.kill(victim);
    await seesMore(emil, 'Emil, meanwhile,');
    for (const page of [olga, emil]) {
      await page.waitForFunction(() => window.atrium.state.link === 'open', null, { timeout: 20_000 });
    }
    await until('control has it as it was', async () => (await shown(emil))[0]?.state === 2);
    await seesMore(emil, 'Emil');
    assert.deepEqual([await peers(olga), await peers(emil)], before);
  });
}

test('S19: whoever shows it stops it, and its picture ends within a second', async (t) => {
  const peer = await emil.evaluateHandle(() => window.atrium.capturePeer(window.atrium.state.captures[0].name));
  const began = Date.now();
  await olga.getByRole('button', { name: 'Stop sharing' }).first().click();
  await emil.waitForFunction((one) => one.connectionState === 'closed', peer, { polling: 20 });
  const took = Date.now() - began;
  t.diagnostic(`the picture ended after ${took} ms`);
  await gone(emil);
  await gone(olga);
});

test('S19, X2: an owner and a service end what somebody shows', async () => {
  await share(emil);
  await seesMore(olga, 'Olga');
  const [capture] = await shown(olga);
  await api.call('atrium.v1.CaptureService', 'DeleteCapture', { name: capture.name });
  await gone(olga);
  await gone(emil);
  await emil.getByRole('button', { name: 'Share screen' }).first().waitFor();
  assert.equal(await emil.evaluate(() => document.querySelectorAll('.capture video').length), 0);
});

test('V9: nobody is left in media', async () => {
  for (const page of [olga, emil]) assert.deepEqual(page.problems, []);
  const log = stack.log('media');
  assert.ok(!/critical|assert/i.test(log), log.match(/.*(critical|assert).*/i)?.[0]);
});
