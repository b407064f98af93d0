// The agent by the full-duplex Live protocol: it owns the turns and the room pays by time.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { LiveServer } from './live.mjs';
import { connect } from './services.mjs';
import { Stack, until } from './stack.mjs';

const name = 'sessions/main/conversation';
let server, stack, api;
before(async () => {
  server = await new LiveServer().start();
  stack = new Stack({ controlFlags: [`--provider=${server.address}`, '--model=gpt-live-1', '--voice=marin', '--backend_model=backend-1'] });
  const prices = stack.path('prices.json');
  writeFileSync(prices, JSON.stringify({ currency: 'USD', models: { 'gpt-live-1': { per_minute: 60, input_text: 1, output_text: 2 } } }));
  stack.controlFlags.push(`--price_file=${prices}`);
  await stack.start();
  api = await connect(stack);
  await api.call('atrium.v1.ConversationService', 'StartConversation', { name });
});
after(async () => {
  api?.close();
  await stack?.stop();
  server?.stop();
});

const conversation = () => api.call('atrium.v1.ConversationService', 'GetConversation', { name });
const entries = async (kind) => (await api.call('atrium.v1.TimelineService', 'ListTimelineEntries', { parent: 'sessions/main' })).entries.filter((one) => one.kind === kind).map((one) => one.text).reverse();
const say = (text) => api.call('atrium.v1.TimelineService', 'Say', { parent: 'sessions/main', text, audience: 'AGENT' });

test('V1, L3: a session begins with model, voice, instructions and the tools of its backend', async () => {
  assert.equal(server.url, '/v1/live/sessions');
  const { session } = server.line.heard[0];
  assert.equal(session.model, 'gpt-live-1');
  assert.equal(session.audio.output.voice, 'marin');
  assert.equal(session.store, false);
  assert.equal(session.delegation.responses.model, 'backend-1');
  assert.ok(session.delegation.responses.tools.some((one) => one.name === 'list_tabs'));
  const shape = await conversation();
  assert.ok(shape.owns_turns);
  assert.ok(!shape.takes_images && !shape.makes_secrets);
  assert.ok(!shape.tools.some((one) => one.name === 'look_at_screen'));
});

test('L2, N5: what it says and hears is written down, in utterances', async () => {
  server.line.hears('computer, ', 100, 400);
  server.line.hears('are you there', 400, 900);
  server.line.speak('I am here.');
  await until('it is written down', async () => (await entries('AGENT')).includes('I am here.'));
  await until('what it heard too', async () => (await entries('SPEECH')).includes('computer, are you there'));
  server.line.speak('Once more.');
  await until('the next one is its own', async () => (await entries('AGENT')).length === 2);
});

test('L2: what is typed reaches it as context, and it is asked to answer aloud', async () => {
  await say('what is typed?');
  const thought = await until('it knows', () => server.line.of('session.thinking.append').find((one) => /what is typed\?/.test(one.content)));
  assert.equal(thought.delegation_id, null);
  await until('it is asked', () => server.line.of('session.instructions.append').length > 0);
  assert.doesNotMatch(server.line.of('session.instructions.append').at(-1).content, /what is typed/);
  server.line.speak('An answer.');
  await until('the answer', async () => (await entries('AGENT')).includes('An answer.'));
});

test('L7: its backend calls our tools', async () => {
  server.line.call('c1', 'list_tabs', {});
  const result = await until('the result', () => server.line.of('response.item.create').find((one) => one.item.call_id === 'c1'));
  assert.equal(result.item.type, 'function_call_output');
  assert.ok(Array.isArray(JSON.parse(result.item.output).tabs));
  const { usage } = await until('its tokens are counted', async () => {
    const shape = await conversation();
    return Number(shape.usage.output_text_tokens) === 3 && shape;
  });
  assert.equal(Number(usage.input_text_tokens), 7);
});

test('V2, R13: a session that is closed is made anew and told what was said', async () => {
  server.line.say({ type: 'session.closed', reason: 'expired', session: {}, usage: { seconds: 5 } });
  server.line.socket.close();
  await until('another one', () => server.lines.length === 2 && server.line.heard.length > 0, 15_000);
  const input = server.line.heard[0].session.input.map((one) => one.content[0].text);
  assert.ok(input.includes('I am here.'), input.join(' | '));
  assert.ok(input.some((one) => /what is typed\?/.test(one)));
  await until('it is there', async () => (await conversation()).state === 'ACTIVE');
});

test('S22: time costs, and stopping says good-bye', async () => {
  const before = Number((await conversation()).usage.cost_micros);
  await until('a second was paid for', async () => {
    server.line.speak('tick');
    const { usage } = await conversation();
    return Number(usage.cost_micros) >= before + 1_000_000 && usage.currency === 'USD' && Number(usage.connected_seconds) > 0;
  }, 20_000);
  const { line } = server;
  await api.call('atrium.v1.ConversationService', 'StopConversation', { name });
  await until('it is closed', () => line.of('session.close').length === 1 && line.closed);
});
