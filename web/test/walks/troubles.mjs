// A call and an agent that fail for a while.
import assert from 'node:assert/strict';
import { mediaPage } from './audio.mjs';
import { checked, startAudio } from './microphone.mjs';
import { build, faults, gateway, person, room, visit } from './support.mjs';

const FAILED = 5;

const phase = (page, wanted) =>
  page.waitForFunction((wanted) => window.atrium.state.call.phase === wanted, wanted);

/** The connection failed at the other end. */
const failCall = () =>
  gateway.broadcast({
    case: 'liveEnded',
    value: { $typeName: 'atrium.v1.LiveEnded', reason: 'PEER_FAILED', message: 'go live again' },
  });

export const troubleWalks = {
  'N4, L10: a call waits for media that is away, and goes on once it is back': async () => {
    await room();
    const media = await mediaPage();
    const [page, ben] = [await checked('editor-ada'), await visit('editor-ben')];
    await startAudio(page).click();
    await phase(page, 'live');
    gateway.refuseCalls = 'The media process cannot be reached: it restarts by itself';
    failCall();
    const banner = page.locator('.banner', { hasText: 'Live audio was lost' });
    await banner.waitFor();
    const asked = () =>
      [...gateway.pages].flatMap((one) => one.heard).filter((one) => one.message.case === 'goLive');
    while (asked().length < 4) await page.waitForTimeout(50);
    assert.equal(await page.locator('.notice').count(), 0);
    assert.deepEqual(await faults(page), []);
    gateway.refuseCalls = '';
    await phase(page, 'live');
    await banner.waitFor({ state: 'detached' });
    gateway.refuseCalls = 'gone';
    failCall();
    await banner.waitFor();
    await page.getByRole('button', { name: 'Stop live audio' }).click();
    await startAudio(page).waitFor();
    await ben.waitForFunction(
      (ada) => window.atrium.state.participants.some((one) => one.name === ada && !one.live),
      person('ada'),
    );
    await media.close();
  },
  'P12, L20: an agent that failed sees no screen, and an editor starts it again': async () => {
    await room();
    const [page, eve] = [await visit('editor-ada'), await visit('viewer-eve')];
    const { session } = gateway;
    session.updateConversation({ takesImages: true });
    gateway.captures.put(person('owner'), 'Screen', { agentSees: true });
    const signs = ['.trust >> text=Screen to agent', '.capture__agent'];
    for (const sign of signs) await page.locator(sign).waitFor();
    const problem = 'The voice provider refuses the key. Mend that, then start it again';
    session.updateConversation({ state: FAILED, problem });
    const banner = page.locator('.banner', { hasText: problem });
    const start = banner.getByRole('button', { name: 'Start again' });
    await start.waitFor();
    for (const sign of signs) await page.locator(sign).waitFor({ state: 'detached' });
    await eve.locator('.banner', { hasText: problem }).waitFor();
    assert.equal(await eve.getByRole('button', { name: 'Start again' }).count(), 0);
    assert.deepEqual(await faults(page), []);
    await start.click();
    await banner.waitFor({ state: 'detached' });
    for (const sign of signs) await page.locator(sign).waitFor();
  },
  'L20: an empty stage offers live audio to whoever is not in the call': async () => {
    await room();
    const page = await checked('owner-boss');
    gateway.session.closeTab(build().name);
    const offer = page.locator('.welcome__offer', { hasText: 'Start live audio' });
    await offer.click();
    await offer.waitFor({ state: 'detached' });
    await page.locator('.welcome__offer', { hasText: 'Open a terminal' }).waitFor();
    await page.getByRole('button', { name: 'Stop live audio' }).click();
    await offer.waitFor();
  },
};
