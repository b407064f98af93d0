// Two people at once, and media killed while the agent speaks.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openTab } from './browser.mjs';
import { AGENT, energy, entries, entry, everybodyLeaves, goLive, somebody, SPEECH, spoken } from './call.mjs';
import { connect, inviteLink } from './services.mjs';
import { enter, Page } from './socket.mjs';
import { Stack, until } from './stack.mjs';

// Types a key and waits for its echo, again and again.
class Typist {
  async open() {
    const who = await enter(stack, await inviteLink(stack, api, 'EDITOR'));
    this.page = await new Page(who).open();
    this.tab = (await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command: ['/bin/cat'] } })).name;
    this.page.offsets.set(this.tab, 0);
    this.page.subscribe(this.tab, () => this.echoed?.());
    return this;
  }
  async echoes(count) {
    const times = [];
    for (let i = 0; i < count; i += 1) {
      const began = performance.now();
      const echo = new Promise((done) => { this.echoed = done; });
      this.page.type(this.tab, i % 60 === 59 ? '\r' : 'x');
      await echo;
      times.push(performance.now() - began);
    }
    return times;
  }
  close() {
    this.page.close();
  }
}

let stack, api, olga, emil;
before(async () => {
  stack = await new Stack({ voice: true, media: true }).start();
  api = await connect(stack);
  // The same question out of two mouths at once. One of the two browsers opens its
  // microphone a little later than the other, so how well it is understood varies.
  // It is asked again and again, each time a little differently apart.
  const question = (voice, pause) => spoken(`question-${voice}`, 'computer, what time is it', voice, { lead: 2, pause, times: 8 });
  olga = await somebody('Olga', stack.ownerLink(), question('en-us', 5));
  emil = await somebody('Emil', await inviteLink(stack, api, 'EDITOR'), question('en-us+m3', 5.2));
});
after(async () => {
  await everybodyLeaves();
  api?.close();
  await stack?.stop();
});

test('V6, N5: both speak at once: one utterance, both names, one answer that both hear', async () => {
  await openTab(olga);
  await Promise.all([goLive(olga), goLive(emil)]);
  // Not every one of the eight is understood.
  const both = await until('an utterance of both that is understood', async () =>
    (await entries(olga)).find((one) => one.kind === SPEECH && one.speakerNames.length === 2 && /^computer /.test(one.text)), 60_000);
  assert.deepEqual([...both.speakerNames].sort(), ['Emil', 'Olga']);
  await entry(emil, AGENT, /./);
  for (const page of [olga, emil]) await until('it is heard', async () => (await energy(page)) > 0.01);
});

const activity = (page) => page.evaluate(() => window.atrium.state.conversation.activity);
const LISTENING = 1, SPEAKING = 3;
const ask = (text) => api.call('atrium.v1.TimelineService', 'Say', { parent: 'sessions/main', text, audience: 'AGENT' });
const spoke = async (pattern) => (await entries(olga)).filter((one) => one.kind === AGENT && pattern.test(one.text));

// How long the agent speaks, from its first to its last sample, in milliseconds.
async function speech(during) {
  await until('the agent speaks', async () => (await activity(olga)) === SPEAKING, 20_000);
  const began = Date.now();
  await during?.();
  await until('it has spoken', async () => (await activity(olga)) !== SPEAKING, 60_000);
  return Date.now() - began;
}

test('R1, N4: kill -9 of media in the middle of the agent\'s sentence: it goes on where it was, terminals do not notice', { timeout: 180_000 }, async () => {
  for (const page of [olga, emil]) await page.locator('[aria-label="Mute"]').first().click();
  const tab = (await api.call('atrium.v1.TabService', 'ListTabs', { parent: 'sessions/main' })).tabs[0].name;
  const words = 'alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo sierra tango';
  await api.call('atrium.v1.TabService', 'RunCommand', { parent: 'sessions/main', tab, command: `echo ${words}` });
  // What it took the two voices for may even have been a command.
  await until('it listens', async () => {
    const deny = olga.getByRole('button', { name: /Deny/ }).first();
    if (await deny.isVisible()) await deny.click();
    return (await activity(olga)) === LISTENING;
  }, 20_000);
  await ask('read the last lines of tab 1');
  const whole = await speech();

  const typist = await new Typist().open();
  const calm = await typist.echoes(1000);
  await ask('read the last lines of tab 1');
  let during;
  const killed = await speech(async () => {
    const peers = await olga.evaluate(() => window.atrium.counters.peers);
    // A third of it is heard; then media dies.
    const start = await energy(olga);
    await until('it is heard', async () => (await energy(olga)) > start + 0.05);
    await olga.evaluate((ms) => new Promise((done) => setTimeout(done, ms)), whole / 3);
    during = typist.echoes(1000);
    const at = Date.now();
    await stack.kill('media');
    await olga.waitForFunction((old) => window.atrium.counters.peers > old && window.atrium.peer()?.connectionState === 'connected', peers, { timeout: 15_000, polling: 20 });
    await until('it is heard again', async () => (await energy(olga)) > 0.01, 10_000);
    console.log(`# the agent is heard again ${Date.now() - at} ms after kill -9 of media in its sentence`);
  });
  console.log(`# the sentence took ${whole} ms, and ${killed} ms with the kill`);
  // From the start again it would have taken a third more, and the gap.
  assert.ok(killed < whole * 1.25 + 1500, `${killed} ms of ${whole}`);
  const read = await spoke(/alpha bravo/);
  assert.equal(read.length, 2);
  assert.ok(read.every((one) => !one.interrupted && one.text === read[0].text));
  assert.equal(stack.log('control').match(/the agent is ready/g).length, 1, 'the same conversation');
  const [p99, killed99] = [calm, await during].map((times) => times.sort((a, b) => a - b)[Math.floor(times.length * 0.99)]);
  console.log(`# echo p99: ${p99.toFixed(2)} ms before, ${killed99.toFixed(2)} ms while media dies and comes back`);
  typist.close();
});
