// Speaking: the check of devices, the composer, captions, and what goes wrong.
import assert from 'node:assert/strict';
import { faults, focus, ready, room, shows, visit } from './support.mjs';

const MICROPHONE = { permissions: ['microphone'] };
const check = (page) => page.getByRole('region', { name: 'Microphone and loudspeaker' });
const startAudio = (page) => page.getByRole('button', { name: 'Start live audio' });

/** Counts how often the browser was asked for a microphone, and keeps what it gave. */
const watchQuestions = (page) =>
  page.evaluate(() => {
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    window.given = [];
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      const stream = await ask(wanted);
      window.given.push(...stream.getTracks());
      return stream;
    };
  });
const given = (page) => page.evaluate(() => window.given.map((one) => one.readyState));

export const callWalks = {
  'L1: the first call begins with a check of devices that blocks nothing and is remembered':
    async () => {
      await room();
      const page = await visit('editor-ada', MICROPHONE);
      await watchQuestions(page);
      assert.deepEqual(await given(page), [], 'nothing is asked before a click');
      await startAudio(page).click();
      await check(page).getByRole('combobox', { name: 'Microphone' }).waitFor();
      await check(page).getByRole('combobox', { name: 'Loudspeaker' }).waitFor();
      await page.waitForFunction(() => document.querySelector('.meter i.on'));
      assert.deepEqual(await faults(page), []);
      await focus(page);
      await page.keyboard.type('echo beside\n');
      await shows(page, '\nbeside');
      await check(page).getByRole('button', { name: 'Test tone' }).click();
      await check(page).getByRole('button', { name: 'Test tone', disabled: false }).waitFor();
      await page.keyboard.press('Escape');
      await check(page).waitFor({ state: 'detached' });
      await page.waitForFunction(() => window.given.every((one) => one.readyState === 'ended'));
      await startAudio(page).click();
      await check(page).getByRole('button', { name: 'Go live' }).click();
      await page.waitForFunction(() => window.atrium.state.call.phase !== 'idle');
      assert.deepEqual(await given(page), ['ended', 'live'], 'the checked microphone is used');
      await page.getByRole('button', { name: 'More of the call' }).click();
      assert.deepEqual(await faults(page), []);
      await page.getByRole('menuitem', { name: 'Microphone and loudspeaker' }).click();
      await check(page).getByRole('button', { name: 'Done' }).click();
      await page.getByRole('button', { name: 'Stop live audio' }).click();
      await page.reload();
      await ready(page);
      await startAudio(page).click();
      await page.waitForFunction(() => window.atrium.state.call.phase !== 'idle');
      assert.equal(await check(page).count(), 0, 'once is enough');
      await page.keyboard.press('F1');
      await page.keyboard.type('loudspeaker');
      await page.keyboard.press('Enter');
      await check(page).waitFor();
    },
  'L10: a refused microphone is said in the check, with what to do, and can be tried again':
    async () => {
      await room();
      const page = await visit('editor-ada', { ...MICROPHONE, colorScheme: 'light' });
      await page.evaluate(() => {
        window.ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = () =>
          Promise.reject(new DOMException('no', 'NotAllowedError'));
      });
      await startAudio(page).click();
      await check(page).getByText('Allow it in the address bar').waitFor();
      await check(page).getByRole('button', { name: 'Go live', disabled: true }).waitFor();
      assert.deepEqual(await faults(page), []);
      await page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = window.ask;
      });
      await check(page).getByRole('button', { name: 'Try again' }).click();
      await check(page).getByRole('button', { name: 'Go live', disabled: false }).waitFor();
    },
};
