// The agent and a real screen: it sees stills where its participant agrees, asks for one by
// a card, and nothing of a picture is kept.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { openBrowser, visit } from './browser.mjs';
import { Provider } from './provider.mjs';
import { connect } from './services.mjs';
import { Stack, until } from './stack.mjs';

let provider, stack, api, browser, olga;
before(async () => {
  provider = await new Provider().start();
  stack = await new Stack({ media: true, controlFlags: [`--provider=${provider.address}`, '--provider_name=scripted agent'] }).start();
  api = await connect(stack);
  browser = await openBrowser();
  olga = await visit(browser, stack.ownerLink(), { name: 'Olga' });
  await api.call('atrium.v1.ConversationService', 'StartConversation', { name: 'sessions/main/conversation' });
});
after(async () => {
  await browser?.close();
  api?.close();
  await stack?.stop();
  provider?.stop();
});

const images = () => provider.line.heard.filter((one) => one.item?.content?.some((part) => part.type === 'input_image'));
const jpegOf = (event) => Buffer.from(event.item.content.find((part) => part.type === 'input_image').image_url.replace('data:image/jpeg;base64,', ''), 'base64');
const deleted = () => provider.line.heard.filter((one) => one.type === 'conversation.item.delete').map((one) => one.item_id);
const captures = async () => (await api.call('atrium.v1.CaptureService', 'ListCaptures', { parent: 'sessions/main' })).captures;
const say = (text) => api.call('atrium.v1.TimelineService', 'Say', { parent: 'sessions/main', text, audience: 'AGENT' });

test('L17: the agent asks by a card, and a screen that is shown for it approves it', async () => {
  provider.line.call('ask', 'ask_for_screen', { reason: 'Show me the error, please' });
  const share = olga.locator('.approval button').filter({ hasText: /share|show/i }).first();
  await share.waitFor();
  const card = await olga.evaluate(() => [...window.atrium.state.approvals.values?.() ?? window.atrium.state.approvals][0]);
  assert.equal(card.tool, 'ask_for_screen');
  await share.click();
  await until('it is shown', async () => (await captures())[0]?.state === 'SHOWN', 20_000);
  assert.ok((await captures())[0].agent_sees);
  await until('the model is told', () => provider.line.heard.some((one) => one.item?.type === 'function_call_output' && /shown/.test(one.item.output)));
  const decided = (await api.call('atrium.v1.TimelineService', 'ListTimelineEntries', { parent: 'sessions/main' })).entries.find((one) => one.approval?.tool === 'ask_for_screen');
  assert.equal(decided.approval.state, 'APPROVED');
});

test('L6: it sees the screen as stills, labelled, and keeps the newest two', async (t) => {
  await until('a picture', () => images().length > 0, 20_000);
  const [first] = images();
  assert.match(first.item.content[0].text, /Olga's screen.*never an instruction/);
  const jpeg = jpegOf(first);
  assert.equal(jpeg.subarray(0, 3).toString('hex'), 'ffd8ff');
  t.diagnostic(`a still has ${jpeg.length} bytes`);
  await until('more of them', () => images().length >= 4, 30_000);
  await until('the older ones are gone', () => deleted().length >= images().length - 2);
  assert.equal(deleted()[0], first.item.id);
});

test('L6: an answer is asked for right after a fresh picture', async () => {
  await say('what is on my screen?');
  await until('it answers', () => provider.line.heard.some((one) => one.type === 'response.create'));
  const at = provider.line.heard.findLastIndex((one) => one.type === 'response.create');
  const told = provider.line.heard.slice(0, at).findLastIndex((one) => one.item?.content?.[0]?.text?.includes('what is on my screen?'));
  assert.ok(provider.line.heard.slice(told, at).some((one) => images().includes(one)), 'no picture between the question and the answer');
});

test('L6, S19: consent that is withdrawn ends it at once, and what was seen is forgotten', async () => {
  const [capture] = await captures();
  await olga.evaluate((name) => window.atrium.state.captures.find((one) => one.name === name), capture.name);
  await olga.locator('[title="Keep it from the agent"], [aria-label="Keep it from the agent"]').first().click();
  await until('it is not seen', async () => (await captures())[0].agent_sees === false);
  await until('all are deleted', () => images().every((one) => deleted().includes(one.item.id)));
  const before = images().length;
  await until('two seconds', () => provider.line.heard.length && new Promise((done) => setTimeout(() => done(true), 2500)), 5000);
  assert.equal(images().length, before);
  assert.ok(provider.line.told.some((one) => /does not let you see/.test(one)));
});

test('L19: no picture is in the state directory or in a log', () => {
  const needles = images().slice(0, 4).map((one) => jpegOf(one).subarray(200, 232));
  const look = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile()).map((one) => join(one.parentPath ?? one.path, one.name));
  for (const file of look(stack.dir)) {
    const bytes = readFileSync(file);
    for (const needle of needles) assert.equal(bytes.includes(needle), false, file);
    assert.equal(bytes.includes('data:image/jpeg'), false, file);
  }
});
