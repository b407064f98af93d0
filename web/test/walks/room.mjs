// What is said of the whole session: what does not work, who lags, what is allowed.
import assert from 'node:assert/strict';
import {
  build,
  faults,
  focus,
  gateway,
  origin,
  person,
  ready,
  room,
  shows,
  visit,
} from './support.mjs';

const NO_PROVIDER = 1;
const TEXT = 2;
const SPEECH = 2;
const FAILED = 5;
const HOST_LOST = 4;
const SERVICE = 2;
const WAITING_FOR_APPROVAL = 4;

export const roomWalks = {
  'P12: what does not work is named in one calm line, and all of it on demand': async () => {
    await room();
    const page = await visit('viewer-eve', { colorScheme: 'light' });
    const say = (...degradations) => gateway.session.updateSession({ degradations });
    say({ kind: HOST_LOST, message: 'Its shells may be running.' });
    await page.locator('.banner--bad').getByText('Terminals out of reach').waitFor();
    say(
      { kind: NO_PROVIDER, message: 'The provider is tried again.' },
      { kind: HOST_LOST, message: 'Its shells may be running.' },
    );
    await page.getByText('No voice agent').waitFor();
    await page.getByRole('button', { name: 'and 1 more' }).click();
    const all = page.getByRole('list', { name: 'What does not work now' }).getByRole('listitem');
    assert.equal(await all.count(), 2);
    assert.deepEqual(await faults(page), []);
    await page.keyboard.press('Escape');
    assert.equal(await all.count(), 0);
    say();
    await page.locator('.banner').waitFor({ state: 'detached' });
  },
  'V3: a call that is refused is told once, and the banner needs no notice beside it': async () => {
    await room();
    const page = await visit('editor-ada', { permissions: ['microphone'] });
    await page.evaluate(() =>
      localStorage.setItem('atrium.settings', JSON.stringify({ checked: true })),
    );
    await page.reload();
    await ready(page);
    const problem = 'The voice agent cannot be reached: it is tried again';
    gateway.refuseCalls = problem;
    await page.getByRole('button', { name: 'Start live audio' }).click();
    await page.locator('.notice', { hasText: problem }).waitFor();
    const { conversation } = gateway.session;
    Object.assign(conversation, { state: FAILED, problem });
    gateway.session.change({ case: 'conversation', value: conversation });
    await page.getByText(`${problem}. Terminals and chat work.`).waitFor();
    await page.locator('.notice', { hasText: problem }).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Start live audio' }).click();
    await page.getByText('Live audio did not start.').waitFor();
    assert.equal(await page.getByText(problem).count(), 1);
  },
  'L14: what was found is shown in the timeline, and the page around it stays where it is':
    async () => {
      await room();
      const { session } = gateway;
      for (let i = 0; i < 60; i++) session.entry(SPEECH, [person('owner')], `straw ${i}`);
      for (const settings of [{}, { viewport: { width: 390, height: 844 } }]) {
        const page = await visit('viewer-eve', settings);
        if (settings.viewport) await page.getByRole('button', { name: 'Timeline' }).click();
        const field = page.getByRole('searchbox', { name: 'Find in the timeline' });
        await field.fill('straw 58');
        await page.locator('.found__row').click();
        await page.locator('.entry--shown', { hasText: 'straw 58' }).waitFor();
        const [tall, high, top] = await page.evaluate(() => [
          document.documentElement.scrollHeight,
          innerHeight,
          scrollY,
        ]);
        assert.deepEqual([tall, top], [high, 0]);
        const { y } = await page.locator('.header').boundingBox();
        assert.equal(y, 0, 'the header is in sight');
      }
    },
  'L14: words are found in the timeline, shown there, and all of it is saved': async () => {
    await room();
    const { session } = gateway;
    session.entry(1, ['participants/none'], 'the needle <b>is</b> here');
    for (let i = 0; i < 60; i++) session.entry(6, [], `straw ${i}`);
    for (const settings of [{}, { colorScheme: 'light', viewport: { width: 390, height: 844 } }]) {
      const page = await visit('viewer-eve', settings);
      const narrow = settings.viewport !== undefined;
      if (narrow) await page.getByRole('button', { name: 'Timeline' }).click();
      const field = page.getByRole('searchbox', { name: 'Find in the timeline' });
      await field.fill('needle');
      const row = page.locator('.found__row', { hasText: 'the needle <b>is</b> here' });
      await row.waitFor();
      assert.equal(await row.locator('mark').textContent(), 'needle');
      // What waits for a decision is never behind what was found.
      const asked = session.propose(build().name, 'make\r');
      const card = page.locator('.approval--pending');
      await card.waitFor();
      assert.deepEqual(await faults(page), []);
      session.decide(asked.name, true, 'participants/none');
      await card.waitFor({ state: 'detached' });
      assert.deepEqual(await faults(page), []);
      const { width } = await field.evaluate((one) => one.getBoundingClientRect());
      assert.ok(width >= 150, `what is looked for can be read in ${width} px`);
      await field.press('ArrowDown');
      await page.keyboard.press('Enter');
      const shown = page.locator('.entry--shown', { hasText: 'the needle' });
      await shown.waitFor();
      assert.ok(await shown.evaluate((one) => one === document.activeElement), 'it has the focus');
      await field.fill('nowhere at all');
      await page.getByText('Nothing was found.').waitFor();
      await field.press('Escape');
      await page.locator('.found').waitFor({ state: 'detached' });
      await page.getByRole('button', { name: 'Export the timeline' }).click();
      assert.deepEqual(await faults(page), []);
      const [file] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name: 'Text' }).click(),
      ]);
      assert.match(file.suggestedFilename(), /^timeline-.*\.txt$/);
      if (!narrow) {
        await page.keyboard.press('F1');
        await page.keyboard.type('export the timeline');
        await page.keyboard.press('Enter');
        await page.getByRole('menuitem', { name: 'Captions' }).waitFor();
        await page.keyboard.press('Escape');
        await page.getByRole('menuitem').first().waitFor({ state: 'detached' });
      }
      await page.close();
    }
  },
  'L10: an answer that the provider refused is said in the banner while it is so': async () => {
    await room();
    const page = await visit('editor-ada');
    const problem = 'The provider has no quota left: raise it there';
    const becomes = (fields) => gateway.session.updateConversation(fields);
    const banner = page.locator('.banner');
    becomes({ problem });
    await banner
      .getByText(`The agent has a problem ${problem}. Terminals and chat work.`)
      .waitFor();
    assert.deepEqual(await faults(page), []);
    becomes({ problem: '' });
    await banner.waitFor({ state: 'detached' });
    becomes({ problem });
    await banner.getByRole('button', { name: 'Dismiss' }).click();
    await banner.waitFor({ state: 'detached' });
    becomes({ problem, activity: 2 });
    becomes({ problem: 'The key is refused' });
    await banner.getByText('The key is refused.').waitFor();
  },
  'L3, L16: an editor says how the agent answers, and with which voice': async () => {
    await room();
    const { session } = gateway;
    session.updateConversation({ voice: 'alloy', instructions: 'Be brief.' });
    const page = await visit('editor-ada');
    const open = async () => {
      await page.getByRole('button', { name: 'Agent', exact: true }).click();
      await page.locator('dialog').getByLabel('Its voice').waitFor();
    };
    const save = async () => {
      await page.getByRole('button', { name: 'Save' }).click();
      await page.locator('dialog').waitFor({ state: 'detached' });
      return [...gateway.pages][0].heard.findLast(
        ({ message }) => message.case === 'updateConversation',
      )?.message.value.updateMask.paths;
    };
    await open();
    assert.deepEqual(await faults(page), []);
    assert.equal(await save(), undefined, 'nothing was changed');
    await open();
    assert.equal(await page.getByLabel('Its voice').inputValue(), 'alloy');
    await page.getByLabel('Its voice').fill('verse');
    await page.getByLabel('It answers').selectOption('in writing only');
    assert.deepEqual(await save(), ['voice', 'mode']);
    const { voice, mode, instructions } = session.conversation;
    assert.deepEqual([voice, mode, instructions], ['verse', TEXT, 'Be brief.']);
    await open();
    assert.equal(await page.getByLabel('It answers').locator('option:checked').count(), 1);
    await page.getByLabel('Its voice').fill('');
    assert.deepEqual(await save(), ['voice']);
  },
  'L20, N9: what a viewer may do is said: in the invite, and at the phone': async () => {
    await room();
    const [boss, eve] = [await visit('owner-boss'), await visit('viewer-eve')];
    const phone = eve.getByRole('button', { name: 'Start live audio' });
    assert.equal(await phone.getAttribute('aria-disabled'), 'false');
    assert.equal(await phone.getAttribute('title'), 'Start live audio, to listen');
    assert.deepEqual(await faults(eve), []);
    await boss.getByRole('button', { name: 'Invite' }).click();
    const dialog = boss.locator('dialog');
    await dialog.getByText('hears the call. Cannot type, and is not heard.').waitFor();
    await dialog.getByText('The link can be opened for').waitFor();
    await dialog.getByText('Who came by it stays for seven days').waitFor();
    assert.deepEqual(await faults(boss), []);
  },
  'N9: a link says that it works on this machine only, and has a code only where a phone can follow':
    async () => {
      await room();
      const boss = await visit('owner-boss');
      const dialog = boss.locator('dialog');
      const make = async () => {
        await boss.getByRole('button', { name: 'Invite' }).click();
        await dialog.getByRole('button', { name: 'Make a link' }).click();
        await dialog.getByLabel('Invite link').waitFor();
      };
      const link = () => dialog.getByLabel('Invite link').inputValue();
      const code = dialog.getByRole('img', { name: 'The link as a QR code' });
      await make();
      await dialog.getByText('Reachable from this machine only').waitFor();
      const { port } = new URL(origin);
      await dialog.getByText(`ssh -L ${port}:localhost:${port}`).waitFor();
      assert.equal(await code.count(), 0);
      assert.ok((await link()).startsWith(origin));
      assert.match(await dialog.locator('.invites').textContent(), /1 use left/);
      assert.deepEqual(await faults(boss), []);
      gateway.origins = ['https://atrium.example.org', 'http://127.0.0.1:9'];
      await boss.reload();
      await ready(boss);
      await make();
      await code.waitFor();
      assert.match(await link(), /^https:\/\/atrium\.example\.org\/join\//);
      assert.equal(await dialog.getByText('Reachable from this machine only').count(), 0);
      const leads = dialog.getByLabel('The link leads to');
      assert.equal(await leads.locator('option').count(), 2);
      await leads.selectOption(origin);
      await dialog.getByText('Reachable from this machine only').waitFor();
      assert.equal(await code.count(), 0);
      assert.deepEqual(await faults(boss), []);
    },
  'N4: a lost connection says what is known, and not that shells run': async () => {
    await room();
    const page = await visit('editor-ada');
    gateway.refuseTickets = 503;
    gateway.dropAll();
    await page.locator('.banner').getByText('Connection lost.').waitFor();
    const text = await page.locator('.banner__text').textContent();
    assert.doesNotMatch(text, /running/);
    assert.match(text, /What is shown can be read.*Retrying/);
    gateway.refuseTickets = 0;
    await ready(page);
  },
  'N3: who is behind is seen, as a figure and in words': async () => {
    await room();
    const page = await visit('editor-ada');
    gateway.session.participant('slow', { lag: { bytes: 2_100_000n, skips: 3n } });
    const sign = page.locator('[data-participant$="/slow"] .sign--warn');
    await sign.getByText('2.1 MB behind, 3 skips').waitFor();
    assert.match(await sign.getAttribute('title'), /faster than slow’s connection/);
    gateway.session.participant('slow', { lag: undefined });
    await sign.waitFor({ state: 'detached' });
  },
  'P7: an owner edits what may run, how shells are confined, and when unused tabs close':
    async () => {
      await room();
      const [owner, editor] = [await visit('owner-boss'), await visit('editor-ada')];
      await editor.getByRole('button', { name: 'Settings', exact: true }).click();
      assert.equal(await editor.getByRole('menuitem', { name: /session/ }).count(), 0);
      await owner.getByRole('button', { name: 'Settings', exact: true }).click();
      await owner.getByRole('menuitem', { name: 'Settings of this session' }).click();
      await owner.getByRole('button', { name: 'Add a rule' }).click();
      await owner.getByRole('button', { name: 'Save', exact: true }).click();
      await owner.getByText('A rule needs a pattern.').waitFor();
      await owner.keyboard.type('sudo');
      await owner.getByRole('button', { name: 'Add a rule' }).click();
      await owner.keyboard.type('((');
      await owner.getByLabel('What rule 2 does').selectOption('deny');
      assert.deepEqual(await faults(owner), []);
      await owner.getByRole('button', { name: 'Save', exact: true }).click();
      await owner.getByText('Rule 2: missing closing )').waitFor();
      await owner.getByLabel('Pattern of rule 2').fill('rm -rf');
      await owner.getByRole('button', { name: 'Move rule 2 up' }).click();
      await owner.getByLabel('What if no rule fits').selectOption('ask');
      await owner.getByLabel('Isolated').check();
      await owner.getByLabel('Keep a tab that nobody uses').selectOption('an hour');
      await owner.getByRole('button', { name: 'Save', exact: true }).click();
      await owner.locator('dialog').waitFor({ state: 'detached' });
      const { commandPolicy, shellProfile, idleTabTimeout, displayName } = gateway.session.settings;
      assert.deepEqual(
        commandPolicy.rules.map((one) => [one.pattern, one.action]),
        [
          ['rm -rf', 3],
          ['sudo', 2],
        ],
      );
      assert.deepEqual([commandPolicy.defaultAction, shellProfile], [2, 3]);
      assert.deepEqual([Number(idleTabTimeout.seconds), displayName], [3600, 'demo']);
    },
  'N6: a card does not say that the agent asks when it does not; who decided keeps the name':
    async () => {
      await room();
      const page = await visit('editor-ada');
      gateway.session.participant('ci', { displayName: 'deploy-bot', kind: SERVICE });
      const card = page.locator('.approval--pending');
      const asked = gateway.session.propose(build().name, 'make\r');
      await card.getByText('Approval is asked for, to run a command').waitFor();
      const { conversation } = gateway.session;
      conversation.activity = WAITING_FOR_APPROVAL;
      gateway.session.change({ case: 'conversation', value: conversation });
      await card.getByText('The agent asks to run a command').waitFor();
      for (const [requester, who] of [
        ['agent', 'The agent'],
        ['service', 'A service'],
        [person('ci'), 'deploy-bot'],
      ]) {
        gateway.session.propose(build().name, 'true\r', requester);
        await card.getByText(`${who} asks to run a command`).last().waitFor();
      }
      gateway.session.participant('gus', { displayName: 'Gus' });
      gateway.session.decide(asked.name, true, person('gus'));
      gateway.session.leave(person('gus'));
      await page.getByText('approved by Gus').waitFor();
    },
  'S8: a program’s copy asks only who typed, needs a click, and its query is never answered':
    async () => {
      const terminal = await room();
      const [ada, ben] = [await visit('editor-ada'), await visit('editor-ben')];
      await ada.evaluate(() => navigator.clipboard.writeText('mine'));
      await focus(ada);
      await ada.keyboard.type('clip theirs\n');
      await ada.getByText('wants to put 6 characters on your clipboard').waitFor();
      assert.equal(await ada.evaluate(() => navigator.clipboard.readText()), 'mine');
      assert.equal(await ben.locator('.question').count(), 0);
      await ada.getByRole('button', { name: 'Ignore' }).click();
      assert.equal(await ada.evaluate(() => navigator.clipboard.readText()), 'mine');
      await ada.keyboard.type('peek\necho after\n');
      await shows(ada, '\nafter');
      await ada.waitForFunction(() => window.atrium.pendingInput('build') === 0);
      assert.equal(terminal.typed, 'clip theirs\rpeek\recho after\r');
      assert.equal(await ada.locator('.question').count(), 0);
    },
  'X7, M9: on a phone who drives, commands and requests are all at hand': async () => {
    const terminal = await room();
    terminal.command('make', 'built\r\n', 2, 4000);
    terminal.showPrompt();
    const phone = await visit('editor-pat', {
      viewport: { width: 390, height: 780 },
      hasTouch: true,
      isMobile: true,
    });
    await phone.getByRole('button', { name: 'Take control' }).tap();
    await phone.locator('.driving').getByText('You are driving').waitFor();
    gateway.session.participant('ben', { displayName: 'Ben' });
    gateway.session.updateTab(build().name, { controlRequesters: [person('ben')] });
    await phone.getByText('Ben asks for control').waitFor();
    assert.deepEqual(await faults(phone), []);
    for (const name of ['Give', 'Not now']) {
      const box = await phone.getByRole('button', { name, exact: true }).boundingBox();
      assert.ok(box.height >= 44 && box.x + box.width <= 390, `${name} can be touched`);
    }
    await phone.getByRole('button', { name: 'Give', exact: true }).tap();
    await phone.locator('.driving').getByText('Ben is driving').waitFor();
    await phone.locator('.gutter__sign--bad').tap();
    const bar = await phone.locator('.command-bar').boundingBox();
    assert.ok(bar.x >= 0 && bar.x + bar.width <= 390);
    await phone.getByRole('button', { name: 'Copy what it printed' }).waitFor();
    assert.deepEqual(await faults(phone), []);
    const wide = await phone.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, 'nothing is wider than the phone');
  },
  'L7, L18: an owner says what the agent may do by itself, tool by tool': async () => {
    await room();
    const [ALLOW, ASK, DENY] = [1, 2, 3];
    const tool = (name, defaultAction, mayBeAllowed, server = '') => ({
      $typeName: 'atrium.v1.Conversation.Tool',
      name,
      description: `What ${name} does`,
      defaultAction,
      mayBeAllowed,
      server,
    });
    const tools = [tool('run_command', ASK, false), tool('jira.add', ASK, true, 'jira')];
    gateway.session.updateConversation({ tools });
    const page = await visit('owner-boss');
    const open = async () => {
      await page.getByRole('button', { name: 'Settings', exact: true }).click();
      await page.getByRole('menuitem', { name: 'Settings of this session' }).click();
      await page.getByText('What the agent may do by itself').click();
    };
    const choice = (name) => page.getByRole('combobox', { name: `What ${name} may do` });
    await open();
    assert.deepEqual(await choice('run_command').locator('option').allTextContents(), [
      'ask (usual)',
      'deny',
    ]);
    await page.getByRole('heading', { name: 'jira' }).waitFor();
    assert.deepEqual(await faults(page), []);
    await choice('jira.add').selectOption('allow');
    await choice('run_command').selectOption('deny');
    await page.getByText('2 tools, 2 not as usual').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('dialog').waitFor({ state: 'detached' });
    const stored = () => gateway.session.settings.toolPolicies.map((one) => [one.tool, one.action]);
    assert.deepEqual(stored(), [
      ['jira.add', ALLOW],
      ['run_command', DENY],
    ]);
    await open();
    await choice('run_command').selectOption('ask (usual)');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('dialog').waitFor({ state: 'detached' });
    assert.deepEqual(stored(), [['jira.add', ALLOW]]);
  },
  'S22: what the agent cost is said in figures': async () => {
    await room();
    gateway.session.updateConversation({
      usage: {
        $typeName: 'atrium.v1.Conversation.Usage',
        responses: 3n,
        inputTextTokens: 1200n,
        inputAudioTokens: 0n,
        cachedTokens: 0n,
        outputTextTokens: 40n,
        outputAudioTokens: 0n,
        inputImageTokens: 0n,
        costMicros: 1_250_000n,
        currency: 'EUR',
        connectedSeconds: 75n,
      },
    });
    const page = await visit('editor-ada', { viewport: { width: 390, height: 844 } });
    await page.getByRole('button', { name: 'People' }).click();
    await page.getByRole('button', { name: 'Agent' }).click();
    for (const text of ['€1.25', '1 min 15 s', '1,200 text'])
      await page.locator('.usage').getByText(text).waitFor();
    assert.deepEqual(await faults(page), []);
  },
  'what comes after first paint changes no terminal’s size': async () => {
    await room();
    const page = await visit('editor-ada');
    const size = () =>
      page.locator('.stage__box').evaluate((one) => [one.clientWidth, one.clientHeight]);
    const small = await size();
    await page.getByRole('button', { name: 'Large captions' }).click();
    const large = await size();
    assert.ok(large[1] < small[1]);
    let come = () => {};
    const held = new Promise((go) => {
      come = go;
    });
    await page.route('**/later-*.js', (route) => held.then(() => route.continue()));
    await page.reload();
    await ready(page);
    assert.equal(await page.locator('.status').count(), 0);
    assert.deepEqual(await size(), large);
    come();
    await page.locator('.status').waitFor();
    await page.locator('.captions--large').waitFor();
    assert.deepEqual(await size(), large);
  },
};
