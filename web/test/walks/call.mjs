// Speaking: the check of devices, the composer, captions, and what goes wrong.
import assert from 'node:assert/strict';
import { mediaPage } from './audio.mjs';
import { checked, MICROPHONE, startAudio } from './microphone.mjs';
import { faults, focus, gateway, ready, room, shows, visit } from './support.mjs';

const [PERMISSION_DENIED, HANDSHAKE_FAILED, LOW_BANDWIDTH, CONNECTION_LOST] = [1, 3, 4, 5];
const NO_MEDIA = 2;
const check = (page) => page.getByRole('region', { name: 'Microphone and loudspeaker' });
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

/** What pages counted: the kind, and whether it was about a screen. */
const counted = () =>
  [...gateway.pages].flatMap((one) =>
    one.heard.flatMap(({ message: { case: what, value } }) =>
      what === 'callProblem' ? [[value.category, value.screen]] : [],
    ),
  );

/** Waits until that is what was counted: a page shows a problem before the gateway hears of it. */
async function counts(...problems) {
  const until = Date.now() + 5000;
  while (Date.now() < until && counted().length < problems.length)
    await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(counted(), problems);
}

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
  'L1: the check of devices follows a call that is begun or left beside it': async () => {
    await room();
    const page = await checked('editor-ada');
    await watchQuestions(page);
    await page.keyboard.press('F1');
    await page.keyboard.type('loudspeaker');
    await page.keyboard.press('Enter');
    const go = check(page).getByRole('button', { name: 'Go live', disabled: false });
    await go.waitFor();
    await startAudio(page).click();
    await check(page).getByRole('button', { name: 'Done' }).waitFor();
    await page.waitForFunction(() => window.given.length === 2);
    assert.deepEqual(await given(page), ['ended', 'live'], 'one microphone is open');
    await page.getByRole('button', { name: 'Stop live audio' }).click();
    await go.waitFor();
    assert.deepEqual(await given(page), ['ended', 'ended', 'live']);
    await go.click();
    await check(page).waitFor({ state: 'detached' });
    assert.deepEqual(await given(page), ['ended', 'ended', 'live'], 'it is handed to the call');
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
      await check(page).getByRole('button', { name: 'Listen only' }).waitFor();
      assert.equal(await check(page).getByRole('button', { name: 'Go live' }).count(), 0);
      assert.deepEqual(await faults(page), []);
      await page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = window.ask;
      });
      await check(page).getByRole('button', { name: 'Try again' }).click();
      await check(page).getByRole('button', { name: 'Go live', disabled: false }).waitFor();
    },
  'L15: the composer reads attachment, phone, send; the phone says what it does': async () => {
    await room();
    const page = await visit('editor-ada', MICROPHONE);
    const buttons = () =>
      page.locator('.composer button').evaluateAll((all) => all.map((one) => one.title));
    const [attach, agent, start, send] = [
      'Attach text',
      'The agent answers',
      'Start live audio',
      'Send',
    ];
    await page.getByRole('button', { name: attach }).waitFor();
    assert.deepEqual(await buttons(), [attach, agent, start, send]);
    await startAudio(page).click();
    await check(page).getByRole('button', { name: 'Go live' }).click();
    const stop = page.getByRole('button', { name: 'Stop live audio' });
    await stop.locator('.spin').waitFor();
    assert.equal(await stop.getAttribute('aria-busy'), 'true');
    assert.deepEqual(await buttons(), [attach, agent, 'Stop live audio', send]);
    await stop.click();
    await startAudio(page).waitFor();
  },
  'L15: a file or the clipboard becomes a quote, bounded; pictures are refused': async () => {
    await room();
    const page = await visit('editor-ada');
    const message = page.getByLabel('Message');
    await message.fill('look:');
    const attach = (file) => page.locator('atrium-attach input').setInputFiles(file);
    const text = (name, words) => ({ name, mimeType: 'text/plain', buffer: Buffer.from(words) });
    await attach(text('price.cc', 'int a;\nint b;\n'));
    await page.waitForFunction(() =>
      document.querySelector('.composer textarea').value.includes('int b;'),
    );
    assert.equal(await message.inputValue(), 'look:\n```price.cc\nint a;\nint b;\n```\n');
    await page.getByRole('button', { name: 'Send' }).click();
    const quote = page.locator('.quote', { hasText: 'price.cc' });
    assert.equal(await quote.locator('pre').textContent(), 'int a;\nint b;');
    assert.deepEqual(await faults(page), []);
    await attach({ name: 'cat.png', mimeType: 'image/png', buffer: Buffer.from([1, 2, 3]) });
    await page.getByText('cat.png is a picture, and messages hold text.').waitFor();
    await attach({ name: 'a.out', mimeType: '', buffer: Buffer.from([0x7f, 0x45, 0, 0xff]) });
    await page.getByText('a.out is not text').waitFor();
    assert.equal(await message.inputValue(), '');
    await attach(text('long.log', 'a line of the log\n'.repeat(2000)));
    await page.getByText('long.log has 35 KiB; a message holds 16 KiB. Its first').waitFor();
    assert.ok(Buffer.byteLength(await message.inputValue()) <= 16 * 1024);
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('.quote', { hasText: 'long.log' }).waitFor();
    await page.evaluate(() => navigator.clipboard.writeText('copied words'));
    await page.getByRole('button', { name: 'Attach text' }).click();
    assert.deepEqual(await faults(page), []);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.waitForFunction(
      () => document.querySelector('.composer textarea').value === '```\ncopied words\n```\n',
    );
    await message.fill('x'.repeat(17000));
    await page.getByRole('button', { name: 'Send' }).click();
    await page.getByText('A message holds 16 KiB; this one has 16.6.').waitFor();
  },
  'L13, X7: captions are enlarged by a button or a key, remembered, and read out once':
    async () => {
      await room();
      const page = await visit('viewer-eve');
      const say = (utterance, text, final) =>
        gateway.broadcast({
          case: 'caption',
          value: { $typeName: 'atrium.v1.Caption', utterance, speakers: ['agent'], text, final },
        });
      const large = page.getByRole('button', { name: 'Large captions' });
      const pressed = (wanted) =>
        page.waitForFunction(
          (wanted) =>
            document.querySelector('.captions__size').getAttribute('aria-pressed') === wanted,
          wanted,
        );
      say('u1', 'first of', false);
      await page.locator('.caption', { hasText: 'first of' }).waitFor();
      const log = page.getByRole('log', { name: 'Captions' });
      assert.equal(await log.locator('p').count(), 0);
      say('u1', 'first of all', true);
      say('u1', 'first of all', true);
      say('u2', 'and then', true);
      await log.getByText('and then').waitFor({ state: 'attached' });
      assert.deepEqual(await log.locator('p').allTextContents(), [
        'Agent: first of all',
        'Agent: and then',
      ]);
      await large.click();
      await pressed('true');
      assert.deepEqual(await faults(page), []);
      await page.reload();
      await ready(page);
      await pressed('true');
      await focus(page);
      await page.keyboard.press('Alt+Shift+B');
      await pressed('false');
    },
  'L9, L10: a refused microphone is said in the banner, counted once, and tried again':
    async () => {
      await room();
      const page = await checked('editor-ada');
      await page.evaluate(() => {
        window.ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = () =>
          Promise.reject(new DOMException('no', 'NotAllowedError'));
      });
      await startAudio(page).click();
      const banner = page.locator('.banner');
      await banner.getByText('Listening only').waitFor();
      await banner.getByText(/Allow it in the address bar.*You hear the others/).waitFor();
      await counts([PERMISSION_DENIED, false]);
      assert.deepEqual(await faults(page), []);
      await banner.getByRole('button', { name: 'Dismiss' }).click();
      await banner.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Stop live audio' }).click();
      await startAudio(page).click();
      await page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = window.ask;
      });
      await banner.getByRole('button', { name: 'Check microphone' }).click();
      await check(page).getByRole('button', { name: 'Use it' }).click();
      await page.waitForFunction(() => !window.atrium.state.call.listensOnly);
      await banner.waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Mute', exact: true }).waitFor();
      await page.evaluate(() => {
        navigator.mediaDevices.getDisplayMedia = () =>
          Promise.reject(new DOMException('no', 'NotAllowedError'));
      });
      await page.getByRole('button', { name: 'Share screen' }).click();
      await page.getByText('Nothing is shared: no screen was picked.').waitFor();
      await counts(
        [PERMISSION_DENIED, false],
        [PERMISSION_DENIED, false],
        [PERMISSION_DENIED, true],
      );
    },
  'L1, L10: whoever has no microphone listens, sees why, and speaks once there is one':
    async () => {
      await room();
      const media = await mediaPage();
      const [page, ben] = [await visit('editor-ada', MICROPHONE), await visit('editor-ben')];
      await page.evaluate(() => {
        window.ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = () =>
          Promise.reject(new DOMException('no', 'NotFoundError'));
      });
      await startAudio(page).click();
      await check(page).getByRole('button', { name: 'Listen only' }).click();
      await page.waitForFunction(() => window.atrium.state.call.phase === 'live');
      const unheard = page.locator('.call').getByRole('button', { name: 'Listening only' });
      assert.match(await unheard.getAttribute('title'), /No microphone was found/);
      for (const name of ['Mute', 'Unmute', 'Hold to talk'])
        assert.equal(await page.getByRole('button', { name, exact: true }).count(), 0, name);
      await ben.locator('[data-participant$="/ada"] .sign--bad[title=muted]').waitFor();
      assert.deepEqual(await faults(page), []);
      const hears = () =>
        page.waitForFunction(async () => {
          const all = [...(await window.atrium.peer().getStats()).values()];
          return all.some((one) => one.type === 'inbound-rtp' && one.packetsReceived > 10);
        });
      await hears();
      await page.evaluate(() => {
        navigator.mediaDevices.getUserMedia = window.ask;
      });
      await unheard.click();
      await check(page).getByRole('button', { name: 'Use it' }).click();
      await page.getByRole('button', { name: 'Mute', exact: true }).waitFor();
      await page.waitForFunction(
        () => window.atrium.state.call.phase === 'live' && window.atrium.counters.peers === 2,
      );
      await hears();
      await ben.locator('[data-participant$="/ada"] .sign[title=live]').waitFor();
      await media.close();
    },
  'N9, L1: a viewer hears the call, is asked for no microphone and is told why it is not heard':
    async () => {
      await room();
      const media = await mediaPage();
      const [eve, boss] = [await visit('viewer-eve'), await visit('owner-boss')];
      await watchQuestions(eve);
      await startAudio(eve).click();
      await eve.waitForFunction(() => window.atrium.state.call.phase === 'live');
      assert.deepEqual(await given(eve), []);
      await eve.locator('.call').getByRole('button', { name: 'Listening only' }).click();
      await eve.getByText('Ask an owner for an editor link to speak').waitFor();
      assert.equal(await eve.locator('.banner').count(), 0);
      assert.deepEqual(await faults(eve), []);
      const row = boss.locator('[data-participant$="/eve"]');
      await row.locator('.sign[title=listening]').waitFor();
      assert.equal(await row.getByRole('button', { name: /^Mute/ }).count(), 0);
      await eve.keyboard.press('F1');
      await eve.keyboard.type('loudspeaker');
      await eve.keyboard.press('Enter');
      const speaker = eve.getByRole('region', { name: 'Loudspeaker' });
      assert.equal(await speaker.getByRole('combobox', { name: 'Microphone' }).count(), 0);
      await speaker.evaluate((one) => Promise.all(one.getAnimations().map((all) => all.finished)));
      assert.deepEqual(await faults(eve), []);
      await speaker.getByRole('button', { name: 'Done' }).click();
      assert.deepEqual(await given(eve), []);
      await eve.reload();
      await eve.waitForFunction(() => window.atrium?.state.call.phase === 'live');
      await eve.getByRole('button', { name: 'Stop live audio' }).click();
      await startAudio(eve).waitFor();
      assert.equal(await eve.locator('.notice').count(), 0);
      await media.close();
    },
  'L10: a slow link is said while it is slow, and counted': async () => {
    await room();
    const media = await mediaPage();
    const page = await checked('editor-ada');
    await startAudio(page).click();
    await page.waitForFunction(() => window.atrium.state.call.phase === 'live');
    const lose = (part) =>
      page.evaluate((part) => {
        let received = 0;
        RTCPeerConnection.prototype.getStats = async () => {
          received += 100;
          const packetsLost = (received * part) / (1 - part);
          return new Map([['a', { type: 'inbound-rtp', packetsReceived: received, packetsLost }]]);
        };
      }, part);
    await lose(0.4);
    const banner = page.locator('.banner', { hasText: 'Slow connection' });
    await banner.getByText('Terminals and chat work.').waitFor();
    await counts([LOW_BANDWIDTH, false]);
    assert.deepEqual(await faults(page), []);
    await lose(0);
    await banner.waitFor({ state: 'detached' });
    await media.close();
  },
  'L9, L10: a connection that fails at the other end is made again, then given up in the banner':
    async () => {
      await room();
      const media = await mediaPage();
      const page = await checked('editor-ada');
      await startAudio(page).click();
      const phase = (wanted) =>
        page.waitForFunction((wanted) => window.atrium.state.call.phase === wanted, wanted);
      const reason = 'PEER_FAILED';
      const fail = () =>
        gateway.broadcast({
          case: 'liveEnded',
          value: { $typeName: 'atrium.v1.LiveEnded', reason, message: 'go live again' },
        });
      const banner = page.locator('.banner');
      for (let made = 1; made < 5; made++) {
        await phase('live');
        fail();
        await phase('connecting');
        if (made === 4) await banner.getByText('It connects again by itself.').waitFor();
      }
      await counts([CONNECTION_LOST, false]);
      await phase('live');
      fail();
      await banner.getByText(/No live audio.*could not make another/).waitFor();
      await counts([CONNECTION_LOST, false], [HANDSHAKE_FAILED, false]);
      assert.deepEqual(await faults(page), []);
      await banner.getByRole('button', { name: 'Try again' }).click();
      await phase('live');
      await media.close();
    },
  'L20: what cannot be done now is not offered, and says why': async () => {
    await room();
    const page = await checked('editor-ada');
    const says = (text) =>
      page.waitForFunction(
        (text) => document.querySelector('.phone').getAttribute('aria-description')?.includes(text),
        text,
      );
    const message = 'The media process is out of reach; calls come back by themselves.';
    gateway.session.updateSession({ degradations: [{ kind: NO_MEDIA, message }] });
    await says('The media process is out of reach');
    assert.equal(await startAudio(page).getAttribute('aria-disabled'), 'true');
    assert.deepEqual(await faults(page), []);
    gateway.session.updateSession({ degradations: [] });
    await page.locator('.phone[aria-disabled=false]').waitFor();
  },
  'L11, L20: what the deployment forbids is not offered from the first moment on, and says why':
    async () => {
      await room();
      const [CALL, SHOW_SCREENS, SHOW_TO_AGENT] = [1, 2, 3];
      const no = (act, what) => ({ act, message: `Nobody may ${what} here.` });
      const forbid = (...forbiddenActs) => gateway.session.updateSession({ forbiddenActs });
      gateway.session.updateConversation({ takesImages: true });
      gateway.session.updateSession({ hasDisplay: true });
      forbid(
        no(CALL, 'make calls'),
        no(SHOW_SCREENS, 'show screens'),
        no(SHOW_TO_AGENT, 'show it'),
      );
      const page = await checked('owner-boss');
      const phone = page.locator('.phone[aria-disabled=true]');
      assert.equal(await phone.getAttribute('aria-description'), 'Nobody may make calls here.');
      assert.equal(await page.getByRole('button', { name: 'Share screen' }).count(), 0);
      assert.deepEqual(await faults(page), []);
      for (const act of ['live audio', 'share screen', "machine's display"]) {
        await page.keyboard.press('F1');
        await page.getByRole('dialog', { name: 'All actions' }).waitFor();
        await page.keyboard.type(act);
        await page.getByText('No action is called that.').waitFor();
        await page.keyboard.press('Escape');
        await page.locator('atrium-palette').waitFor({ state: 'detached' });
      }
      const settings = page.getByRole('button', { name: 'Settings', exact: true });
      await settings.click();
      await page.getByRole('menuitem', { name: /Nobody may show screens here/ }).waitFor();
      await page.keyboard.press('Escape');
      // Another start of the server forbids less: it is offered without a reload.
      forbid(no(SHOW_TO_AGENT, 'show it to the agent'));
      await page.locator('.phone[aria-disabled=false]').waitFor();
      await page.getByRole('button', { name: 'Share screen' }).click();
      await page.getByRole('button', { name: "The machine's display" }).waitFor();
      assert.equal(await page.getByText('The agent may see it').count(), 0);
      await page.keyboard.press('Escape');
      await settings.click();
      await page.getByRole('menuitem', { name: /Nobody may show it to the agent/ }).waitFor();
    },
  'L11: an owner decides who may call and show screens; whoever may not sees why': async () => {
    await room();
    const [ada, boss] = [await checked('editor-ada'), await checked('owner-boss')];
    await boss.getByRole('button', { name: 'Settings', exact: true }).click();
    await boss.getByRole('menuitem', { name: /Settings of this session/ }).click();
    const dialog = boss.locator('dialog');
    await dialog.getByLabel('Screens are shown by').waitFor();
    assert.equal(await dialog.getByLabel('Screens are shown by').locator('option').count(), 3);
    await dialog.getByLabel('In the call may be').selectOption({ label: 'owners' });
    await dialog.getByLabel('Screens are shown by').selectOption({ label: 'nobody' });
    assert.deepEqual(await faults(boss), []);
    await dialog.getByRole('button', { name: 'Save' }).click();
    const phone = ada.locator('.phone[aria-disabled=true]');
    await phone.waitFor();
    const why = 'The owners of this room let only owners be in the call.';
    assert.equal(await phone.getAttribute('aria-description'), why);
    await boss.locator('.phone[aria-disabled=false]').waitFor();
    for (const page of [ada, boss]) {
      await page.getByRole('button', { name: 'Share screen' }).waitFor({ state: 'detached' });
    }
    await ada.getByRole('button', { name: 'Settings', exact: true }).click();
    await ada.getByRole('menuitem', { name: /let nobody show screens/ }).waitFor();
  },
  'N5: the talk key opens the microphone while it is held, and no longer': async () => {
    await room();
    const page = await checked('editor-ada');
    await startAudio(page).click();
    await page.getByRole('button', { name: 'Mute', exact: true }).click();
    await focus(page);
    const told = () =>
      [...gateway.pages].flatMap((one) =>
        one.heard.flatMap(({ message: { case: what, value } }) =>
          what === 'updateSelf' && value.talking !== undefined ? [value.talking] : [],
        ),
      );
    const muted = (wanted) =>
      page.waitForFunction((wanted) => window.atrium.state.call.muted === wanted, wanted);
    await page.keyboard.down('F8');
    await muted(false);
    await page.keyboard.up('F8');
    await muted(true);
    await page.waitForFunction(() => !window.atrium.state.participants.some((one) => one.talking));
    assert.deepEqual(told(), [true, false]);
    await page.keyboard.down('F8');
    await muted(false);
    await page.evaluate(() => dispatchEvent(new Event('blur')));
    await muted(true);
    assert.deepEqual(told().slice(2), [true, false]);
    await page.keyboard.up('F8');
    const talk = await page.getByRole('button', { name: 'Hold to talk' }).boundingBox();
    await page.mouse.move(talk.x + 5, talk.y + 5);
    await page.mouse.down();
    await muted(false);
    await page.mouse.move(300, 300);
    await page.mouse.up();
    await muted(true);
    await page.evaluate(() => {
      const settings = JSON.parse(localStorage.getItem('atrium.settings'));
      settings.shortcuts = { 'call.talk': 'Alt+K' };
      localStorage.setItem('atrium.settings', JSON.stringify(settings));
    });
    await page.reload();
    await page.waitForFunction(() => window.atrium?.state.call.phase === 'connecting');
    for (const first of ['k', 'Alt']) {
      await page.keyboard.down('Alt');
      await page.keyboard.down('k');
      await muted(false);
      await page.keyboard.up(first);
      await muted(true);
      await page.keyboard.up(first === 'k' ? 'Alt' : 'k');
    }
  },
};
