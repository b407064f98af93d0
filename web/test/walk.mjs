// Walks through the built page in a browser, against a pretended gateway.
// node test/walk.mjs [--share K/N] [WORDS]: all, the K-th of N shares, those whose names
// have these words. What fails is walked once more, and said: a walk waits in real time, on
// a machine that others may share. CHROMIUM names the browser, if it is not on the usual path.
import assert from 'node:assert/strict';
import { mediaPage, received } from './walks/audio.mjs';
import { callWalks } from './walks/call.mjs';
import { captureWalks } from './walks/captures.mjs';
import { commandWalks } from './walks/commands.mjs';
import { drawingWalks } from './walks/drawing.mjs';
import { drivingWalks } from './walks/driving.mjs';
import { echoWalks } from './walks/echo.mjs';
import { loudnessWalks } from './walks/loudness.mjs';
import { phoneWalks } from './walks/phone.mjs';
import { roomWalks } from './walks/room.mjs';
import { stripWalks } from './walks/strip.mjs';
import {
  browser,
  clipboard,
  faults,
  focus,
  gateway,
  origin,
  ready,
  room,
  shows,
  state,
  visit,
} from './walks/support.mjs';
import { tabWalks } from './walks/tabs.mjs';
import { troubleWalks } from './walks/troubles.mjs';

const walks = {
  'M1, N2: two pages type into one terminal and see the same cells': async () => {
    const terminal = await room();
    const [one, two] = [await visit('editor-ada'), await visit('editor-bea')];
    await focus(one);
    await one.keyboard.type('echo one\n');
    await shows(two, '\none');
    await focus(two);
    await two.keyboard.type('echo zwölf 价格\n');
    await shows(one, 'zwölf 价格');
    assert.deepEqual(await state(one), await state(two));
    assert.equal(terminal.typed, 'echo one\recho zwölf 价格\r');
  },
  'N4: nothing typed or drawn is lost or doubled while sockets die': async () => {
    const terminal = await room();
    const page = await visit('editor-ada');
    await focus(page);
    const text = Array.from({ length: 120 }, (_, index) => `${index}.`).join('');
    const flood = setInterval(() => gateway.dropAll(), 180);
    await page.keyboard.type(text, { delay: 4 });
    clearInterval(flood);
    await page.waitForFunction(() => window.atrium.pendingInput('build') === 0);
    assert.equal(terminal.typed, text);
    await page.waitForFunction((end) => window.atrium.offset('build') === end, terminal.offset);
    const fresh = await visit('editor-bea');
    assert.deepEqual(await state(page), await state(fresh));
    assert.ok((await page.evaluate(() => window.atrium.counters.joins)) > 3);
  },
  'N4: a page recovers within 2 s': async () => {
    await room();
    const page = await visit('editor-ada');
    const before = Date.now();
    gateway.dropAll();
    await page.waitForFunction(
      () => window.atrium.counters.joins === 2 && window.atrium.state.link === 'open',
    );
    assert.ok(Date.now() - before < 2000);
  },
  'N4: control restarts, and terminals go on': async () => {
    const terminal = await room();
    const page = await visit('editor-ada');
    const [seen] = gateway.pages;
    const subscriptions = () => seen.heard.filter((one) => one.message.case === 'subscribe').length;
    const before = subscriptions();
    await focus(page);
    gateway.control = 'dying';
    await page.getByRole('button', { name: 'Open a tab' }).click();
    await page.waitForTimeout(100);
    gateway.loseControl();
    await page.getByText('control is restarting. Terminals go on without it').waitFor();
    await focus(page);
    await page.keyboard.type('echo away\n');
    await shows(page, '\naway');
    gateway.regainControl();
    await page.waitForFunction(() => window.atrium.tabs().length === 2);
    await page.getByText('control is restarting').waitFor({ state: 'detached' });
    await ready(page);
    assert.equal(terminal.typed, 'echo away\r');
    assert.equal(await page.evaluate(() => window.atrium.state.stateEpoch), 'epoch-1+');
    assert.equal(subscriptions(), before + 1);
    assert.equal(await page.evaluate(() => window.atrium.counters.joins), 1);
  },
  'N3, N4: missing bytes are asked for again, and a skip to a snapshot is exact': async () => {
    const terminal = await room();
    const page = await visit('editor-ada');
    const readers = [...terminal.readers];
    terminal.readers.clear();
    terminal.print('not sent\r\n');
    for (const reader of readers) terminal.readers.add(reader);
    terminal.print('sent\r\n');
    await shows(page, 'not sent\nsent');
    for (const reader of readers) terminal.sendSnapshot(reader);
    await page.waitForFunction(() => window.atrium.counters.skips === 1);
    terminal.print('after');
    await shows(page, 'sent\nafter');
    const fresh = await visit('editor-bea');
    assert.deepEqual(await state(page), await state(fresh));
  },
  'M4: a reload goes on with the same sequence': async () => {
    const terminal = await room();
    const page = await visit('editor-ada');
    await focus(page);
    await page.keyboard.type('abc');
    await page.waitForFunction(() => window.atrium.pendingInput('build') === 0);
    const [before] = [...gateway.pages].map((one) => one.pageId);
    await page.reload();
    await ready(page);
    const [after] = [...gateway.pages].map((one) => one.pageId);
    assert.equal(after, before);
    await focus(page);
    await page.keyboard.type('def');
    await shows(page, 'abcdef');
    assert.equal(terminal.typed, 'abcdef');
  },
  'S4: a viewer is told, and nothing is sent': async () => {
    const terminal = await room();
    const page = await visit('viewer-eve');
    await focus(page);
    await page.keyboard.type('rm');
    await page.getByText('view only').waitFor();
    assert.equal(terminal.typed, '');
    assert.equal(await page.getByRole('button', { name: 'Open a tab' }).count(), 0);
  },
  'N8: an observer scales, then takes control and resizes': async () => {
    const terminal = await room();
    const page = await visit('editor-ada');
    assert.deepEqual([(await state(page)).columns, (await state(page)).rows], [100, 30]);
    await page.getByText("Olga's size 100x30").waitFor();
    await page.getByRole('button', { name: 'Take control' }).click();
    await page.waitForFunction(() => window.atrium.terminalState('build').columns !== 100);
    await page.waitForTimeout(300);
    const owned = await state(page);
    assert.deepEqual([owned.columns, owned.rows], [terminal.size.columns, terminal.size.rows]);
    await page.setViewportSize({ width: 1000, height: 600 });
    await page.waitForFunction(
      (rows) => window.atrium.terminalState('build').rows < rows,
      owned.rows,
    );
    const box = await page.locator('.stage__box').boundingBox();
    const drawn = await page.locator('.xterm-screen').boundingBox();
    assert.ok(drawn.width <= box.width && drawn.height <= box.height, 'the terminal fits its box');
  },
  'M5: a tab opened elsewhere is announced and marked, and fades when closed': async () => {
    await room();
    const page = await visit('editor-ada');
    const other = gateway.session.openTab('logs', `${gateway.session.name}/participants/owner`);
    await page.getByText('Tab "logs" opened on another device').waitFor();
    const tab = page.locator('.tab--remote', { hasText: 'logs' });
    assert.match(await tab.locator('[role=tab]').getAttribute('title'), /Opened on another device/);
    gateway.session.closeTab(other.name);
    await page.locator('.tab--closing').waitFor({ state: 'attached' });
    await tab.waitFor({ state: 'detached', timeout: 1500 });
  },
  'M7: the local list shows at once after a reload, then is reconciled': async () => {
    await room();
    const page = await visit('editor-ada');
    const extra = gateway.session.openTab('extra', `${gateway.session.name}/participants/owner`);
    await page.locator('.tab', { hasText: 'extra' }).waitFor();
    gateway.refuseTickets = 503;
    await page.reload();
    await page.locator('.tab--syncing', { hasText: 'extra' }).waitFor();
    gateway.session.closeTab(extra.name);
    gateway.session.openTab('newer', `${gateway.session.name}/participants/owner`);
    gateway.refuseTickets = 0;
    await page.locator('.tab--stale', { hasText: 'extra' }).waitFor();
    assert.equal(await page.locator('.tab', { hasText: 'newer' }).count(), 1);
    assert.equal(await page.locator('.tab', { hasText: 'build' }).count(), 1);
  },
  'tabs open, are renamed, moved, closed and brought back': async () => {
    await room();
    const page = await visit('editor-ada');
    await page.getByRole('button', { name: 'Open a tab' }).click();
    await page.locator('.tab--selected', { hasText: 'shell 2' }).waitFor();
    assert.equal(await page.locator('.tab--remote', { hasText: 'shell 2' }).count(), 0);
    await page.locator('.tab', { hasText: 'shell 2' }).dblclick();
    await page.locator('.tab__input').fill('mine');
    await page.keyboard.press('Enter');
    await page.locator('.tab', { hasText: 'mine' }).waitFor();
    await page
      .locator('.tab', { hasText: 'mine' })
      .dragTo(page.locator('.tab', { hasText: 'build' }));
    await page.waitForFunction(() => window.atrium.tabs()[0].title === 'mine');
    await page.keyboard.press('Alt+2');
    await page.waitForFunction(() => window.atrium.state.selected === window.atrium.tabs()[1].name);
    await page.locator('.tab', { hasText: 'mine' }).hover();
    await page.locator('.tab', { hasText: 'mine' }).locator('.tab__close').click();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.locator('.tab--selected', { hasText: 'mine' }).waitFor();
    await page.locator('.tab', { hasText: 'mine' }).click({ button: 'middle' });
    await page.waitForTimeout(5600);
    assert.deepEqual(
      [...gateway.session.tabs.values()].map((one) => one.title),
      ['build'],
    );
  },
  'S11, S8: a paste of lines and a program’s copy are asked about': async () => {
    const terminal = await room();
    const page = await visit('editor-ada');
    await page.evaluate(() => navigator.clipboard.writeText('echo a\necho b\u001b[201~\n'));
    await focus(page);
    await page.keyboard.press('Control+V');
    await page.keyboard.press('Control+Shift+V');
    await page.getByText('Paste 2 lines into build?').waitFor();
    await page.getByRole('button', { name: 'Paste', exact: true }).click();
    await shows(page, '\nb');
    assert.equal(terminal.typed.replace('\x16', ''), 'echo a\recho b\r');
    await page.keyboard.type('clip secret\n');
    await page.getByText('wants to put 6 characters on your clipboard').waitFor();
    await page.getByRole('button', { name: 'Copy' }).click();
    await clipboard(page, 'secret');
  },
  'N2: nothing that a program prints stops a page': async () => {
    const terminal = await room();
    const page = await visit('editor-ada');
    const { columns, rows } = terminal.size;
    terminal.print(`\x1b[${rows};${columns}H\x1b[1J\x1b[99999999S\x1b[Hstill here`);
    await shows(page, 'still here');
    for (const byte of Buffer.from('…価👩‍👩‍👧')) terminal.print(Buffer.from([byte]));
    await shows(page, 'still here…価👩‍👩‍👧');
  },
  'S9: the page answers no query': async () => {
    const terminal = await room();
    const page = await visit('editor-ada');
    await focus(page);
    await page.keyboard.type('ask\n');
    await page.waitForTimeout(400);
    assert.equal(terminal.typed, 'ask\r');
  },
  'N6, S12: a card decides by keys only where somebody went to it by keys': async () => {
    const terminal = await room();
    const page = await visit('editor-ada');
    const [tab] = gateway.session.tabs.keys();
    const pending = () => gateway.session.approvals.size;
    const inTerminal = () => page.evaluate(() => !!document.activeElement?.closest('.xterm'));
    const card = page.locator('.approval--pending').first();
    const hints = card.locator('.approval__acts .button kbd:visible');
    await focus(page);
    await page.keyboard.type('ls');
    gateway.session.propose(tab, 'make\r');
    await card.waitFor();
    assert.ok(await inTerminal(), 'a card takes no keyboard');
    await page.keyboard.type('\n');
    await page.keyboard.press('Escape');
    await page.waitForFunction(() => window.atrium.pendingInput('build') === 0);
    assert.equal(terminal.typed, 'ls\r\x1b');
    assert.equal(await hints.count(), 0, 'keys that do nothing here are not offered');
    await card.locator('.approval__bytes').click();
    await page.keyboard.type('ls\n');
    await page.keyboard.press('Enter');
    assert.equal(pending(), 1, 'a click on the card and typing approve nothing');
    assert.equal(await hints.count(), 0);
    await card.getByText('Alt+Shift+G').waitFor();
    await focus(page);
    await page.keyboard.press('Alt+Shift+G');
    await hints.first().waitFor();
    assert.equal(await hints.count(), 2);
    assert.deepEqual(await faults(page), []);
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Enter');
    assert.equal(pending(), 1, 'whoever typed something else there means a terminal');
    await focus(page);
    await page.keyboard.press('Alt+Shift+G');
    await hints.first().waitFor();
    await page.keyboard.press('Enter');
    await page.getByText('approved by ada').waitFor();
    await page.waitForFunction(() => document.activeElement?.closest('.xterm'));
    gateway.session.propose(tab, 'rm x\r');
    await card.waitFor();
    await page.keyboard.press('Alt+Shift+G');
    await hints.first().waitFor();
    await page.keyboard.press('Escape');
    await page.getByText('denied by ada').waitFor();
    await page.keyboard.type('x');
    await page.waitForFunction(() => window.atrium.pendingInput('build') === 0);
    assert.equal(terminal.typed, 'ls\r\x1bx');
  },
  'N6: an approval is decided once and stays with a name': async () => {
    await room();
    const [one, two] = [await visit('editor-ada'), await visit('editor-bea')];
    gateway.session.propose([...gateway.session.tabs.keys()][0], 'make\r');
    await two.locator('.approval--pending').waitFor();
    await one.locator('.approval--pending').focus();
    await one.keyboard.press('Enter');
    for (const page of [one, two]) await page.getByText('approved by ada').waitFor();
    assert.equal(await two.locator('.approval--pending').count(), 0);
  },
  'the terminal is searched': async () => {
    const terminal = await room();
    for (let line = 0; line < 200; line++) terminal.print(`needle ${line}\r\n`);
    const page = await visit('editor-ada');
    await focus(page);
    await page.keyboard.press('Control+Shift+F');
    await page.keyboard.type('needle 7');
    await page.getByText(/of 11$/).waitFor();
    await page.keyboard.press('Escape');
    assert.equal(await page.locator('.find').count(), 0);
    for (const reader of terminal.readers) terminal.sendSnapshot(reader);
    await page.waitForFunction(() => window.atrium.counters.skips === 1);
    await page.keyboard.press('Control+Shift+F');
    await page.keyboard.type('needle 7');
    await page.getByText(/of 11$/).waitFor();
  },
  'the composer says, the agent answers, the palette finds': async () => {
    await room();
    const page = await visit('editor-ada');
    const agent = page.locator('[data-participant=agent]');
    await agent.getByText('listening').waitFor();
    gateway.session.conversation.state = 0;
    gateway.session.change({ case: 'conversation', value: gateway.session.conversation });
    await agent.getByText('off').waitFor();
    await page.getByRole('button', { name: 'The agent answers' }).click();
    await page.getByPlaceholder('Ask; this starts the agent').waitFor();
    await page.getByRole('button', { name: 'The agent answers' }).click();
    await page.getByLabel('Message').fill('@agent hello');
    await page.keyboard.press('Enter');
    await page.locator('.entry--agent', { hasText: 'I hear you.' }).waitFor();
    await focus(page);
    await page.keyboard.press('F1');
    await page.keyboard.type('light colours');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.documentElement.dataset.theme === 'light');
    const focused = await page.evaluate(() => !!document.activeElement?.closest('.xterm'));
    assert.ok(focused, 'the focus is back in the terminal');
  },
  'L1, V8, L12, N4: the call is entered, muted, rebuilt and left': async () => {
    await room();
    const page = await visit('editor-ada', { permissions: ['microphone'] });
    const media = await mediaPage();
    const live = (epoch) =>
      page.waitForFunction(
        (epoch) =>
          window.atrium.state.call.phase === 'live' && window.atrium.state.call.epoch === epoch,
        epoch,
      );
    await page.getByRole('button', { name: 'Start live audio' }).click();
    const check = page.getByRole('region', { name: 'Microphone and loudspeaker' });
    await check.getByRole('button', { name: 'Go live' }).click();
    await live(1);
    await media.waitForTimeout(500);
    assert.ok((await received(media, 1)) > 5, 'the microphone is heard');
    const track = () => page.evaluate(() => window.atrium.peer().getSenders()[0].track.id);
    const before = await track();
    const begin = Date.now();
    for (const one of gateway.pages) one.makeLive();
    await live(2);
    console.log(`     live again after ${Date.now() - begin} ms`);
    assert.equal(await track(), before, 'the same microphone track');
    await page.waitForTimeout(300);
    assert.ok((await received(media, 2)) > 0, 'the microphone is heard again');
    assert.ok(
      await page.evaluate(
        () =>
          !document.querySelector('audio').paused &&
          document.querySelector('audio').srcObject.active,
      ),
    );
    gateway.dropAll();
    await page.waitForFunction(
      () => window.atrium.counters.joins === 2 && window.atrium.state.link === 'open',
    );
    await page.waitForTimeout(300);
    assert.equal(
      await page.evaluate(() => window.atrium.counters.peers),
      2,
      'a lost socket costs no peer connection',
    );
    await page.getByRole('button', { name: 'Mute', exact: true }).click();
    assert.equal(
      await page.evaluate(() => window.atrium.peer().getSenders()[0].track.enabled),
      false,
    );
    await page.waitForFunction(() =>
      window.atrium.state.participants.some(
        (one) => one.name === window.atrium.state.me && one.muted,
      ),
    );
    await page.getByRole('button', { name: 'Stop live audio' }).click();
    assert.equal(await page.evaluate(() => window.atrium.peer()), null);
    await page.getByRole('button', { name: 'Start live audio' }).waitFor();
  },
  'an end is said: no credential, revoked, ended': async () => {
    await room();
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(`${origin}/s/demo`);
    await page.getByText('You are not in this room').waitFor();
    await page.getByText('Open an invite link').waitFor();
    const forgetful = await visit('editor-bea');
    await forgetful.evaluate(() => localStorage.clear());
    await forgetful.reload();
    const lost = 'its storage was cleared or is blocked. Open an invite link again.';
    await forgetful.getByText(lost).waitFor();
    await forgetful.goto(`${origin}/join/editor-bea`);
    await ready(forgetful);
    const revoked = await visit('editor-ada');
    gateway.dropAll(4403);
    await revoked.getByText('Your access was taken back').waitFor();
    await shows(revoked, 'shop');
  },
  'N9: a link that ended says what happened and whom to ask, and keeps nobody out who is in':
    async () => {
      await room();
      for (const settings of [
        {},
        { viewport: { width: 390, height: 844 }, colorScheme: 'light' },
      ]) {
        const context = await browser.newContext(settings);
        const page = await context.newPage();
        for (const [reason, title] of [
          ['invite_used_up', 'This link was used already'],
          ['invite_expired', 'This link has expired'],
          ['invite_invalid', 'This link opens nothing'],
        ]) {
          await page.goto(`${origin}/join/bad-${reason}`);
          await page.getByRole('heading', { name: title }).waitFor();
          await page.getByText('Ask whoever invited you for a new link').waitFor();
          await page.getByText('owner.link').waitFor();
          assert.doesNotMatch(await page.textContent('body'), /open an invite link/i);
          assert.equal(await page.locator('.banner').count(), 0, 'it is said once');
        }
        assert.deepEqual(await faults(page), []);
      }
      const page = await visit('editor-ada');
      await page.goto(`${origin}/join/bad-invite_used_up`);
      await ready(page);
      await page
        .getByText('This link was used already. This browser is let in without it.')
        .waitFor();
      await shows(page, 'shop');
    },
};

const all = {
  ...walks,
  ...callWalks,
  ...troubleWalks,
  ...loudnessWalks,
  ...captureWalks,
  ...drawingWalks,
  ...drivingWalks,
  ...tabWalks,
  ...commandWalks,
  ...roomWalks,
  ...phoneWalks,
  ...stripWalks,
  ...echoWalks,
};
const options = process.argv.slice(2);
const [share, shares] = (options[0] === '--share' ? options.splice(0, 2)[1] : '1/1').split('/');
const chosen = Object.entries(all)
  .filter((_, index) => index % Number(shares) === Number(share) - 1)
  .filter(([name]) => name.includes(options[0] ?? ''));

/** Walks these, and tells which failed. */
async function walkAll(entries) {
  const failed = [];
  for (const [name, walk] of entries) {
    try {
      await walk();
      console.log('ok  ', name);
    } catch (error) {
      failed.push([name, walk]);
      console.log('FAIL', name, '\n', error.message.slice(0, 1200));
    }
    for (const context of browser.contexts()) await context.close();
  }
  return failed;
}

const failed = await walkAll(await walkAll(chosen));
await browser.close();
gateway.close();
console.log(`${chosen.length - failed.length} passed, ${failed.length} failed`);
process.exitCode = chosen.length > failed.length && failed.length === 0 ? 0 : 1;
