// Who is heard, and how loud.
import assert from 'node:assert/strict';
import { mediaPage } from './audio.mjs';
import { checked, startAudio } from './microphone.mjs';
import { faults, focus, gateway, person, room, visit } from './support.mjs';

export const loudnessWalks = {
  'V8, N1: an owner mutes; whoever was muted sees who did it and unmutes; nobody else may mute':
    async () => {
      await room();
      const [ada, boss] = [await checked('editor-ada'), await visit('owner-boss')];
      const ben = await visit('editor-ben');
      await mediaPage();
      await startAudio(ada).click();
      await ada.waitForFunction(() => window.atrium.state.call.phase === 'live');
      const enabled = () => ada.evaluate(() => window.atrium.peer().getSenders()[0].track.enabled);
      const row = (page, id) => page.locator(`[data-participant$="/${id}"]`);
      const mute = row(boss, 'ada').getByRole('button', { name: 'Mute ada' });
      await mute.waitFor();
      assert.equal(await row(ben, 'ada').getByRole('button', { name: /^Mute/ }).count(), 0);
      assert.equal(await boss.getByRole('button', { name: 'Mute ben' }).count(), 0);
      await row(boss, 'ada').hover();
      assert.deepEqual(await faults(boss), []);
      await mute.click();
      await ada.getByText('boss muted you.').waitFor();
      assert.equal(await enabled(), false, 'the microphone itself is off');
      const sign = row(ben, 'ada').locator('.sign--bad');
      await sign.waitFor();
      assert.equal(await sign.getAttribute('title'), 'muted by boss');
      assert.equal(await mute.count(), 0, 'there is no unmuting of others');
      const own = ada.locator('.call').getByRole('button', { name: 'Unmute', exact: true });
      assert.equal(await own.getAttribute('title'), 'Unmute, muted by boss');
      assert.deepEqual(await faults(ada), []);
      await ada.locator('.notice').getByRole('button', { name: 'Unmute' }).click();
      await sign.waitFor({ state: 'detached' });
      assert.equal(await enabled(), true);
      gateway.session.participant('ada', { viewingTab: '' });
      assert.equal(await ada.evaluate(() => window.atrium.state.call.muted), false);
      await mute.click();
      await ada.getByText('boss muted you.').waitFor();
      assert.equal(await enabled(), false, 'and again');
    },

  'V6, X7: an owner sets how loud somebody is with the keyboard; everybody sees it; others may not':
    async () => {
      await room();
      const [ada, boss] = [await checked('editor-ada'), await visit('owner-boss')];
      const ben = await visit('editor-ben');
      await mediaPage();
      await startAudio(ada).click();
      await ada.waitForFunction(() => window.atrium.state.call.phase === 'live');
      const row = (page, id) => page.locator(`[data-participant$="/${id}"]`);
      const opener = row(boss, 'ada').getByRole('button', { name: 'How loud ada is' });
      await opener.waitFor();
      assert.equal(
        await row(ben, 'ada')
          .getByRole('button', { name: /^How loud/ })
          .count(),
        0,
      );
      assert.equal(
        await row(boss, 'ben')
          .getByRole('button', { name: /^How loud/ })
          .count(),
        0,
        'not in the call',
      );
      await row(ada, 'ada').getByRole('button', { name: 'How loud ada is' }).waitFor();
      await opener.focus();
      await boss.keyboard.press('Enter');
      const slider = boss.getByRole('slider', { name: 'Volume of ada for everybody' });
      await slider.waitFor();
      assert.equal(await slider.inputValue(), '100');
      assert.equal(await slider.evaluate((one) => one === document.activeElement), true);
      assert.deepEqual(await faults(boss), []);
      await boss.keyboard.press('ArrowLeft');
      await row(ben, 'ada').getByTitle('heard at 90 % by everybody').waitFor();
      await boss.keyboard.press('Home');
      await row(ben, 'ada').getByTitle('heard at 0 % by everybody').waitFor();
      assert.equal(await slider.getAttribute('aria-valuetext'), '0 percent');
      await boss.keyboard.press('End');
      await row(ben, 'ada').getByTitle('heard at 200 % by everybody').waitFor();
      await boss.keyboard.press('Escape');
      await slider.waitFor({ state: 'detached' });
      assert.equal(await opener.evaluate((one) => one === document.activeElement), true);
    },

  'V6, X7: a volume slider that stays open leaves the keyboard to the terminal': async () => {
    const terminal = await room();
    const boss = await visit('owner-boss');
    const { session } = gateway;
    for (const id of ['ada', 'ben']) session.participant(id, { live: true });
    await boss.getByRole('button', { name: 'How loud ada is' }).focus();
    await boss.keyboard.press('Enter');
    const slider = boss.getByRole('slider', { name: 'Volume of ada for everybody' });
    await slider.waitFor();
    await focus(boss);
    await boss.keyboard.type('echo one');
    // Somebody comes who stands above her.
    session.participant('aaron', { live: true });
    await boss.locator('[data-participant$="/aaron"]').waitFor();
    await slider.waitFor();
    assert.equal(await boss.locator('.xterm:focus-within').count(), 1, 'the terminal has it still');
    await boss.keyboard.type(' two');
    await boss.keyboard.press('Home');
    session.participant('ada', { live: false });
    await slider.waitFor({ state: 'detached' });
    session.participant('ada', { live: true });
    await boss.getByRole('button', { name: 'How loud ada is', expanded: false }).waitFor();
    await boss.keyboard.press('End');
    await boss.keyboard.type(' three\n');
    await boss.waitForFunction(() => window.atrium.pendingInput('build') === 0);
    assert.match(terminal.typed, /^echo one two.*three\r$/);
    assert.equal(await slider.count(), 0, 'whoever hung up has none');
    assert.equal(session.participants.get(person('ada')).volumePercent, undefined);
  },

  'V6, X7: a volume slider follows the hand alone, and goes back where that is refused':
    async () => {
      await room();
      const boss = await visit('owner-boss');
      const { session } = gateway;
      session.participant('ada', { live: true });
      await boss.getByRole('button', { name: 'How loud ada is' }).focus();
      await boss.keyboard.press('Enter');
      const slider = boss.getByRole('slider', { name: 'Volume of ada for everybody' });
      const volume = () => session.participants.get(person('ada')).volumePercent;
      const drawn = async (id) => {
        session.participant(id, { live: true });
        await boss.locator(`[data-participant$="/${id}"]`).waitFor();
      };
      const { x, y, width, height } = await slider.boundingBox();
      await boss.mouse.move(x + width / 2, y + height / 2);
      await boss.mouse.down();
      await boss.mouse.move(x + width * 0.8, y + height / 2, { steps: 4 });
      const dragged = await slider.inputValue();
      assert.ok(Number(dragged) > 120, dragged);
      await drawn('ben');
      assert.equal(await slider.inputValue(), dragged, 'the thumb stays in the hand');
      assert.equal(volume(), undefined, 'nothing is asked for yet');
      await boss.mouse.up();
      await boss
        .locator('[data-participant$="/ada"]')
        .getByTitle(`heard at ${dragged} %`)
        .waitFor();
      gateway.delayMs = 200;
      await boss.keyboard.press('Home');
      for (let step = 1; step <= 5; step++) {
        await boss.keyboard.press('ArrowRight');
        session.participant('ben', { muted: step % 2 === 0 });
        await boss.waitForTimeout(60);
      }
      gateway.delayMs = 0;
      await boss.locator('[data-participant$="/ada"]').getByTitle('heard at 50 %').waitFor();
      assert.deepEqual([await slider.inputValue(), volume()], ['50', 50], 'no step is lost');
      const known = session.participants.get(person('ada'));
      session.participants.delete(known.name);
      await boss.keyboard.press('End');
      await boss.getByText('No participant').waitFor();
      session.participants.set(known.name, known);
      assert.equal(await slider.inputValue(), '50', 'what was refused is not shown');
    },
};
