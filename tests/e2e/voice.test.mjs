// Two people, one call, one agent that knows who spoke. Microphones are fed from
// what espeak-ng speaks; what is heard is measured in the browsers.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openBrowser, openTab, visit } from './browser.mjs';
import { connect, inviteLink } from './services.mjs';
import { Stack, until } from './stack.mjs';

const wavs = mkdtempSync(join(tmpdir(), 'atrium-wavs-'));
// Chromium plays the file once, from when the microphone is first opened: the
// question comes three times, as somebody asks again who was not understood.
function spoken(name, text, voice) {
  const file = join(wavs, `${name}.wav`);
  const once = join(wavs, `${name}-once.wav`);
  execFileSync('espeak-ng', ['-v', voice, '-s', '150', '-w', once, text]);
  const wav = readFileSync(once);
  const rate = wav.readUInt32LE(24);
  const said = wav.subarray(44);
  const silence = Buffer.alloc(rate * 2 * 5);
  const body = Buffer.concat([Buffer.alloc(rate), said, silence, said, silence, said, silence]);
  const header = Buffer.from(wav.subarray(0, 44));
  header.writeUInt32LE(body.length + 36, 4);
  header.writeUInt32LE(body.length, 40);
  writeFileSync(file, Buffer.concat([header, body]));
  return `${file}%noloop`;
}

let stack, api;
const browsers = [];
before(async () => {
  stack = await new Stack({ voice: true, media: true }).start();
  api = await connect(stack);
});
after(async () => {
  for (const browser of browsers) await browser.close();
  api?.close();
  await stack?.stop();
});

async function somebody(name, link, microphone) {
  const browser = await openBrowser({ microphone });
  browsers.push(browser);
  return visit(browser, link, { name });
}
const goLive = async (page) => {
  await page.locator('[title="Start live audio"], [aria-label="Start live audio"]').last().click();
  await page.waitForFunction(() => window.atrium.state.call.phase === 'live' && window.atrium.peer()?.connectionState === 'connected', null, { timeout: 15_000 });
};
const entries = (page) => page.evaluate(() => window.atrium.state.entries);
const entry = (page, kind, pattern) => until(`somebody said ${pattern}`, async () => (await entries(page)).find((one) => one.kind === kind && pattern.test(one.text)), 20_000);
const SPEECH = 2, AGENT = 3;
const energy = (page) => page.evaluate(async () => {
  const stats = [...(await window.atrium.peer().getStats()).values()].find((one) => one.type === 'inbound-rtp');
  return stats?.totalAudioEnergy ?? 0;
});

// The energy once the agent is silent.
async function quietEnergy(page) {
  await page.waitForFunction(() => window.atrium.state.conversation.state === 3 && window.atrium.state.conversation.activity === 1, null, { timeout: 15_000 });
  let last = -1;
  return until('silence', async () => {
    const now = await energy(page);
    const silent = now - last < 1e-4;
    last = now;
    await page.evaluate(() => new Promise((done) => setTimeout(done, 300)));
    return silent ? now || 1e-9 : 0;
  });
}

let olga, emil;
test('V3, V6, L2: the agent hears Olga by name and answers; both hear it', async () => {
  olga = await somebody('Olga', stack.ownerLink(), spoken('time', 'computer, what time is it', 'en-us'));
  emil = await somebody('Emil', await inviteLink(stack, api, 'EDITOR'), spoken('tabs', 'computer, list the tabs', 'en-us+m3'));
  await openTab(olga);
  await goLive(olga);
  const question = await entry(olga, SPEECH, /computer what time is it/);
  assert.deepEqual(question.speakerNames, ['Olga']);
  await entry(olga, AGENT, /^It is \d+:\d\d/);
  await until('Olga hears it', async () => (await energy(olga)) > 0.01);
});

test('V1, V7: Emil joins the same talk: he is heard by name, and both hear the answer', async () => {
  const before = await energy(olga);
  // Olga has asked; from here on only Emil does.
  await olga.locator('[aria-label="Mute"]').first().click();
  await goLive(emil);
  const question = await entry(emil, SPEECH, /computer list the tabs/);
  assert.deepEqual(question.speakerNames, ['Emil']);
  await entry(olga, AGENT, /There is 1 tab/);
  await until('Emil hears it', async () => (await energy(emil)) > 0.01);
  await until('Olga hears it', async () => (await energy(olga)) > before + 0.01);
  const log = stack.log('control');
  assert.equal(log.match(/the agent is ready/g).length, 1, 'one provider connection');
});

test('V8: mute and deafen are seen by everybody', async () => {
  await emil.waitForFunction(() => window.atrium.state.participants.some((one) => one.displayName === 'Olga' && one.muted));
  await emil.locator('[aria-label="Silence the others"]').first().click();
  await olga.waitForFunction(() => window.atrium.state.participants.some((one) => one.displayName === 'Emil' && one.deafened));
});

test('R1, N4: kill -9 of media: terminals go on, audio is back without a reload', async () => {
  const peers = await Promise.all([olga, emil].map((page) => page.evaluate(() => window.atrium.counters.peers)));
  await olga.evaluate(() => { window.stayed = true; });
  const began = Date.now();
  await stack.kill('media');
  for (const [index, page] of [olga, emil].entries()) {
    await page.waitForFunction((old) => window.atrium.counters.peers > old && window.atrium.peer()?.connectionState === 'connected', peers[index], { timeout: 15_000, polling: 20 });
  }
  const back = Date.now() - began;
  assert.ok(await olga.evaluate(() => window.stayed), 'no reload');
  console.log(`# audio connected again ${back} ms after kill -9 of media`);
  const before = await quietEnergy(olga);
  await api.call('atrium.v1.TimelineService', 'Say', { parent: 'sessions/main', text: 'what time is it', audience: 'AGENT' });
  await until('Olga hears the agent again', async () => (await energy(olga)) > before + 0.005, 20_000);
  assert.equal(stack.log('control').match(/the agent is ready/g).length, 1, 'the same conversation');
});

test('N4, P1: kill -9 of control replaces no peer connection', async () => {
  const ids = await Promise.all([olga, emil].map((page) => page.evaluate(() => {
    window.kept = window.atrium.peer();
    return window.atrium.counters.peers;
  })));
  const epoch = await olga.evaluate(() => window.atrium.state.stateEpoch);
  const began = Date.now();
  await stack.kill('control');
  for (const page of [olga, emil]) {
    await page.waitForFunction((old) => window.atrium.state.stateEpoch !== old, epoch, { timeout: 15_000, polling: 20 });
  }
  console.log(`# the room is back ${Date.now() - began} ms after kill -9 of control`);
  for (const page of [olga, emil]) {
    await page.waitForFunction(() => window.atrium.state.participants.filter((one) => one.presence === 1 && one.live).length === 2, null, { timeout: 15_000 });
  }
  await until('the agent is back', async () => (await olga.evaluate(() => window.atrium.state.conversation.state)) === 3, 15_000);
  const before = await quietEnergy(olga);
  await api.call('atrium.v1.TimelineService', 'Say', { parent: 'sessions/main', text: 'what time is it', audience: 'AGENT' });
  await until('Olga hears the agent over the old connection', async () => (await energy(olga)) > before + 0.005, 20_000);
  for (const [index, page] of [olga, emil].entries()) {
    assert.ok(await page.evaluate(() => window.kept === window.atrium.peer() && window.kept.connectionState === 'connected'));
    assert.equal(await page.evaluate(() => window.atrium.counters.peers), ids[index]);
  }
});

test('L8: a page that is loaded again is in the call again, muted as it was', async () => {
  await olga.reload();
  await olga.waitForFunction(() => window.atrium?.state.call.phase === 'live' && window.atrium.peer()?.connectionState === 'connected', null, { timeout: 15_000 });
  assert.ok(await olga.evaluate(() => window.atrium.state.call.muted));
  await emil.waitForFunction(() => window.atrium.state.participants.some((one) => one.displayName === 'Olga' && one.live && one.muted));
});

test('L12: hanging up stops the tracks and the connection, for all to see', async () => {
  await emil.locator('[title="Stop live audio"], [aria-label="Stop live audio"]').last().click();
  await emil.waitForFunction(() => window.atrium.peer() === null);
  await olga.waitForFunction(() => window.atrium.state.participants.some((one) => one.displayName === 'Emil' && !one.live));
});

test('nobody saw a script error', () => {
  for (const page of [olga, emil]) assert.deepEqual(page.problems, []);
});
