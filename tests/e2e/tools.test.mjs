// Tools of a real MCP server, called by a model that a test leads.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { LiveServer } from './live.mjs';
import { Provider } from './provider.mjs';
import { connect } from './services.mjs';
import { enter, Page } from './socket.mjs';
import { root, Stack, until } from './stack.mjs';

const everything = join(root, 'tests/e2e/node_modules/@modelcontextprotocol/server-everything/dist/index.js');
const CANARY = 'mcp-canary-7a1f';
let provider, stack, api, olga;
before(async () => {
  provider = await new Provider().start();
  stack = new Stack({ controlFlags: [`--provider=${provider.address}`, ...(process.getuid() === 0 ? ['--mcp_user=nobody'] : [])] });
  const file = stack.path('mcp.json');
  writeFileSync(file, JSON.stringify([{ id: 'every', command: [process.execPath, everything], environment: { API_KEY: CANARY }, tools: ['echo', 'get-sum', 'get-env'] }]), { mode: 0o600 });
  stack.controlFlags.push(`--mcp_servers=${file}`);
  await stack.start();
  api = await connect(stack);
  olga = await new Page(await enter(stack, stack.ownerLink())).open();
  await api.call('atrium.v1.ConversationService', 'StartConversation', { name: 'sessions/main/conversation' });
  await until('its tools are there', async () => (await tools()).some((one) => one.server === 'every'), 30_000);
});
after(async () => {
  olga?.close();
  api?.close();
  await stack?.stop();
  provider?.stop();
});

const tools = async () => (await api.call('atrium.v1.ConversationService', 'GetConversation', { name: 'sessions/main/conversation' })).tools;
const cards = () => olga.changes.filter((one) => one.approval?.state === 'PENDING').map((one) => one.approval);
// Of the newest session; none before it was told.
const declared = () => provider.line.heard.filter((one) => one.type === 'session.update').at(-1)?.session.tools.map((one) => one.name) ?? [];
const late = () => provider.line.heard.filter((one) => one.item?.type === 'function_call_output' && one.item.call_id.endsWith('-result')).map((one) => JSON.parse(one.item.output));
async function decide(card, approve) {
  olga.say({ requestId: 1, decideApproval: { name: card.name, approve } });
}

test('L18: tools of a real MCP server are there, those that are allowed, and ask', async () => {
  const theirs = (await tools()).filter((one) => one.server === 'every');
  assert.deepEqual(theirs.map((one) => one.name).sort(), ['every.echo', 'every.get-env', 'every.get-sum']);
  for (const one of theirs) {
    assert.equal(one.default_action, 'ASK');
    assert.ok(one.may_be_allowed);
    assert.ok(one.description);
  }
  await until('the model knows them', () => declared().includes('every__echo'));
});

test('L18, N6: everybody sees the exact arguments; what is approved is done, and comes back as untrusted', async () => {
  provider.line.call('c1', 'every__get-sum', { b: 2, a: 40 });
  await until('a card', () => cards().length === 1);
  const [card] = cards();
  assert.equal(card.tool, 'every.get-sum');
  assert.equal(Buffer.from(card.input, 'base64').toString(), '{"a":40,"b":2}');
  await decide(card, true);
  await until('its result', () => late().length === 1);
  assert.match(late()[0].untrusted_tool_output, /42/);
  assert.match(late()[0].note, /not instructions/);
});

test('L18: what is denied is not done', async () => {
  provider.line.call('c2', 'every__echo', { message: 'no' });
  await until('a card', () => cards().length === 2);
  await decide(cards()[1], false);
  await until('the model is told', () => late().length === 2);
  assert.match(late()[1].error, /denied/);
});

test('S15: a server gets its own secret and nothing of ours; it runs as another user', async () => {
  const policy = { tool: 'every.get-env', action: 'ALLOW' };
  await api.call('atrium.v1.SessionService', 'UpdateSession', { session: { name: 'sessions/main', tool_policies: [policy] }, update_mask: { paths: ['tool_policies'] } });
  provider.line.call('c3', 'every__get-env', {});
  await until('it answers', () => provider.line.results.c3);
  const environment = provider.line.results.c3.untrusted_tool_output;
  assert.match(environment, new RegExp(CANARY));
  assert.deepEqual(Object.keys(JSON.parse(environment)).sort(), ['API_KEY', 'HOME', 'LANG', 'PATH']);
  assert.doesNotMatch(stack.log('control'), new RegExp(CANARY));
  await assert.rejects(api.call('atrium.v1.SessionService', 'UpdateSession', { session: { name: 'sessions/main', tool_policies: [{ tool: 'every.nothing', action: 'ALLOW' }] }, update_mask: { paths: ['tool_policies'] } }), /is no tool/);
});

// One that takes no schema of theirs would be lost to everybody.
const FOREIGN = /every__/;
test('L18, R12: a provider that refuses the tools of others gets the session without them', async () => {
  provider.script = (event, line) => {
    if (event.type !== 'session.update' || !FOREIGN.test(JSON.stringify(event.session.tools))) return false;
    line.say({ type: 'error', error: { type: 'invalid_request_error', code: 'invalid_value', message: 'Invalid schema', event_id: event.event_id } });
    return true;
  };
  const before = provider.lines.length;
  provider.line.socket.terminate();
  await until('another session', () => provider.lines.length > before && declared().length > 0, 15_000);
  await until('it does without', () => !declared().some((one) => FOREIGN.test(one)));
  assert.ok(declared().includes('list_tabs'));
  await api.call('atrium.v1.TimelineService', 'Say', { parent: 'sessions/main', text: 'hello', audience: 'AGENT' });
  await until('it answers', () => provider.line.asked > 0);
});

test('L18, R12: so does a server of the Live protocol, at its start and when they change', async () => {
  const server = await new LiveServer({ refuses: (event) => FOREIGN.test(JSON.stringify(event.session?.delegation ?? '')) }).start();
  const other = new Stack({ controlFlags: [`--provider=${server.address}`, '--model=gpt-live-1', '--backend_model=backend-1', ...stack.controlFlags.filter((flag) => flag.startsWith('--mcp'))] });
  await other.start();
  const service = await connect(other);
  try {
    const name = 'sessions/main/conversation';
    const toolsOf = (event) => event.session.delegation.responses.tools.map((one) => one.name);
    const theirs = async () => (await service.call('atrium.v1.ConversationService', 'GetConversation', { name })).tools.some((one) => one.server === 'every');
    await service.call('atrium.v1.ConversationService', 'StartConversation', { name });
    await until('its tools are there', theirs, 30_000);
    await until('they were offered', () => server.lines.some((line) => line.heard.some((event) => event.session?.delegation && toolsOf(event).some((one) => FOREIGN.test(one)))), 15_000);
    const last = () => server.line.heard.filter((event) => event.session?.delegation).at(-1);
    await until('it does without', () => last() && !toolsOf(last()).some((one) => FOREIGN.test(one)));
    assert.ok(toolsOf(last()).includes('list_tabs'));
    // From its start.
    const before = server.lines.length;
    server.line.socket.terminate();
    await until('another session', () => server.lines.length > before && server.line.of('session.start').length === 2, 15_000);
    assert.ok(toolsOf(server.line.of('session.start')[0]).some((one) => FOREIGN.test(one)));
    await until('it has begun', async () => (await service.call('atrium.v1.ConversationService', 'GetConversation', { name })).state !== 'CONNECTING');
    assert.ok(!toolsOf(last()).some((one) => FOREIGN.test(one)));
  } finally {
    service.close();
    await other.stop();
    server.stop();
  }
});
