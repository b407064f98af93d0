// Text turns with the offline agent: what it knows, what it does, what it may do
// only once a person approved.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, openTab, shows, tabs, visit } from './browser.mjs';
import { connect, inviteLink } from './services.mjs';
import { Stack, until } from './stack.mjs';

let stack, api, browser, owner, editor, tab;
before(async () => {
  stack = await new Stack({ voice: true }).start();
  api = await connect(stack);
  browser = await openBrowser();
  owner = await visit(browser, stack.ownerLink(), { name: 'Olga' });
  editor = await visit(browser, await inviteLink(stack, api, 'EDITOR'), { name: 'Emil' });
  tab = await openTab(owner);
  await api.call('atrium.v1.TabService', 'UpdateTab', { tab: { name: tab, title: 'build' }, update_mask: { paths: ['title'] } });
});
after(async () => {
  await browser?.close();
  api?.close();
  await stack?.stop();
});

const entries = (page) => page.evaluate(() => window.atrium.state.entries);
async function ask(page, text) {
  const before = (await entries(page)).length;
  const box = page.locator('textarea[aria-label^="Message"]');
  await box.fill(text);
  await box.press('Enter');
  return before;
}
const says = (page, from, pattern) =>
  until(`the agent says ${pattern}`, async () => (await entries(page)).slice(from).find((one) => one.speakerNames[0] === 'Agent' && pattern.test(one.text)));

test('L2, V1: what is typed to the agent is answered, in the timeline of all', async () => {
  const from = await ask(owner, 'computer, what time is it?');
  await says(owner, from, /^It is \d+:\d\d [AP]M/);
  await says(editor, 0, /^It is \d+:\d\d [AP]M/);
});

test('L7: the agent lists, opens, names and closes tabs, and reads a screen', async () => {
  await says(owner, await ask(owner, '@agent list the tabs'), /1 tab: build/);
  await says(owner, await ask(owner, '@agent open a tab called logs'), /I opened logs/);
  await until('the tab is there', async () => (await tabs(editor)).some((one) => one.title === 'logs'));
  await says(owner, await ask(owner, '@agent rename logs to server'), /called server/);
  const from = await ask(owner, '@agent close server');
  await editor.getByRole('button', { name: /Approve/ }).first().click();
  await says(owner, from, /I closed server/);
  await until('the tab is gone', async () => !(await tabs(editor)).some((one) => one.title === 'server'));
  await api.call('atrium.v1.TabService', 'RunCommand', { parent: 'sessions/main', tab, command: 'echo last-$((8*8))' });
  await says(owner, await ask(owner, '@agent read the last lines of build'), /last-64/);
});

test('N6: an approved command runs where the card says, once, and all see by whom', async () => {
  const from = await ask(owner, '@agent run echo approved-$((6*6)) in build');
  await editor.getByText('echo approved-$((6*6))').first().waitFor();
  await editor.getByRole('button', { name: /Approve/ }).first().click();
  for (const page of [owner, editor]) await shows(page, tab, 'approved-36');
  await says(owner, from, /exit code 0/);
  await owner.getByText(/approved by Emil/i).first().waitFor();
  const text = await owner.evaluate((name) => window.atrium.terminalText(name), tab);
  assert.equal(text.match(/approved-36/g).length, 1);
});

test('N6, S12: a denied command reaches no shell', async () => {
  const from = await ask(owner, '@agent run echo denied-$((7*7)) in build');
  await owner.getByRole('button', { name: /Deny/ }).first().click();
  await says(owner, from, /denied/);
  assert.doesNotMatch(await editor.evaluate((name) => window.atrium.terminalText(name), tab), /denied-49/);
});

test('N6, S13: of two decisions at once exactly one counts', async () => {
  await ask(owner, '@agent run echo raced-$((9*9)) in build');
  const approval = await until('the card is there', () => owner.evaluate(() => window.atrium.state.approvals.find((one) => one.state === 1)?.name));
  await editor.waitForFunction(() => window.atrium.state.approvals.some((one) => one.state === 1));
  const click = (page) => page.getByRole('button', { name: /Approve/ }).first().click({ timeout: 2000 }).catch(() => {});
  await Promise.all([click(owner), click(editor)]);
  await shows(owner, tab, 'raced-81');
  await until('one decision is in the timeline', async () => {
    const decided = (await api.call('atrium.v1.TimelineService', 'ListTimelineEntries', { parent: 'sessions/main' })).entries
      .filter((one) => one.approval?.name === approval);
    assert.ok(decided.length <= 1);
    return decided.length === 1;
  });
  assert.equal((await owner.evaluate((name) => window.atrium.terminalText(name), tab)).match(/raced-81/g).length, 1);
});

test('S12: a service cannot approve', async () => {
  await ask(owner, '@agent run echo machine in build');
  const approval = await until('the card is there', () => owner.evaluate(() => window.atrium.state.approvals.find((one) => one.state === 1)?.name));
  await assert.rejects(api.call('atrium.v1.TimelineService', 'DecideApproval', { name: approval, approve: true }), /Only a person/);
  await owner.getByRole('button', { name: /Deny/ }).first().click();
});
