// People in a call: what they say, what they hear, what is written down.
// Microphones are fed from what espeak-ng speaks; what is heard is measured in the
// browsers.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBrowser, visit } from './browser.mjs';
import { until } from './stack.mjs';

const wavs = mkdtempSync(join(tmpdir(), 'atrium-wavs-'));
// One WAV file of what is said, `times` times, each after `lead` seconds of silence
// and before `pause` seconds more. Chromium plays it once, from when the microphone
// is first opened: a question comes several times, as somebody asks again who was
// not understood.
export function spoken(name, text, voice, { lead = 1, pause = 5, times = 3, amplitude = 100 } = {}) {
  const file = join(wavs, `${name}.wav`);
  const once = join(wavs, `${name}-once.wav`);
  execFileSync('espeak-ng', ['-v', voice, '-s', '150', '-a', String(amplitude), '-w', once, text]);
  const wav = readFileSync(once);
  const rate = wav.readUInt32LE(24);
  const silence = (seconds) => Buffer.alloc(Math.round(rate * seconds) * 2);
  const turn = Buffer.concat([wav.subarray(44), silence(pause)]);
  const body = Buffer.concat([silence(lead), ...Array(times).fill(turn)]);
  const header = Buffer.from(wav.subarray(0, 44));
  header.writeUInt32LE(body.length + 36, 4);
  header.writeUInt32LE(body.length, 40);
  writeFileSync(file, Buffer.concat([header, body]));
  return `${file}%noloop`;
}

const browsers = [];
export async function somebody(name, link, microphone) {
  const browser = await openBrowser({ microphone });
  browsers.push(browser);
  return visit(browser, link, { name });
}
export async function everybodyLeaves() {
  for (const browser of browsers.splice(0)) await browser.close();
}

export const goLive = async (page) => {
  await page.locator('[title="Start live audio"], [aria-label="Start live audio"]').last().click();
  await page.waitForFunction(() => window.atrium.state.call.phase === 'live' && window.atrium.peer()?.connectionState === 'connected', null, { timeout: 15_000 });
};
export const entries = (page) => page.evaluate(() => window.atrium.state.entries);
export const entry = (page, kind, pattern) => until(`somebody said ${pattern}`, async () => (await entries(page)).find((one) => one.kind === kind && pattern.test(one.text)), 20_000);
export const SPEECH = 2, AGENT = 3;
export const energy = (page) => page.evaluate(async () => {
  const stats = [...(await window.atrium.peer().getStats()).values()].find((one) => one.type === 'inbound-rtp');
  return stats?.totalAudioEnergy ?? 0;
});

// The energy once the agent is silent.
export async function quietEnergy(page) {
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
