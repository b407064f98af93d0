// Screens that are shown: by a click, over real peer connections, to everybody.
import assert from 'node:assert/strict';
import { mediaPage } from '../support/media.mjs';
import { browser, faults, focus, gateway, origin, person, ready, room, visit } from './support.mjs';

const SHOWN = 2;
const RESOURCE_EXHAUSTED = 8;
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** A room with somebody who stands for media. */
async function roomWithMedia() {
  await room();
  return mediaPage(browser, gateway, origin);
}

const share = (page) => page.getByRole('button', { name: 'Share screen' });
const stop = (page) => page.getByRole('button', { name: 'Stop sharing' });
const tile = (page, name) => page.getByRole('figure', { name, exact: true });
const captures = () => [...gateway.session.captures.values()];
const heard = (what) =>
  [...gateway.pages].flatMap((one) => one.heard.filter(({ message }) => message.case === what));
/** Frames of the only screen were drawn. */
const drawn = (page, selector = '.capture video') =>
  page.waitForFunction((selector) => {
    const video = document.querySelector(selector);
    return video?.videoWidth > 0 && !video.paused && video.currentTime > 0;
  }, selector);
const phase = (page, wanted) =>
  page.waitForFunction(
    (wanted) => window.atrium.state.captures.some((one) => one.phase === wanted),
    wanted,
  );
const shownHere = (page) =>
  page.waitForFunction(() => {
    const [one] = window.atrium.state.captures;
    return one?.own && window.atrium.capturePeer(one.name)?.connectionState === 'connected';
  });
/** The keyboard is the terminal's. */
const hasKeys = (page) => page.evaluate(() => !!document.activeElement?.closest('.xterm'));
const box = (page, selector) => page.locator(selector).boundingBox();

export const captureWalks = {
  'L6, N1: a screen is shown by a click, seen by all, and its signs are everywhere': async () => {
    const media = await roomWithMedia();
    const [ada, bea] = [await visit('editor-ada'), await visit('viewer-bea')];
    await share(ada).click();
    await ada.getByText('You are sharing: Screen').waitFor();
    await ada.locator('.trust').getByText('Screen shared').waitFor();
    await shownHere(ada);
    await bea.locator('.notice', { hasText: 'ada shows a screen.' }).waitFor();
    await tile(bea, "ada's screen").waitFor();
    await drawn(bea);
    await tile(bea, "ada's screen").getByText('1 page watches').waitFor({ state: 'attached' });
    const [capture] = captures();
    assert.deepEqual([capture.title, capture.state, capture.viewerCount], ['Screen', SHOWN, 1]);
    const sign = bea.locator('[data-participant$="/ada"] .sign--accent');
    assert.equal(await sign.getAttribute('title'), 'showing a screen');
    const offers = await media.evaluate(() =>
      [...globalThis.peers.values()].map(({ sdp }) => sdp.match(/^m=|a=rtpmap:\d+ \w+/gm)),
    );
    for (const lines of offers)
      assert.deepEqual(
        lines.map((one) => one.replace(/:\d+/, '')),
        ['m=', 'a=rtpmap VP8'],
      );
    assert.deepEqual([await faults(ada), await faults(bea)], [[], []]);
    await stop(ada).click();
    await bea.locator('.notice', { hasText: "ada's screen is not shown any more." }).waitFor();
    await tile(bea, "ada's screen").waitFor({ state: 'detached' });
    assert.equal(await ada.getByText('Screen shared').count(), 0);
    assert.equal(await bea.evaluate((name) => window.atrium.capturePeer(name), capture.name), null);
    assert.deepEqual(captures(), []);
  },
  'L6: the browser’s own stop, and a page that goes, end the showing': async () => {
    await roomWithMedia();
    const ada = await visit('editor-ada');
    await focus(ada);
    await ada.keyboard.press('Alt+Shift+H');
    await shownHere(ada);
    await ada.keyboard.press('F1');
    await ada.keyboard.type('stop sharing');
    await ada.keyboard.press('Enter');
    await share(ada).waitFor();
    assert.deepEqual(captures(), []);
    await ada.keyboard.press('Alt+Shift+H');
    await shownHere(ada);
    await ada.evaluate(() => {
      const [track] = document.querySelector('.capture video').srcObject.getVideoTracks();
      track.stop();
      track.dispatchEvent(new Event('ended'));
    });
    await share(ada).waitFor();
    assert.deepEqual(captures(), []);
    await share(ada).focus();
    await ada.keyboard.press('Enter');
    await shownHere(ada);
    const focused = await ada.evaluate(() => document.activeElement?.textContent);
    assert.equal(focused, 'Stop sharing');
    await ada.reload();
    await ready(ada);
    await share(ada).waitFor();
    assert.deepEqual(captures(), []);
  },
  'L13: a screen sends what it may, also over the connection that follows': async () => {
    await roomWithMedia();
    const ada = await visit('editor-ada');
    await share(ada).click();
    await shownHere(ada);
    const bound = (bps) =>
      ada.waitForFunction((bps) => {
        const peer = window.atrium.capturePeer(window.atrium.state.captures[0].name);
        return peer?.getSenders()[0].getParameters().encodings[0].maxBitrate === bps;
      }, bps);
    await bound(2_500_000);
    for (const bps of [700_000, 4_000_000, 400_000]) {
      gateway.captures.bound(bps);
      await bound(bps);
    }
    gateway.captures.restartMedia();
    await ada.waitForFunction(() => window.atrium.state.captures[0].peers === 2);
    await shownHere(ada);
    await bound(400_000);
    assert.deepEqual(await faults(ada), []);
  },
  'N4: media restarts, a socket is lost, and the picture goes on without a question': async () => {
    await roomWithMedia();
    const [ada, bea] = [await visit('editor-ada'), await visit('editor-bea')];
    await share(ada).click();
    await shownHere(ada);
    await drawn(bea);
    const source = () =>
      ada.evaluate(() => document.querySelector('.capture video').srcObject.getVideoTracks()[0].id);
    const before = await source();
    gateway.captures.restartMedia();
    for (const page of [ada, bea])
      await page.waitForFunction(() => window.atrium.state.captures[0].peers === 2);
    await shownHere(ada);
    await phase(bea, 'seen');
    await drawn(bea);
    assert.equal(await source(), before);
    gateway.dropAll();
    for (const page of [ada, bea])
      await page.waitForFunction(
        () => window.atrium.counters.joins === 2 && window.atrium.state.link === 'open',
      );
    const peers = (page) => page.evaluate(() => window.atrium.state.captures[0].peers);
    assert.deepEqual([await peers(ada), await peers(bea)], [2, 2]);
    assert.equal(heard('startCapture').length + heard('watchCapture').length, 0);
    const kept = captures();
    gateway.loseControl();
    gateway.session.captures.clear();
    gateway.regainControl();
    await tile(bea, "ada's screen").waitFor({ state: 'detached' });
    await ada.getByText('You are sharing').waitFor();
    for (const { name, participant, title, state } of kept)
      gateway.session.putCapture({ name, participant, title, state });
    await drawn(bea);
    assert.equal(await source(), before);
    assert.equal(await ada.locator('.notice', { hasText: 'not shown any more' }).count(), 0);
  },
  'N4: a picture that is late says so, and comes when it can': async () => {
    await roomWithMedia();
    const bea = await visit('editor-bea');
    gateway.captures.holdsBack = true;
    const { name } = gateway.captures.put(person('owner'), 'Window: plans');
    await tile(bea, "Olga's screen").getByText('Connecting…').waitFor();
    await bea.getByText('The picture is late: connecting again').waitFor({ timeout: 15_000 });
    gateway.captures.holdsBack = false;
    await drawn(bea);
    await bea.getByText('The picture is late').waitFor({ state: 'detached' });
    await bea.waitForFunction(
      (name) => window.atrium.capturePeer(name)?.connectionState === 'connected',
      name,
    );
  },
  'L6, X7: a shown screen goes to the main stage, to full screen, away and back, by keys too':
    async () => {
      await roomWithMedia();
      const page = await visit('editor-ada');
      await focus(page);
      const { name } = gateway.captures.put(person('owner'), 'Window: plans');
      await page.locator('.notice', { hasText: 'Olga shows a window: plans.' }).waitFor();
      await drawn(page);
      assert.ok(await hasKeys(page), 'a screen that begins takes no focus');
      const whole = await box(page, '.stage');
      await page.getByRole('button', { name: "Show Olga's screen on the main stage" }).click();
      await drawn(page, '.capture--stage video');
      const [staged, below] = [await box(page, '.capture--stage'), await box(page, '.stage')];
      assert.ok(below.height < whole.height && staged.y + staged.height <= below.y + 1);
      assert.ok(staged.width > 600);
      assert.ok(await hasKeys(page), 'after a click the terminal has the keyboard');
      assert.deepEqual(await faults(page), []);
      await page.keyboard.press('Alt+Shift+V');
      await page.locator('.capture--stage').waitFor({ state: 'detached' });
      assert.deepEqual(await box(page, '.stage'), whole);
      const picture = page.getByRole('button', { name: "Show Olga's screen on the main stage" });
      await page.getByRole('button', { name: 'Picture in picture' }).click();
      await page.waitForFunction(() => document.pictureInPictureElement?.videoWidth > 0);
      await page.getByRole('button', { name: 'Picture in picture' }).click();
      await page.waitForFunction(() => !document.pictureInPictureElement);
      await picture.dblclick();
      await page.waitForFunction(() => document.fullscreenElement?.matches('.capture'));
      await page.getByRole('button', { name: 'Leave full screen' }).click();
      await page.waitForFunction(() => !document.fullscreenElement);
      assert.equal(await page.locator('.capture--stage').count(), 0);
      await page.getByRole('button', { name: "More for Olga's screen" }).focus();
      await page.keyboard.press('Enter');
      await page.getByRole('menuitem', { name: 'Show on the main stage' }).waitFor();
      assert.deepEqual(await faults(page), []);
      assert.equal(await page.getByRole('menuitem', { name: "Stop Olga's screen" }).count(), 0);
      await page.keyboard.press('End');
      await page.keyboard.press('Enter');
      await page.waitForFunction((name) => !window.atrium.capturePeer(name), name);
      await page.waitForFunction(() => window.atrium.state.captures[0].viewerCount === 0);
      await page.waitForFunction(() => document.activeElement?.textContent?.trim() === 'Show');
      await page.keyboard.press('Enter');
      await drawn(page);
    },
  'L6: an owner stops somebody’s screen, who is told': async () => {
    await roomWithMedia();
    const [ada, boss] = [await visit('editor-ada'), await visit('owner-boss')];
    await share(ada).click();
    await drawn(boss);
    await boss.getByRole('button', { name: "More for ada's screen" }).click();
    await boss.getByRole('menuitem', { name: "Stop ada's screen" }).click();
    await ada.locator('.notice', { hasText: 'Your screen is not shown any more' }).waitFor();
    await share(ada).waitFor();
    assert.equal(heard('stopCapture').length, 1);
  },
  'L11, L20: who cannot show a screen is told why, and what was refused is said': async () => {
    await roomWithMedia();
    const [ada, eve] = [await visit('editor-ada'), await visit('viewer-eve')];
    assert.equal(await share(eve).count(), 0);
    await eve.getByRole('button', { name: 'Settings', exact: true }).click();
    const note = eve.getByRole('menuitem', { name: /Viewers cannot show a screen.*editor link/ });
    assert.equal(await note.getAttribute('aria-disabled'), 'true');
    assert.deepEqual(await faults(eve), []);
    await eve.keyboard.press('Escape');
    const message = 'Screens are off for this deployment';
    gateway.captures.refuse = { code: 7, message };
    await share(ada).click();
    await ada.locator('.notice', { hasText: `${message}. Nothing is shared.` }).waitFor();
    gateway.captures.refuse = { code: RESOURCE_EXHAUSTED, message: 'Four screens are shown' };
    await share(ada).click();
    await ada.locator('.notice', { hasText: 'Ask somebody to stop showing one' }).waitFor();
    gateway.captures.refuse = undefined;
    await ada.getByRole('button', { name: 'Share again' }).click();
    await ada.getByText('You are sharing').waitFor();
    assert.equal(await ada.locator('.trust__screen').count(), 1);
  },
  'L20, X7: on a phone a screen is above the terminal, can be put away, and none is shared':
    async () => {
      await roomWithMedia();
      const phone = await visit('editor-pat', PHONE);
      await phone.evaluate(() => {
        Object.defineProperty(navigator.mediaDevices, 'getDisplayMedia', { value: undefined });
      });
      gateway.captures.put(person('owner'), 'Window: plans');
      await drawn(phone);
      assert.equal(await share(phone).count(), 0);
      const [shown, terminal] = [await box(phone, '.capture'), await box(phone, '.stage')];
      assert.deepEqual([shown.x, shown.width], [0, 390]);
      assert.ok(shown.y + shown.height <= terminal.y + 1 && terminal.height > 300);
      assert.deepEqual(await faults(phone), []);
      for (const name of ["More for Olga's screen", "Hide Olga's screen"]) {
        const button = await phone.getByRole('button', { name }).boundingBox();
        assert.ok(button.height >= 44 && button.width >= 44 && button.x + button.width <= 390);
      }
      await phone.getByRole('button', { name: 'Settings', exact: true }).tap();
      await phone.getByRole('menuitem', { name: /This browser cannot show a screen/ }).waitFor();
      await phone.keyboard.press('Escape');
      await phone.getByRole('button', { name: "Hide Olga's screen" }).tap();
      await phone.locator('.capture video').waitFor({ state: 'detached' });
      assert.ok((await box(phone, '.stage')).height > terminal.height + 150);
      await tile(phone, "Olga's screen").getByRole('button', { name: 'Show' }).tap();
      await drawn(phone);
      assert.equal(await phone.evaluate(() => document.documentElement.scrollWidth), 390);
    },
  'L6, S19: whether the agent sees a screen is said before it is shown, and can be taken back':
    async () => {
      await roomWithMedia();
      const [ada, boss] = [await visit('editor-ada'), await visit('owner-boss')];
      const panel = ada.getByRole('dialog', { name: 'Share a screen' });
      await share(ada).click();
      await stop(ada).click();
      gateway.session.updateConversation({ takesImages: true });
      await focus(ada);
      await ada.keyboard.press('Alt+Shift+H');
      await panel.waitFor();
      assert.equal(await panel.getByRole('checkbox').isChecked(), false, 'consent is asked anew');
      assert.deepEqual(await faults(ada), []);
      await ada.keyboard.press('Escape');
      await panel.waitFor({ state: 'detached' });
      assert.deepEqual(captures(), []);
      await share(ada).click();
      await panel.getByRole('checkbox', { name: /Stills of it go to offline agent/ }).check();
      await panel.getByRole('button', { name: 'Choose a screen…' }).click();
      await shownHere(ada);
      assert.equal(heard('startCapture').at(-1).message.value.agentSees, true);
      for (const page of [ada, boss])
        await page.locator('.trust').getByText('Screen to agent').waitFor();
      await drawn(boss);
      await tile(boss, "ada's screen")
        .getByText('The agent sees it')
        .waitFor({ state: 'attached' });
      assert.deepEqual([await faults(ada), await faults(boss)], [[], []]);
      await boss.getByRole('button', { name: "More for ada's screen" }).click();
      await boss.getByRole('menuitem', { name: "Stop ada's screen" }).waitFor();
      const decide = boss.getByRole('menuitem', { name: /the agent/ });
      assert.equal(await decide.count(), 0, 'only who shows it decides that');
      await boss.keyboard.press('Escape');
      const toggle = (checked) => ada.getByRole('checkbox', { name: 'Agent sees it', checked });
      await toggle(true).click();
      await boss.getByText('Screen to agent').waitFor({ state: 'detached' });
      await toggle(false).click();
      await boss.locator('.trust').getByText('Screen to agent').waitFor();
    },
  'L17: the agent asks for a screen; a person’s click shares one, or nobody does': async () => {
    await roomWithMedia();
    gateway.session.updateConversation({ takesImages: true });
    const [ada, eve] = [await visit('editor-ada'), await visit('viewer-eve')];
    const ask = (why) => gateway.session.propose('', why, 'agent', 'ask_for_screen');
    const card = (page) => page.locator('.approval--pending');
    const first = ask('I would like to see the form that fails.');
    await card(ada).getByText('The agent asks to see a screen').waitFor();
    await card(ada).getByText('I would like to see the form that fails.').waitFor();
    await card(eve).getByText('Editors decide.').waitFor();
    assert.deepEqual([await faults(ada), await faults(eve)], [[], []]);
    assert.equal(heard('startCapture').length, 0, 'nothing opens by itself');
    await card(ada).getByRole('button', { name: 'Share a screen…' }).click();
    await shownHere(ada);
    const [{ message }] = heard('startCapture');
    assert.deepEqual([message.value.agentSees, message.value.approval], [true, first.name]);
    await eve.locator('.approval--decided').getByText('approved by ada').waitFor();
    await stop(ada).click();
    ask('');
    await card(ada).getByRole('button', { name: 'Deny' }).click();
    await eve.locator('.approval--decided').getByText('denied by ada').waitFor();
    assert.deepEqual(captures(), []);
  },
  'L17, L20: where no screen can be picked the card says why': async () => {
    await roomWithMedia();
    gateway.session.updateConversation({ takesImages: true });
    const phone = await visit('editor-pat', PHONE);
    await phone.evaluate(() => {
      Object.defineProperty(navigator.mediaDevices, 'getDisplayMedia', { value: undefined });
    });
    gateway.session.propose('', '', 'agent', 'ask_for_screen');
    await phone.getByRole('button', { name: /Timeline/ }).tap();
    const card = phone.locator('.approval--pending');
    await card.getByText('This browser cannot show a screen. Phones cannot').waitFor();
    assert.deepEqual(await faults(phone), []);
    assert.equal(await card.getByRole('button', { name: /Share/ }).count(), 0);
    await card.getByRole('button', { name: 'Deny' }).tap();
    await phone.getByText('denied by pat').waitFor();
  },
  'L6: an owner shows the machine’s display, and ends it': async () => {
    await roomWithMedia();
    gateway.session.updateSession({ hasDisplay: true });
    const [boss, ada] = [await visit('owner-boss'), await visit('editor-ada')];
    await ada.keyboard.press('F1');
    await ada.keyboard.type('display');
    await ada.getByText('No action is called that.').waitFor();
    await ada.keyboard.press('Escape');
    await share(boss).click();
    await boss.getByRole('button', { name: "The machine's display" }).click();
    await tile(ada, "The machine's display").waitFor();
    await drawn(ada);
    await ada.locator('.notice', { hasText: "boss shows the machine's display." }).waitFor();
    await drawn(boss);
    assert.deepEqual(await faults(boss), []);
    await boss.getByRole('button', { name: "More for the machine's display" }).click();
    await boss.getByRole('menuitem', { name: "Stop the machine's display" }).click();
    await tile(ada, "The machine's display").waitFor({ state: 'detached' });
    await boss.keyboard.press('F1');
    await boss.keyboard.type("show the machine's");
    await boss.keyboard.press('Enter');
    await tile(ada, "The machine's display").waitFor();
  },
};
