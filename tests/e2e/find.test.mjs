// What was said is found again and exported, by services and by pages, and by nobody
// else.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessToken } from './compat.mjs';
import { connect, inviteLink } from './services.mjs';
import { enter, Page } from './socket.mjs';
import { Stack, until } from './stack.mjs';

const TIMELINE = 'atrium.v1.TimelineService', MAIN = { parent: 'sessions/main' };
const EVIL = 'a --> b & <i>\n\n00:00:00.000 --> 00:00:01.000\n"quoted" straße';
let stack, api, editor, viewerToken;
before(async () => {
  stack = await new Stack({ voice: true }).start();
  api = await connect(stack);
  editor = await new Page(await enter(stack, await inviteLink(stack, api, 'EDITOR'))).open();
  viewerToken = await accessToken(await enter(stack, await inviteLink(stack, api, 'VIEWER')));
  for (let i = 1; i <= 5; i++) await api.call(TIMELINE, 'Say', { ...MAIN, text: `needle number ${i}` });
  await api.call(TIMELINE, 'Say', { ...MAIN, text: EVIL });
  editor.say({ say: { text: 'Ünïcode from a page' }, requestId: '1' });
  await api.call(TIMELINE, 'Say', { ...MAIN, text: 'what time is it?', audience: 'AGENT' });
  await until('the agent answered', async () => (await entries()).some((one) => one.kind === 'AGENT'), 30_000);
});
after(async () => {
  editor?.close();
  api?.close();
  await stack?.stop();
});

const entries = async () => (await api.call(TIMELINE, 'ListTimelineEntries', { ...MAIN, page_size: 200 })).entries;
const search = (request, options) => api.call(TIMELINE, 'SearchTimeline', { ...MAIN, ...request }, options);
const texts = (answer) => answer.matches.map((match) => match.entry.text);
const exported = async (format, options) =>
  Buffer.concat((await api.collect(TIMELINE, 'ExportTimeline', { ...MAIN, format }, options)).map((piece) => piece.data)).toString();

test('L14: words are found, newest first, page by page, with marks', async () => {
  const first = await search({ query: 'NEEDLE num', page_size: 2 });
  assert.deepEqual(texts(first), ['needle number 5', 'needle number 4']);
  const rest = await search({ query: 'NEEDLE num', page_token: first.next_page_token });
  assert.deepEqual(texts(rest), ['needle number 3', 'needle number 2', 'needle number 1']);
  assert.equal(rest.next_page_token, '');
  const { snippet, ranges } = first.matches[0];
  assert.deepEqual(ranges.map(({ start, end }) => [...snippet].slice(start, end).join('')), ['needle', 'number']);
  await until('what a page says is found', async () => texts(await search({ query: 'unicode' })).includes('Ünïcode from a page'));
  assert.deepEqual(texts(await search({ query: 'nowhere' })), []);
});

test('L14: no query is syntax, and what is wrong is named', async () => {
  for (const query of ['"', '*', 'AND', '"a" OR', 'text:needle', '(', "';--", '\u0000"', '^a -b']) await search({ query });
  assert.deepEqual(texts(await search({ query: '"quoted"' })), [EVIL]);
  for (const request of [{}, { query: ' ' }, { query: 'x'.repeat(257) }, { query: 'x', page_token: 'y' }])
    await assert.rejects(search(request), { code: 3 });
  await assert.rejects(exported('FORMAT_UNSPECIFIED'), { code: 3 });
  await assert.rejects(exported(9), { code: 3 });
});

test('L14: whoever is in the session may, a viewer too, and nobody else', async () => {
  assert.equal((await search({ query: 'needle' }, { token: viewerToken })).matches.length, 5);
  assert.match(await exported('TEXT', { token: viewerToken }), /needle number 1/);
  await api.call('atrium.v1.SessionService', 'CreateSession', { session_id: 'theirs' });
  for (const [parent, token, code] of [['sessions/main', false, 16], ['sessions/main', 'wrong', 16], ['sessions/theirs', viewerToken, 5], ['sessions/none', true, 5], ['nonsense', true, 3]]) {
    await assert.rejects(search({ parent, query: 'needle' }, { token }), { code }, `search ${parent}`);
    await assert.rejects(api.collect(TIMELINE, 'ExportTimeline', { parent, format: 'TEXT' }, { token }), { code }, `export ${parent}`);
  }
  assert.deepEqual(texts(await search({ parent: 'sessions/theirs', query: 'needle' })), []);
});

test('L14: a page finds over its socket', async () => {
  editor.say({ searchTimeline: { query: 'needle', pageSize: 1 }, requestId: '77' });
  const answer = await until('it is answered', () => editor.outcomes.find((one) => one.requestId === '77'));
  assert.equal(answer.found.matches[0].entry.text, 'needle number 5');
  assert.ok(answer.found.nextPageToken);
});

test('L14: the whole timeline is exported, and each form can be read back', async () => {
  for (let i = 0; i < 60; i++) await api.call(TIMELINE, 'Say', { ...MAIN, text: `straw ${i} ${'x'.repeat(15_000)}` });
  const all = (await listAll()).reverse();
  const lines = (await exported('JSON')).trimEnd().split('\n').map((line) => JSON.parse(line));
  assert.deepEqual(lines.map((one) => [one.name, one.text]), all.map((one) => [one.name, one.text]));
  const text = await exported('TEXT');
  assert.equal(text.split('\n').filter((line) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z {2}/.test(line)).length, all.length);
  const pieces = await api.collect(TIMELINE, 'ExportTimeline', { ...MAIN, format: 'JSON' });
  assert.ok(pieces.length > 1 && pieces.every((piece) => piece.data.length < 1 << 20), 'in pieces');
  const cues = cuesOf(await exported('WEBVTT'));
  const spoken = all.filter((one) => one.kind === 'SPEECH' || one.kind === 'AGENT');
  assert.ok(spoken.length > 0);
  assert.deepEqual(cues.map((one) => one.text), spoken.map((one) => one.text));
  assert.deepEqual([cues[0].start, cues[0].voice], ['00:00:00.000', 'Agent']);
});

async function listAll() {
  const all = [];
  for (let token = ''; ; ) {
    const page = await api.call(TIMELINE, 'ListTimelineEntries', { ...MAIN, page_size: 200, page_token: token });
    all.push(...page.entries);
    token = page.next_page_token;
    if (!token) return all;
  }
}

// As the WebVTT standard reads it: blocks between empty lines.
function cuesOf(vtt) {
  const [head, ...blocks] = vtt.trimEnd().split(/\n{2,}/);
  assert.equal(head, 'WEBVTT');
  return blocks.map((block) => {
    const [times, payload, ...more] = block.split('\n');
    assert.deepEqual(more, []);
    const [, start, end] = times.match(/^(\d\d+:\d\d:\d\d\.\d{3}) --> (\d\d+:\d\d:\d\d\.\d{3})$/);
    assert.ok(end > start);
    const [, voice, text] = payload.match(/^<v ([^<>]+)>([^<>]*)$/);
    return { start, voice, text: text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&') };
  });
}
