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
  // It notes when what came.
  provider = await new Provider({ script: (event) => { event.at = performance.now(); } }).start();
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
  assert.match(await olga.locator('.approval').first().innerText(), /Show me the error, please/);
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

test('L6: an answer is asked for with a picture of the last moment', async (t) => {
  await say('what is on my screen?');
  const heard = () => provider.line.heard;
  const asked = await until('it is told', () => heard().find((one) => one.item?.content?.[0]?.text?.includes('what is on my screen?')));
  const create = await until('it is to answer', () => heard().find((one) => one.type === 'response.create' && one.at > asked.at));
  const age = create.at - images().findLast((one) => one.at <= create.at).at;
  t.diagnostic(`the picture was ${Math.round(age)} ms old, ${Math.round(create.at - asked.at)} ms after the question`);
  assert.ok(age < 600, `it was ${age} ms old`);
});

test('L6, S19: consent that is withdrawn ends it at once, and what was seen is forgotten', async () => {
  await olga.getByRole('checkbox', { name: 'Agent sees it' }).first().click();
  await until('it is not seen', async () => (await captures())[0].agent_sees === false);
  await until('all are deleted', () => images().every((one) => deleted().includes(one.item.id)));
  const before = images().length;
  // Longer than from one picture to the next.
  await new Promise((done) => setTimeout(done, 2500));
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
