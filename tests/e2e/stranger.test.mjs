// What somebody meets who knows nothing yet: links that ended, links for this machine
// only, tabs that no person opened, a microphone that an owner turned off.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, openTab, ready, tabs, visit } from './browser.mjs';
import { energy, goLive } from './call.mjs';
import { accessToken } from './compat.mjs';
import { connect, inviteLink } from './services.mjs';
import { enter, Page } from './socket.mjs';
import { Stack, until } from './stack.mjs';

const FAR = 'https://atrium.example.org';
const [PERMISSION_DENIED, NOT_FOUND, FAILED_PRECONDITION, INVALID_ARGUMENT] = [7, 5, 9, 3];
let stack, api, browser, owner, editor, used;
before(async () => {
  stack = await new Stack({ media: true, gatewayFlags: [`--allow_origin=${FAR}`] }).start();
  api = await connect(stack);
  browser = await openBrowser();
  used = stack.ownerLink();
  owner = await visit(browser, used, { name: 'Olga' });
  editor = await visit(browser, await inviteLink(stack, api, 'EDITOR'), { name: 'Emil' });
});
after(async () => {
  await browser?.close();
  api?.close();
  await stack?.stop();
});

const say = (service, method, request, options) => api.call(`atrium.v1.${service}`, method, request, options);
const make = (invite) => say('SessionService', 'CreateInvite', { parent: 'sessions/main', invite });
const failure = (promise) => promise.then(() => assert.fail('it was allowed'), (error) => error.code);

async function meets(link, title) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(link);
  await page.getByRole('heading', { name: title }).waitFor();
  await page.getByText('Ask whoever invited you for a new link').waitFor();
  assert.doesNotMatch(await page.textContent('body'), /open an invite link/i);
  await context.close();
}

test('N9: a link that ended says what happened and whom to ask', async () => {
  await meets(used, 'This link was used already');
  await meets(`${stack.origin}/join/nonsense`, 'This link opens nothing');
  const taken = await make({ role: 'VIEWER' });
  await say('SessionService', 'DeleteInvite', { name: taken.name });
  await meets(`${stack.origin}/join/${taken.secret}`, 'This link opens nothing');
  const soon = Date.now() + 1500;
  const brief = await make({ role: 'VIEWER', expire_time: { seconds: Math.floor(soon / 1000), nanos: (soon % 1000) * 1_000_000 } });
  await until('its time is over', () => Date.now() > soon);
  await meets(`${stack.origin}/join/${brief.secret}`, 'This link has expired');
});

test('N9: a used link keeps nobody out who came by it', async () => {
  await owner.goto(used);
  await ready(owner);
  await owner.getByText('This link was used already. This browser is let in without it.').waitFor();
  assert.equal(await owner.evaluate(() => window.atrium.state.participants.length), 2);
});

test('N9: at localhost a code for phones names the public name, and there is none without one', async () => {
  await owner.getByRole('button', { name: 'Invite' }).first().click();
  const dialog = owner.locator('dialog');
  const code = dialog.getByRole('img', { name: 'The link as a QR code' });
  await dialog.getByRole('button', { name: 'Make a link' }).click();
  await code.waitFor();
  assert.ok((await dialog.getByLabel('Invite link').inputValue()).startsWith(`${FAR}/join/`));
  await dialog.getByLabel('The link leads to').selectOption(stack.origin);
  await dialog.getByText('Reachable from this machine only').waitFor();
  assert.equal(await code.count(), 0);
  const near = await dialog.getByLabel('Invite link').inputValue();
  await owner.keyboard.press('Escape');
  const guest = await visit(browser, near, { name: 'Gus' });
  assert.ok(await guest.evaluate(() => window.atrium.state.link === 'open'), 'the link works here');
  await guest.context().close();
});

test('M5, N7: a tab that a service opened is on nobody’s device, and its command is said once', async () => {
  const run = say('TabService', 'RunCommand', { parent: 'sessions/main', command: 'echo told-once', keep_tab: true });
  await owner.getByText('Tab "echo told-once" opened by a service').waitFor();
  await run;
  const line = owner.locator('.entry--command', { hasText: 'echo told-once' });
  await line.getByText('exit 0').waitFor();
  assert.equal((await line.textContent()).split('echo told-once').length - 1, 1);
  const { name } = (await tabs(owner)).find((one) => one.title === 'echo told-once');
  await say('TabService', 'DeleteTab', { name });
  await openTab(editor);
  await owner.getByText('opened on another device by Emil').waitFor();
});

const nameOf = (who) => owner.evaluate((called) => window.atrium.state.participants.find((one) => one.displayName === called).name, who);
const mutedBy = async (name) => {
  const self = await owner.evaluate((one) => window.atrium.state.participants.find((who) => who.name === one), name);
  return self.muted ? self.mutedBy : undefined;
};
// Resolves when the page has sent so many packets of audio from now on.
const sends = (page, count) => page.evaluate(async (more) => {
  const sent = async () => [...(await window.atrium.peer().getStats()).values()].find((one) => one.type === 'outbound-rtp').packetsSent;
  const end = (await sent()) + more;
  while ((await sent()) < end) await new Promise(requestAnimationFrame);
}, count);

test('V8: an owner mutes; whoever was muted sees who did it, is not heard, and unmutes', async () => {
  for (const page of [owner, editor]) await goLive(page);
  const [emil, olga] = [await nameOf('Emil'), await nameOf('Olga')];
  await until('Emil is heard', async () => (await energy(owner)) > 0.001);
  await owner.locator(`[data-participant="${emil}"]`).hover();
  await owner.getByRole('button', { name: 'Mute Emil' }).click();
  await editor.getByText('Olga muted you.').waitFor();
  assert.equal(await mutedBy(emil), olga);
  // A page that sends on all the same is withheld by media.
  await editor.evaluate(() => { window.atrium.peer().getSenders()[0].track.enabled = true; });
  await sends(editor, 25);
  const before = await energy(owner);
  await sends(editor, 100);
  assert.ok((await energy(owner)) - before < 0.0001, 'nothing of it is heard');
  await editor.locator('.call').getByRole('button', { name: 'Unmute' }).click();
  await until('nobody is muted', async () => (await mutedBy(emil)) === undefined);
  await until('Emil is heard again', async () => (await energy(owner)) > before + 0.001);
});

test('V6: an owner turns somebody down with the keyboard, for all who hear them, and up again', async () => {
  const emil = await nameOf('Emil');
  const volume = () => owner.evaluate((one) => window.atrium.state.participants.find((who) => who.name === one).volumePercent, emil);
  const row = owner.locator(`[data-participant="${emil}"]`);
  await row.getByRole('button', { name: 'How loud Emil is' }).focus();
  await owner.keyboard.press('Enter');
  const slider = owner.getByRole('slider', { name: 'Volume of Emil for everybody' });
  await slider.press('Home');
  await until('Emil is turned off', async () => (await volume()) === 0);
  await editor.getByTitle('heard at 0 % by everybody').waitFor();
  await sends(editor, 25);
  const before = await energy(owner);
  await sends(editor, 100);
  assert.ok((await energy(owner)) - before < 0.0001, 'nothing of it is heard');
  assert.equal(await mutedBy(emil), undefined, 'that is no mute');
  await slider.press('End');
  await until('Emil is turned up', async () => (await volume()) === 200);
  await until('Emil is heard again', async () => (await energy(owner)) > before + 0.001);
  await slider.press('Escape');
});

test('S4, S21: only owners set how loud others are, only who is in their call, and from 0 to 200 only', async () => {
  const [emil, olga] = [await nameOf('Emil'), await nameOf('Olga')];
  const page = async (role) => new Page(await enter(stack, await inviteLink(stack, api, role))).open();
  const [viewer, other, boss] = [await page('VIEWER'), await page('EDITOR'), await page('OWNER')];
  let id = 0;
  const ask = async (from, setParticipantVolume) => {
    const requestId = String(++id + 200);
    from.say({ requestId, setParticipantVolume });
    const { code } = await until('it is answered', () => from.outcomes.find((one) => one.requestId === requestId));
    return code ?? 0;
  };
  for (const from of [viewer, other]) assert.equal(await ask(from, { name: emil, volumePercent: 0 }), PERMISSION_DENIED);
  const idle = boss.snapshot.participants.find((one) => one.role === 'VIEWER').name;
  assert.equal(await ask(viewer, { name: idle, volumePercent: 50 }), PERMISSION_DENIED, 'not even their own');
  assert.equal(await ask(boss, { name: idle, volumePercent: 50 }), FAILED_PRECONDITION);
  assert.equal(await ask(boss, { name: 'sessions/other/participants/x', volumePercent: 50 }), NOT_FOUND);
  for (const volumePercent of [-1, 201, 2 ** 31 - 1, -(2 ** 31), undefined]) {
    assert.equal(await ask(boss, { name: emil, volumePercent }), INVALID_ARGUMENT, `${volumePercent}`);
  }
  const before = await owner.evaluate((one) => window.atrium.state.participants.find((who) => who.name === one).volumePercent, emil);
  assert.equal(before, 200, 'nothing of that counted');
  await say('SessionService', 'SetParticipantVolume', { name: olga, volume_percent: 30 });
  await owner.locator(`[data-participant="${olga}"]`).getByTitle('heard at 30 % by everybody').waitFor();
  for (const name of [emil, olga]) assert.equal(await ask(boss, { name, volumePercent: 100 }), 0);
  for (const one of [viewer, other, boss]) one.close();
});

test('S4, S21: only owners mute, only who is in their call, and they say no more', async () => {
  const emil = await nameOf('Emil');
  const page = await new Page(await enter(stack, await inviteLink(stack, api, 'EDITOR'))).open();
  let id = 0;
  const ask = async (from, name) => {
    const requestId = String(++id + 100);
    from.say({ requestId, muteParticipant: { name } });
    const { code } = await until('it is answered', () => from.outcomes.find((one) => one.requestId === requestId));
    return code ?? 0;
  };
  assert.equal(await ask(page, emil), PERMISSION_DENIED);
  const viewer = await new Page(await enter(stack, await inviteLink(stack, api, 'VIEWER'))).open();
  assert.equal(await ask(viewer, emil), PERMISSION_DENIED);
  const boss = await new Page(await enter(stack, await inviteLink(stack, api, 'OWNER'))).open();
  for (const absent of ['', 'sessions/main/participants/nobody', 'sessions/other/participants/x', '../main', 'x'.repeat(5000)]) {
    assert.equal(await ask(boss, absent), NOT_FOUND, absent.slice(0, 40));
  }
  const idle = boss.snapshot.participants.find((one) => one.role === 'VIEWER').name;
  assert.equal(await ask(boss, idle), FAILED_PRECONDITION);
  const other = await say('SessionService', 'CreateSession', { session: { display_name: 'other' } });
  const token = await accessToken(await enter(stack, await inviteLink(stack, api, 'OWNER')));
  const foreign = await failure(say('SessionService', 'MuteParticipant', { name: `${other.name}/participants/x` }, { token }));
  const absent = await failure(say('SessionService', 'MuteParticipant', { name: 'sessions/nowhere/participants/x' }, { token }));
  assert.equal(foreign, absent, 'a foreign session looks like none');
  const weak = await accessToken(await enter(stack, await inviteLink(stack, api, 'EDITOR')));
  assert.equal(await failure(say('SessionService', 'MuteParticipant', { name: emil }, { token: weak })), PERMISSION_DENIED);
  assert.equal(await mutedBy(emil), undefined, 'nobody was muted');
  await say('SessionService', 'MuteParticipant', { name: emil });
  await editor.getByText('A service muted you.').waitFor();
  for (const one of [page, viewer, boss]) one.close();
});
