// The strip at the bottom: what is wrong, what is said, what is shown, and the call.
import assert from 'node:assert/strict';
import { mediaPage } from './audio.mjs';
import { checked, startAudio } from './microphone.mjs';
import { faults, gateway, room } from './support.mjs';

const HOST_MEMORY = 5;
const [ACTIVE, FAILED] = [3, 5];
const PROBLEM =
  'The voice provider refuses the key: it has no credit left. Add credit with the provider or give another key, then start it again';

/** What of the strip can be clicked and lies on its neighbour, or outside of the strip. */
const overlaps = (page) =>
  page.evaluate(() => {
    const strip = document.querySelector('.strip').getBoundingClientRect();
    const all = [...document.querySelectorAll('.strip :is(button, input)')]
      .filter((one) => one.checkVisibility({ visibilityProperty: true }))
      .map((one) => [one.ariaLabel || one.textContent.trim(), one.getBoundingClientRect()]);
    const isOut = (one) => one.left < strip.left || one.right > strip.right + 0.5;
    const meet = (one, other) =>
      Math.min(one.right, other.right) - Math.max(one.left, other.left) > 0.5 &&
      Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 0.5;
    return all.flatMap(([name, box], index) => [
      ...(isOut(box) ? [`${name} is outside`] : []),
      ...all
        .slice(index + 1)
        .filter(([, other]) => meet(box, other))
        .map(([other]) => `${name} lies on ${other}`),
    ]);
  });

async function look(page, what) {
  for (const width of [1440, 1280, 1024, 900, 390]) {
    await page.setViewportSize({ width, height: 800 });
    await page.evaluate(() => new Promise((next) => requestAnimationFrame(() => next())));
    assert.deepEqual(await overlaps(page), [], `${what}, ${width} px wide`);
  }
  await page.setViewportSize({ width: 1024, height: 800 });
  assert.deepEqual(await faults(page), []);
}

/** Looks while all is well, while something is wrong, and while more than that is. */
async function lookAtBanners(page, what) {
  const { session } = gateway;
  const banner = page.locator('.banner');
  await look(page, what);
  session.updateConversation({ takesImages: true, state: FAILED, problem: PROBLEM });
  await page.waitForFunction(() =>
    /refuses the key|and 1 more/.test(document.querySelector('.banner')?.textContent),
  );
  await look(page, `${what}, no agent`);
  session.updateSession({ degradations: [{ kind: HOST_MEMORY, message: PROBLEM }] });
  await banner.getByRole('button', { name: /and . more/ }).waitFor();
  await look(page, `${what}, no agent and no memory`);
  session.updateSession({ degradations: [] });
  session.updateConversation({ takesImages: true, state: ACTIVE, problem: '' });
  await page.waitForFunction(
    () => !/refuses the key|and . more/.test(document.querySelector('.banner')?.textContent ?? ''),
  );
}

async function lookAtCall(page, what) {
  await startAudio(page).click();
  await page.waitForFunction(() => window.atrium.state.call.phase === 'live');
  await lookAtBanners(page, what);
  await page.getByRole('button', { name: 'Share screen' }).click();
  await page.getByRole('button', { name: 'Choose a screen…' }).click();
  const stop = page.getByRole('button', { name: 'Stop sharing' });
  await stop.waitFor();
  await lookAtBanners(page, `${what} and a screen`);
  return stop;
}

export const stripWalks = {
  'X1, P12: nothing in the strip lies on anything else, however much is wrong at once':
    async () => {
      await room();
      const media = await mediaPage();
      const page = await checked('owner-boss');
      gateway.session.updateConversation({ takesImages: true });
      await lookAtBanners(page, 'no call');
      const stop = await lookAtCall(page, 'a call');
      await page.getByRole('button', { name: 'Stop live audio' }).click();
      await lookAtBanners(page, 'a screen');
      await stop.click();
      await media.close();
    },
  'X1, L10: nor does it where somebody only listens': async () => {
    await room();
    const media = await mediaPage();
    const page = await checked('editor-ada');
    await page.evaluate(() => {
      navigator.mediaDevices.getUserMedia = () =>
        Promise.reject(new DOMException('no', 'NotFoundError'));
    });
    gateway.session.updateConversation({ takesImages: true });
    await lookAtCall(page, 'listening');
    await media.close();
  },
};
