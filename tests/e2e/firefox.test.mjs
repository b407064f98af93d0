// X7, V6: Firefox in the same room as Chromium: the page, the terminal, the call.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import puppeteer from 'puppeteer-core';
import { openTab, shows, type } from './browser.mjs';
import { energy, everybodyLeaves, goLive, somebody, spoken } from './call.mjs';
import { connect, inviteLink } from './services.mjs';
import { Stack, until } from './stack.mjs';

let stack, api, firefox, felix, olga;
// Older ones cannot wait by themselves.
const holds = (what, check, ...args) => until(what, () => felix.evaluate(check, ...args), 30_000);
before(async () => {
  stack = await new Stack({ voice: true, media: true }).start();
  api = await connect(stack);
  olga = await somebody('Olga', stack.ownerLink(), spoken('firefox', 'hello', 'en-us', { lead: 600 }));
  firefox = await puppeteer.launch({
    browser: 'firefox',
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    headless: true,
    // Older ones know no command for a viewport.
    defaultViewport: null,
    args: ['--width=1280', '--height=900'],
    extraPrefsFirefox: {
      'media.navigator.streams.fake': true,  // A tone for a microphone.
      'media.navigator.permission.disabled': true,
      'media.peerconnection.ice.loopback': true,
      'media.peerconnection.ice.obfuscate_host_addresses': false,
      'media.autoplay.default': 0,
      'network.proxy.type': 0,
    },
  });
  felix = await firefox.newPage();
  felix.problems = [];
  felix.on('pageerror', (error) => felix.problems.push(error.message));
  await felix.evaluateOnNewDocument(() => location.protocol.startsWith('http') && localStorage.setItem('atrium.settings', JSON.stringify({ checked: true, name: 'Felix' })));
  await felix.goto(await inviteLink(stack, api, 'EDITOR'));
  await holds('the room is there', () => window.atrium?.state.link === 'open' && window.atrium.state.revision >= 0);
});
after(async () => {
  await firefox?.close();
  await everybodyLeaves();
  api?.close();
  await stack?.stop();
});

test('X7, M1: both see one tab, and what either types', async () => {
  const tab = await openTab(olga);
  await holds('the tab is there', (name) => window.atrium.tabs().some((one) => one.name === name) && window.atrium.offset(name) >= 0, tab);
  await type(olga, 'echo from-$((40+2))-chromium\r');
  const sees = (words) => holds(words, (one, text) => window.atrium.terminalText(one)?.includes(text), tab, words);
  await sees('from-42-chromium');
  await felix.focus('.xterm-helper-textarea');
  await felix.keyboard.type('echo from-$((40+3))-firefox');
  await felix.keyboard.press('Enter');
  await shows(olga, tab, 'from-43-firefox');
});

test('V6, V7, L12: both are in one call and hear each other; hanging up ends it', async () => {
  await goLive(olga);
  await felix.evaluate(() => [...document.querySelectorAll('[title="Start live audio"], [aria-label="Start live audio"]')].at(-1).click());
  await holds('Firefox is live', () => window.atrium.state.call.phase === 'live' && window.atrium.peer()?.connectionState === 'connected');
  await until('Olga hears the tone of Firefox', async () => (await energy(olga)) > 0.01, 20_000);
  await api.call('atrium.v1.TimelineService', 'Say', { parent: 'sessions/main', text: 'what time is it', audience: 'AGENT' });
  await until('Firefox hears the agent', () => felix.evaluate(async () => {
    const stats = [...(await window.atrium.peer().getStats()).values()].find((one) => one.type === 'inbound-rtp');
    return (stats?.totalAudioEnergy ?? 0) > 0.005 || (stats?.audioLevel ?? 0) > 0.02;
  }), 30_000);
  await felix.evaluate(() => { window.was = window.atrium.peer(); document.querySelector('[title="Stop live audio"], [aria-label="Stop live audio"]').click(); });
  await holds('the call is over', () => window.atrium.state.call.phase !== 'live' && window.was.connectionState === 'closed');
});

test('L6: Firefox sees the screen that Chromium shows', async () => {
  await olga.getByRole('button', { name: 'Share screen' }).first().click();
  await olga.waitForFunction(() => window.atrium.state.captures.some((one) => one.own && one.state === 2), null, { timeout: 15_000 });
  await until('Firefox sees pictures', () => felix.evaluate(async () => {
    const [capture] = window.atrium.state.captures;
    const peer = capture && window.atrium.capturePeer(capture.name);
    const stats = [...((await peer?.getStats()) ?? new Map()).values()];
    return (stats.find((one) => one.type === 'inbound-rtp' && one.kind === 'video')?.framesDecoded ?? 0) > 3;
  }), 30_000);
  await olga.getByRole('button', { name: 'Stop sharing' }).first().click();
  await holds('the screen is gone', () => window.atrium.state.captures.length === 0);
  assert.deepEqual(felix.problems, []);
});
