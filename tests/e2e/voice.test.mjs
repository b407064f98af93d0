// Two people, one call, one agent that knows who spoke.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTab } from './browser.mjs';
import { AGENT, energy, entry, everybodyLeaves, goLive, quietEnergy, somebody, SPEECH, spoken } from './call.mjs';
import { connect, inviteLink } from './services.mjs';
import { Stack, until } from './stack.mjs';

let stack, api;
before(async () => {
  stack = await new Stack({ voice: true, media: true }).start();
  api = await connect(stack);
});
after(async () => {
  await everybodyLeaves();
  api?.close();
  await stack?.stop();
});

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

test('L1: Nora has no microphone: she hears them, and all see that she is not heard', async () => {
  const nora = await somebody('Nora', await inviteLink(stack, api, 'EDITOR'));
  await nora.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('none', 'NotFoundError'));
  });
  await goLive(nora);
  await api.call('atrium.v1.TimelineService', 'Say', { parent: 'sessions/main', text: 'what time is it', audience: 'AGENT' });
  await until('Nora hears the agent', async () => (await energy(nora)) > 0.005, 20_000);
  assert.match(await nora.evaluate(() => window.atrium.state.call.listensOnly), /No microphone/);
  await olga.waitForFunction(() => window.atrium.state.participants.some((one) => one.displayName === 'Nora' && one.live && one.muted));
  assert.deepEqual(nora.problems, []);
  await nora.locator('[aria-label="Stop live audio"]').last().click();
  await olga.waitForFunction(() => window.atrium.state.participants.some((one) => one.displayName === 'Nora' && !one.live && !one.muted));
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

test('L8, V8: a page that is loaded again while the talk button is held is in the call again, muted', async () => {
  const button = await olga.getByRole('button', { name: 'Hold to talk' }).boundingBox();
  await olga.mouse.move(button.x + button.width / 2, button.y + button.height / 2);
  await olga.mouse.down();
  await emil.waitForFunction(() => window.atrium.state.participants.some((one) => one.displayName === 'Olga' && one.live && !one.muted));
  await olga.reload();
  await olga.waitForFunction(() => window.atrium?.state.call.phase === 'live' && window.atrium.peer()?.connectionState === 'connected', null, { timeout: 15_000 });
  await olga.mouse.up();
  assert.ok(await olga.evaluate(() => window.atrium.state.call.muted));
  assert.deepEqual(await olga.evaluate(() => window.atrium.peer().getSenders().flatMap((one) => one.track?.enabled ?? [])), [false]);
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
