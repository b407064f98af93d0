// Whom the agent listens to: chosen in the page, kept in control, with real voices.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { AGENT, entries, entry, everybodyLeaves, goLive, somebody, SPEECH, spoken } from './call.mjs';
import { connect, inviteLink } from './services.mjs';
import { Stack, until } from './stack.mjs';

let stack, api, olga, emil;
before(async () => {
  stack = await new Stack({ voice: true, media: true }).start();
  api = await connect(stack);
  olga = await somebody('Olga', stack.ownerLink(), spoken('floor-olga', 'computer, what time is it', 'en-us', { lead: 2, pause: 3, times: 5 }));
  emil = await somebody('Emil', await inviteLink(stack, api, 'EDITOR'), spoken('floor-emil', 'computer, list the tabs', 'en-us+m3', { lead: 1, pause: 5, times: 12 }));
});
after(async () => {
  await everybodyLeaves();
  api?.close();
  await stack?.stop();
});

const words = async (page, ...kinds) => (await entries(page)).filter((one) => kinds.includes(one.kind)).map((one) => one.text);
const floor = async () => (await api.call('atrium.v1.SessionService', 'GetSession', { name: 'sessions/main' })).floor_policy;
// How much of the microphone was taken in so far, in seconds, and how loud it was.
const microphone = (page) => page.evaluate(async () => {
  const source = [...(await window.atrium.peer().getStats()).values()].find((one) => one.type === 'media-source');
  return { seconds: source?.totalSamplesDuration ?? 0, energy: source?.totalAudioEnergy ?? 0 };
});
async function choose(field, value) {
  await olga.keyboard.press('F1');
  await olga.keyboard.type('Settings of this session');
  await olga.keyboard.press('Enter');
  await olga.locator(`select[name="${field}"]`).selectOption({ label: value });
  await olga.getByRole('button', { name: 'Save', exact: true }).click();
}

test('N5: an owner chooses in the page whom the agent listens to, and who cuts it off', async () => {
  await choose('interruption', 'the owners');
  await choose('floor', 'whoever holds the talk key');
  await until('it is so', async () => (await floor())?.mode === 'PUSH_TO_TALK');
  assert.equal((await floor()).interruption, 'OWNERS');
});

test('N5: without the talk key nothing of a voice reaches the agent; with it, it does', async () => {
  await goLive(emil);
  await until('he has spoken', async () => {
    const { seconds, energy } = await microphone(emil);
    return seconds > 9 && energy > 0.005;
  }, 30_000);
  assert.deepEqual(await words(emil, SPEECH, AGENT), []);
  const key = emil.locator('[aria-label="Hold to talk"]').first();
  await key.hover();
  await emil.mouse.down();
  await olga.waitForFunction(() => window.atrium.state.participants.some((one) => one.displayName === 'Emil' && one.talking));
  const question = await entry(emil, SPEECH, /computer list the tabs/);
  assert.deepEqual(question.speakerNames, ['Emil']);
  await emil.mouse.up();
  await olga.waitForFunction(() => window.atrium.state.participants.every((one) => !one.talking));
});

test('N5: host only: the owner is heard, the others are not', async () => {
  await choose('floor', 'the owners');
  await until('it is so', async () => (await floor())?.mode === 'HOST_ONLY');
  // He is off the key: his microphone is on again.
  await emil.locator('[aria-label="Unmute"]').first().click();
  const before = (await entries(olga)).length;
  await goLive(olga);
  await until('she is heard', async () => (await entries(olga)).slice(before).some((one) => one.kind === SPEECH && /what time is it/.test(one.text)), 30_000);
  const heard = (await entries(olga)).slice(before).filter((one) => one.kind === SPEECH);
  for (const one of heard) assert.ok(!/list the tabs/.test(one.text), one.text);
});
