// The offline agent is an ordinary Realtime server: the official packages, as they
// are, hold whole conversations with it.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { OpenAIRealtimeWebSocket, RealtimeAgent, RealtimeSession, tool } from '@openai/agents-realtime';
import OpenAI from 'openai';
import { OpenAIRealtimeWS } from 'openai/realtime/ws';
import WebSocket from 'ws';
import { z } from 'zod';
import { Agent, pieces, says } from './realtime.mjs';
import { until } from './stack.mjs';

let agent;
before(async () => {
  agent = await new Agent().start();
});
after(() => agent?.stop());

const openai = () => new OpenAI({ apiKey: 'unused', baseURL: `http://localhost:${agent.port}/v1` });
const LIST_TABS = { type: 'function', name: 'list_tabs', description: 'Lists the tabs.', parameters: { type: 'object', properties: { tab: { type: 'string', enum: ['build', 'logs'] } } } };
const AUDIO = { input: { format: { type: 'audio/pcm', rate: 24000 }, transcription: { model: 'gpt-4o-mini-transcribe' }, turn_detection: { type: 'server_vad' } }, output: { format: { type: 'audio/pcm', rate: 24000 } } };

// One talk by the `openai` package: all that it is told, in order.
class Talk {
  constructor(rt) {
    this.rt = rt;
    this.heard = [];
    this.from = 0;
    rt.on('event', (event) => this.heard.push(event));
    rt.on('error', () => {}); // Kept among what is heard.
  }
  static async open(session = {}) {
    const rt = new OpenAIRealtimeWS({ model: 'gpt-realtime-2.1', options: { ca: agent.certificate } }, openai());
    const talk = new Talk(rt);
    await once(rt.socket, 'open');
    await talk.next('session.created');
    talk.send({ type: 'session.update', session: { type: 'realtime', audio: AUDIO, tools: [LIST_TABS], ...session } });
    await talk.next('session.updated');
    return talk;
  }
  send(event) {
    this.rt.send(event);
  }
  say(pcm) {
    for (const piece of pieces(pcm)) this.send({ type: 'input_audio_buffer.append', audio: piece.toString('base64') });
  }
  // The next event of a type, behind the last that was asked for.
  async next(type, where = () => true) {
    const fits = (event) => event.type === type && where(event);
    await until(`${type} among ${this.heard.slice(this.from).map((one) => one.type)}`, () => this.heard.slice(this.from).some(fits));
    this.from += this.heard.slice(this.from).findIndex(fits) + 1;
    return this.heard[this.from - 1];
  }
  async fault(event, code) {
    this.send({ event_id: `mine_${code}`, ...event });
    const { error } = await this.next('error');
    assert.equal(error.code, code, error.message);
    if (!('event_id' in event)) assert.equal(error.event_id, `mine_${code}`);
    return error;
  }
  async answer() {
    const { response } = await this.next('response.done');
    return response;
  }
  close() {
    this.rt.close();
  }
}

const transcriptOf = (response) => response.output[0]?.content?.[0]?.transcript;
const wait = (target, name, where = () => true) => new Promise((done) => {
  const listen = (...args) => {
    if (!where(...args)) return;
    target.off(name, listen);
    done(args);
  };
  target.on(name, listen);
});

test('L2, N13: openai: a spoken turn, a function call and its spoken answer', async () => {
  const talk = await Talk.open();
  talk.say(says('computer, list the tabs'));
  const started = await talk.next('input_audio_buffer.speech_started');
  const stopped = await talk.next('input_audio_buffer.speech_stopped');
  assert.ok(stopped.audio_end_ms > started.audio_start_ms + 500);
  const committed = await talk.next('input_audio_buffer.committed');
  assert.equal(committed.item_id, started.item_id);
  const added = await talk.next('conversation.item.added');
  assert.equal(added.item.content[0].type, 'input_audio');
  const heard = await talk.next('conversation.item.input_audio_transcription.completed');
  assert.equal(heard.transcript, 'computer list the tabs');
  await talk.next('response.created');
  const call = await talk.next('response.function_call_arguments.done');
  assert.equal(call.name, 'list_tabs');
  assert.equal((await talk.answer()).output[0].call_id, call.call_id);

  talk.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: call.call_id, output: JSON.stringify({ tabs: ['build', 'logs'] }) } });
  talk.send({ type: 'response.create' });
  const pcm = await talk.next('response.output_audio.delta');
  assert.ok(Buffer.from(pcm.delta, 'base64').length >= 24000 * 2 * 0.1);
  const done = await talk.answer();
  assert.equal(done.status, 'completed');
  assert.equal(transcriptOf(done), 'There are 2 tabs: build, logs.');
  const { usage } = done;
  assert.equal(usage.total_tokens, usage.input_tokens + usage.output_tokens);
  assert.ok(usage.input_token_details.audio_tokens >= 10 && usage.output_token_details.audio_tokens >= 20);
  const deltas = talk.heard.filter((one) => one.type === 'response.output_audio_transcript.delta' && one.response_id === done.id);
  assert.equal(deltas.map((one) => one.delta).join(''), 'There are 2 tabs: build, logs.');
  talk.close();
});

test('N5: openai: who speaks in between interrupts; the rest is truncated at what was heard', async () => {
  const talk = await Talk.open();
  talk.send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'what can you do' }] } });
  talk.send({ type: 'response.create' });
  const first = await talk.next('response.output_audio.delta');
  talk.say(says('computer'));
  const done = await talk.answer();
  assert.equal(done.status, 'cancelled');
  assert.equal(done.status_details.reason, 'turn_detected');
  assert.equal(done.output[0].status, 'incomplete');
  const error = await talk.fault({ type: 'conversation.item.truncate', item_id: first.item_id, content_index: 0, audio_end_ms: 600_000 }, 'invalid_value');
  assert.match(error.message, /already shorter/);
  talk.send({ type: 'conversation.item.truncate', item_id: first.item_id, content_index: 0, audio_end_ms: 400 });
  assert.equal((await talk.next('conversation.item.truncated')).audio_end_ms, 400);
  talk.send({ type: 'conversation.item.retrieve', item_id: first.item_id });
  const { item } = await talk.next('conversation.item.retrieved');
  assert.equal(item.content[0].transcript, undefined, 'words that nobody heard are kept');
  assert.equal(Buffer.from(item.content[0].audio, 'base64').length, 400 * 48);
  talk.close();
});

test('N5: openai: one response at a time, others beside it, and a cancel', async () => {
  const talk = await Talk.open();
  const ask = { type: 'conversation.item.create', item: { id: 'mine', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'what can you do' }] } };
  talk.send(ask);
  talk.send({ type: 'response.create' });
  const { response } = await talk.next('response.created');
  const error = await talk.fault({ type: 'response.create' }, 'conversation_already_has_active_response');
  assert.match(error.message, new RegExp(response.id));
  talk.send({ type: 'response.create', response: { conversation: 'none', output_modalities: ['text'], metadata: { topic: 'aside' }, input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'what time is it' }] }] } });
  const aside = await talk.answer();
  assert.deepEqual(aside.metadata, { topic: 'aside' });
  assert.match(aside.output[0].content[0].text, /^It is \d/);
  talk.send({ type: 'response.cancel', response_id: response.id });
  const cancelled = await talk.answer();
  assert.deepEqual([cancelled.id, cancelled.status, cancelled.status_details.reason], [response.id, 'cancelled', 'client_cancelled']);
  await talk.fault({ type: 'response.cancel' }, 'response_cancel_not_active');
  const items = talk.heard.filter((one) => one.type === 'conversation.item.added').map((one) => one.item.id);
  assert.ok(!items.includes(aside.output[0].id), 'what was said aside is part of the conversation');
  talk.close();
});

test('N13: openai: items have the ids and the places that they are given', async () => {
  const talk = await Talk.open({ output_modalities: ['text'] });
  const put = (id, previous) => talk.send({ type: 'conversation.item.create', ...(previous ? { previous_item_id: previous } : {}), item: { id, type: 'message', role: 'user', content: [{ type: 'input_text', text: id }] } });
  put('b');
  assert.equal((await talk.next('conversation.item.added')).previous_item_id, null);
  put('d');
  assert.equal((await talk.next('conversation.item.added')).previous_item_id, 'b');
  put('a', 'root');
  assert.equal((await talk.next('conversation.item.added')).previous_item_id, null);
  put('c', 'b');
  assert.equal((await talk.next('conversation.item.added')).previous_item_id, 'b');
  assert.equal((await talk.next('conversation.item.done')).item.status, 'completed');
  await talk.fault({ type: 'conversation.item.create', previous_item_id: 'nowhere', item: { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'x' }] } }, 'item_create_invalid_previous_item_id');
  await talk.fault({ type: 'conversation.item.create', item: { id: 'a', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'x' }] } }, 'item_create_duplicate_item_id');
  talk.send({ type: 'conversation.item.delete', item_id: 'c' });
  assert.equal((await talk.next('conversation.item.deleted')).item_id, 'c');
  await talk.fault({ type: 'conversation.item.retrieve', item_id: 'c' }, 'item_retrieve_invalid_item_id');
  await talk.fault({ type: 'conversation.item.delete', item_id: 'c' }, 'item_delete_invalid_item_id');
  await talk.fault({ type: 'conversation.item.truncate', item_id: 'c', content_index: 0, audio_end_ms: 0 }, 'item_truncate_invalid_item_id');
  talk.close();
});

test('N13, R26: openai: what is wrong is said, with the id of what caused it', async () => {
  const talk = await Talk.open();
  const update = (session) => ({ type: 'session.update', session: { type: 'realtime', ...session } });
  await talk.fault({ type: 'no.such.event' }, 'invalid_value');
  await talk.fault({ type: 'session.update', session: {} }, 'missing_required_parameter');
  await talk.fault(update({ voice: 'alloy' }), 'unknown_parameter');
  await talk.fault(update({ output_modalities: ['audio', 'text'] }), 'invalid_value');
  await talk.fault(update({ audio: { input: { turn_detection: { type: 'telepathy' } } } }), 'invalid_value');
  await talk.fault({ type: 'input_audio_buffer.append', audio: '***' }, 'invalid_value');
  await talk.fault({ type: 'input_audio_buffer.commit' }, 'input_audio_buffer_commit_empty');
  await talk.fault({ type: 'output_audio_buffer.clear' }, 'invalid_value');
  await talk.fault({ type: 'response.create', response: { conversation: 'other' } }, 'invalid_value');
  await talk.fault({ type: 'conversation.item.create', item: { type: 'message', role: 'assistant', content: [{ type: 'input_text', text: 'x' }] } }, 'invalid_value');
  await talk.fault({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id: 'none', output: '' } }, 'invalid_value');
  talk.rt.socket.send('no JSON');
  assert.equal((await talk.next('error')).error.code, 'invalid_json');
  talk.close();
});

test('N13: openai: without turn detection the page decides when a turn is over', async () => {
  const talk = await Talk.open({ audio: { input: { ...AUDIO.input, turn_detection: null } } });
  talk.say(says('computer, what time is it'));
  talk.send({ type: 'input_audio_buffer.clear' });
  await talk.next('input_audio_buffer.cleared');
  talk.say(says('computer, show the date'));
  talk.send({ type: 'input_audio_buffer.commit' });
  await talk.next('input_audio_buffer.committed');
  assert.equal((await talk.next('conversation.item.input_audio_transcription.completed')).transcript, 'computer show the date');
  assert.ok(!talk.heard.some((one) => one.type.startsWith('input_audio_buffer.speech') || one.type === 'response.created'));
  talk.send({ type: 'response.create' });
  assert.equal(transcriptOf(await talk.answer()), 'I cannot do that here.', 'a function that was not declared was called');
  talk.close();
});

test('N13: openai: telephony is understood and spoken', async () => {
  for (const type of ['audio/pcmu', 'audio/pcma']) {
    const talk = await Talk.open({ audio: { input: { ...AUDIO.input }, output: { format: { type } } } });
    talk.say(says('computer, what time is it'));
    const done = await talk.answer();
    assert.match(transcriptOf(done), /^It is/);
    const bytes = talk.heard.filter((one) => one.type === 'response.output_audio.delta').reduce((sum, one) => sum + Buffer.from(one.delta, 'base64').length, 0);
    const seconds = bytes / 8000;
    assert.ok(seconds > 0.8 && seconds < 5, `${seconds} s`);
    talk.close();
  }
});

test('L4: openai: a secret of its own opens one session for a browser, for a while', async () => {
  const made = await openai().realtime.clientSecrets.create({ expires_after: { anchor: 'created_at', seconds: 60 }, session: { type: 'realtime', instructions: 'Be brief.' } });
  assert.match(made.value, /^ek_/);
  const left = made.expires_at - Date.now() / 1000;
  assert.ok(left > 50 && left <= 60, `${left} s`);
  const open = (key) => new WebSocket(`ws://localhost:${agent.port}/v1/realtime?model=gpt-realtime-2.1`, ['realtime', `openai-insecure-api-key.${key}`]);
  const good = open(made.value);
  const [created] = await once(good, 'message');
  assert.equal(good.protocol, 'realtime');
  assert.equal(JSON.parse(created).session.instructions, 'Be brief.');
  good.close();
  const [, refused] = await once(open('ek_wrong'), 'unexpected-response');
  assert.equal(refused.statusCode, 401);
  await assert.rejects(openai().realtime.clientSecrets.create({ expires_after: { anchor: 'created_at', seconds: 5 } }), /from 10 to 7200/);
  const thief = new OpenAI({ apiKey: made.value, baseURL: `http://localhost:${agent.port}/v1`, maxRetries: 0 });
  await assert.rejects(thief.realtime.clientSecrets.create({}), /cannot mint/);
});

// The agents' package.
async function agents(tools, config = {}) {
  const session = new RealtimeSession(new RealtimeAgent({ name: 'Atrium', instructions: 'Be brief.', tools }), {
    transport: new OpenAIRealtimeWebSocket({ url: `ws://localhost:${agent.port}/v1/realtime?model=gpt-realtime-2.1` }),
    config: { audio: { input: { turnDetection: { type: 'server_vad' } } }, ...config },
  });
  session.errors = [];
  session.on('error', (error) => session.errors.push(error));
  await session.connect({ apiKey: 'unused' });
  return session;
}
const textOf = (item) => item.content?.map((part) => part.transcript ?? part.text ?? '').join('');

test('L2, L7, N13: agents-realtime: a spoken turn, a tool, and the answer in its history', async () => {
  let calls = 0;
  const session = await agents([tool({ name: 'list_tabs', description: 'Lists the tabs.', parameters: z.object({}), execute: async () => { calls += 1; return JSON.stringify({ tabs: ['build'] }); } })]);
  let audio = 0;
  session.on('audio', (event) => { audio += event.data.byteLength; });
  for (const piece of pieces(says('computer, list the tabs'))) session.sendAudio(piece.buffer.slice(piece.byteOffset, piece.byteOffset + piece.length));
  await until('the answer is in the history', () => session.history.some((item) => item.role === 'assistant' && textOf(item) === 'There is 1 tab: build.'));
  assert.equal(calls, 1);
  assert.ok(audio > 24000);
  assert.ok(session.history.some((item) => item.role === 'user' && textOf(item) === 'computer list the tabs'));
  assert.ok(session.history.some((item) => item.type === 'function_call' && item.status === 'completed'));
  assert.ok(session.usage.totalTokens > 0);
  assert.deepEqual(session.errors, []);
  session.close();
});

test('N5, N13: agents-realtime: an interruption, a text turn, and a history that is edited', async () => {
  const session = await agents([]);
  session.sendMessage('what can you do');
  await wait(session, 'audio');
  const interrupted = wait(session, 'audio_interrupted');
  const over = wait(session.transport, 'turn_done');
  session.interrupt();
  await interrupted;
  await over;
  await wait(session.transport, '*', (event) => event.type === 'conversation.item.retrieved');
  session.sendMessage('what time is it');
  await until('it answers', () => session.history.some((item) => item.role === 'assistant' && /^It is/.test(textOf(item))));
  const [question] = session.history;
  const gone = wait(session.transport, 'item_deleted');
  session.updateHistory(session.history.filter((item) => item !== question));
  assert.equal((await gone)[0].itemId, question.itemId);
  await until('it is gone', () => !session.history.some((item) => item.itemId === question.itemId));
  assert.deepEqual(session.errors, []);
  session.close();
});
