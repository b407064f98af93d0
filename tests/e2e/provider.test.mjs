// Providers as they are when things go wrong, over real sockets: lost, silent,
// refusing, expiring; what it costs; keys.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Provider } from './provider.mjs';
import { connect } from './services.mjs';
import { enter, Page } from './socket.mjs';
import { Stack, until } from './stack.mjs';

const CANARY = 'sk-canary-0d1f2e3c4b5a';
const running = [];
after(async () => {
  for (const stop of running.reverse()) await stop();
});

// A stack that talks with `provider`, and a service in its room.
async function room(provider, { key = false, flags = [] } = {}) {
  await provider.start();
  running.push(() => provider.stop());
  const stack = new Stack({ controlFlags: [`--provider=${provider.address}`, ...flags] });
  if (key) {
    writeFileSync(stack.path('provider.key'), `${CANARY}\n`, { mode: 0o600 });
    stack.controlFlags.push(`--provider_key_file=${stack.path('provider.key')}`);
  }
  await stack.start();
  const api = await connect(stack);
  running.push(async () => {
    api.close();
    await stack.stop();
  });
  const name = 'sessions/main/conversation';
  return {
    stack, api,
    conversation: () => api.call('atrium.v1.ConversationService', 'GetConversation', { name }),
    start: () => api.call('atrium.v1.ConversationService', 'StartConversation', { name }),
    say: (text) => api.call('atrium.v1.TimelineService', 'Say', { parent: 'sessions/main', text, audience: 'AGENT' }),
    answers: async () => (await api.call('atrium.v1.TimelineService', 'ListTimelineEntries', { parent: 'sessions/main' })).entries
      .filter((one) => one.kind === 'AGENT').map((one) => one.text).reverse(),
    state: (wanted) => until(`the conversation is ${wanted}`, async () => (await api.call('atrium.v1.ConversationService', 'GetConversation', { name })).state === wanted, 20_000),
  };
}

test('R11, L3: a connection that is reset in mid-answer: one conversation, its history, no answer twice', async () => {
  const provider = new Provider({ script: (event, line) => {
    if (event.type !== 'response.create' || line.provider.lines.length > 1) return false;
    line.asked += 1;
    if (line.asked === 1) {
      line.answer('answer 1', { input_tokens: 5, output_tokens: 4, input_token_details: { text_tokens: 5 }, output_token_details: { text_tokens: 4 } });
    } else {
      line.begin();
      line.socket._socket.resetAndDestroy();
    }
    return true;
  } });
  const { say, answers, start, conversation } = await room(provider);
  await start();
  await say('first');
  await until('the first answer', async () => (await answers()).length === 1);
  const lost = Date.now();
  await say('second');
  await until('the second answer', async () => (await answers()).length === 2);
  assert.ok(Date.now() - lost < 1500, `${Date.now() - lost} ms`);
  assert.equal(provider.lines.length, 2);
  assert.deepEqual(provider.line.told, ['Service: first', 'answer 1', 'Service: second']);
  assert.equal(provider.line.heard.filter((one) => one.type === 'response.create').length, 1);
  const { usage } = await conversation();
  assert.equal(Number(usage.input_text_tokens), 5);
  assert.equal(Number(usage.output_text_tokens), 4);
});

test('R14: a provider that owes an answer and says nothing is replaced within ten seconds', async () => {
  const provider = new Provider({ script: (event, line) => event.type === 'response.create' && line.provider.lines.length === 1 });
  const { say, answers, start } = await room(provider);
  await start();
  await say('hello');
  await until('it was asked', () => provider.line.heard.some((one) => one.type === 'response.create'));
  const silent = Date.now();
  await until('another session', () => provider.lines.length === 2, 20_000);
  const took = Date.now() - silent;
  assert.ok(took > 9_000 && took < 12_000, `${took} ms`);
  await until('the answer', async () => (await answers()).length === 1);
});

test('R14: so is one whose socket is open and dead', async () => {
  const provider = new Provider({ autoPong: false });
  const { start } = await room(provider);
  await start();
  const began = Date.now();
  await until('another session', () => provider.lines.length === 2, 20_000);
  assert.ok(Date.now() - began > 9_000);
});

test('R12: what cannot be mended is not tried again, and people are told what to do', async () => {
  const provider = new Provider({ script: (event, line) => event.type === 'session.update' && (line.say({ type: 'error', error: { type: 'invalid_request_error', code: 'insufficient_quota', message: 'You exceeded your current quota' } }), true) });
  const { start, conversation } = await room(provider);
  await assert.rejects(start(), /quota is used up: add credit/);
  assert.equal((await conversation()).state, 'FAILED');
  assert.equal(provider.lines.length, 1);
});

test('R12, S15: a key that is refused names the key file; the key is nowhere but in its header', async () => {
  const provider = new Provider({ refuse: 401 });
  const { stack, api, start, conversation } = await room(provider, { key: true });
  await assert.rejects(start(), /key file/);
  assert.equal((await conversation()).state, 'FAILED');
  assert.equal(provider.headers[0].authorization, `Bearer ${CANARY}`);
  assert.equal(provider.headers[0]['openai-beta'], undefined);
  assert.match(provider.url, /\?model=gpt-realtime-2\.1$/);
  const run = await api.call('atrium.v1.TabService', 'RunCommand', { parent: 'sessions/main', command: 'env; cat /proc/*/environ /proc/*/cmdline 2>/dev/null | tr "\\0" "\\n"; true' });
  assert.doesNotMatch(run.output.toString(), new RegExp(CANARY));
  for (const child of stack.processes.values()) {
    for (const file of ['environ', 'cmdline']) assert.ok(!readFileSync(`/proc/${child.pid}/${file}`, 'utf8').includes(CANARY));
  }
  for (const name of ['control', 'gateway', 'terminal']) assert.ok(!stack.log(name).includes(CANARY));
  const kept = readdirSync(stack.path('state')).filter((file) => !file.endsWith('.key'));
  for (const file of kept) {
    const path = `${stack.path('state')}/${file}`;
    assert.ok(!readFileSync(path, 'latin1').includes(CANARY), file);
  }
});

test('R13: a session is exchanged before it expires, the new one ready before the old one goes', async () => {
  const provider = new Provider({ session: { expires_at: 0 } });
  provider.session.expires_at = Math.floor(Date.now() / 1000) + 4;
  const { start, say, answers, conversation } = await room(provider);
  await start();
  await say('first');
  await until('the first answer', async () => (await answers()).length === 1);
  provider.session = { expires_at: Math.floor(Date.now() / 1000) + 3600 };
  const [old] = provider.lines;
  const closed = once(old.socket, 'close').then(() => provider.lines.length);
  assert.equal(await closed, 2);
  assert.equal((await conversation()).state, 'ACTIVE');
  assert.deepEqual(provider.line.told, ['Service: first', 'answer 1']);
  await say('second');
  await until('the second answer', async () => (await answers()).length === 2);
});

test('V1: servers that leave parts out, and speak the beta\'s names, are understood', async () => {
  const provider = new Provider({ script: (event, line) => {
    if (event.type !== 'response.create') return false;
    line.say({ type: 'response.audio_transcript.delta', delta: 'Hel' });
    line.say({ type: 'response.audio_transcript.delta', delta: 'lo.' });
    line.say({ type: 'response.done', response: { status: 'completed' } });
    return true;
  } });
  const { say, answers, start } = await room(provider);
  await start();
  await say('hi');
  await until('the answer', async () => (await answers())[0] === 'Hello.');
  await say('again');
  await until('the next answer', async () => (await answers()).length === 2);
});

test('N5: who asks while an answer of the server\'s own is under way is answered after it', async () => {
  let busy = true;
  const provider = new Provider({ script: (event, line) => {
    if (event.type !== 'response.create' || !busy) return false;
    busy = false;
    line.say({ type: 'error', error: { type: 'invalid_request_error', code: 'conversation_already_has_active_response', message: 'busy', event_id: event.event_id } });
    line.say({ type: 'response.done', response: { id: 'other', status: 'completed' } });
    return true;
  } });
  const { say, answers, start } = await room(provider);
  await start();
  await say('hi');
  await until('the answer', async () => (await answers()).length === 1);
});

test('L18, N6: files are read where the shells are, after a card; meanwhile it answers others', async () => {
  const provider = new Provider({ script: (event, line) => {
    if (event.type !== 'response.create') return false;
    const last = line.told.at(-1) ?? '';
    const [, tool, path] = /^Service: (list_files|read_file) (.*)$/.exec(last) ?? [];
    if (!tool || line.results[last]) return false;
    line.heard.push({ item: { type: 'message', content: [{ text: 'done' }] } });
    line.call(`${tool} ${path}`, tool, { path });
    return true;
  } });
  const { api, start, say, answers } = await room(provider);
  await start();
  const run = (command) => api.call('atrium.v1.TabService', 'RunCommand', { parent: 'sessions/main', command });
  const folder = (await run('d=$(mktemp -d ./agent-XXXX 2>/dev/null || mktemp -d /tmp/agent-XXXX) && echo secret-word > "$d/note.txt" && ln -s /etc/passwd "$d/link" && realpath --relative-to=. "$d"')).output.toString().trim();
  await say(`list_files ${folder}`);
  const listed = await until('the names', () => provider.line.results[`list_files ${folder}`]);
  assert.match(listed.untrusted_terminal_text, /note\.txt/);
  await say('list_files ../..');
  assert.match((await until('a refusal', () => provider.line.results['list_files ../..'])).error, /inside the working directory/);
  // What a program complains of is data, too (S12).
  await say(`list_files ${folder}/none`);
  const none = await until('a complaint', () => provider.line.results[`list_files ${folder}/none`]);
  assert.match(none.error, /failed with exit code 1$/);
  assert.match(none.untrusted_terminal_text, /No such file/);
  const home = (await run('pwd')).output.toString().trim();
  if (home !== '/') {
    await say(`list_files ${folder}/link`);
    const outside = await until('another', () => provider.line.results[`list_files ${folder}/link`]);
    assert.match(outside.error, /failed with exit code 1$/);
    assert.match(outside.untrusted_terminal_text, /outside the working directory/);
  }

  await say(`read_file ${folder}/note.txt`);
  const waiting = await until('the card', () => provider.line.results[`read_file ${folder}/note.txt`]);
  assert.equal(waiting.status, 'awaiting_approval');
  const before = (await answers()).length;
  await say('what time is it');
  await until('it answers while the card waits', async () => (await answers()).length > before);
  assert.ok(!JSON.stringify(provider.line.results).includes('secret-word'));
  await run(`rm -r ./${folder}`);
});

test('L3: profiles: chosen and overridden during a call, the agent learns of it at once', async () => {
  const provider = new Provider();
  const file = join(mkdtempSync(join(tmpdir(), 'atrium-profiles-')), 'profiles.json');
  writeFileSync(file, JSON.stringify([{ id: 'ops', instructions: 'Mind production.' }, { id: 'scribe', display_name: 'Scribe', instructions: 'Write it down.', mode: 'text' }]));
  const { api, start, conversation } = await room(provider, { flags: [`--agent_profiles=${file}`] });
  await start();
  const updates = () => provider.line.heard.filter((event) => event.type === 'session.update').map((event) => event.session);
  assert.equal(updates().at(-1).instructions, 'Mind production.');
  const update = (paths, fields) => api.call('atrium.v1.ConversationService', 'UpdateConversation', { conversation: { name: 'sessions/main/conversation', ...fields }, update_mask: { paths } });
  await update(['profile'], { profile: 'scribe' });
  await until('it is told', () => updates().at(-1).instructions === 'Write it down.');
  assert.deepEqual(updates().at(-1).output_modalities, ['text']);
  await update(['instructions', 'mode'], { instructions: 'Mine.', mode: 'VOICE' });
  await until('it is told', () => updates().at(-1).instructions === 'Mine.' && updates().at(-1).output_modalities[0] === 'audio');
  assert.deepEqual((await conversation()).profiles.map((one) => one.display_name), ['ops', 'Scribe']);
  await assert.rejects(update(['profile'], { profile: 'nobody' }), /is not there/);
});

test('L3: what writes down what people say, and their language: the deployment’s, the profile’s, the session’s', async () => {
  const provider = new Provider();
  const file = join(mkdtempSync(join(tmpdir(), 'atrium-profiles-')), 'profiles.json');
  writeFileSync(file, JSON.stringify([{ id: 'plain' }, { id: 'french', language: 'fr', transcription_model: 'ear-2' }]));
  const { api, start, conversation } = await room(provider, { flags: [`--agent_profiles=${file}`, '--transcription_model=ear-1', '--language=de'] });
  await start();
  const told = () => provider.line.heard.filter((event) => event.type === 'session.update').at(-1).session.audio.input.transcription;
  assert.deepEqual(told(), { model: 'ear-1', language: 'de' });
  const update = (paths, fields) => api.call('atrium.v1.ConversationService', 'UpdateConversation', { conversation: { name: 'sessions/main/conversation', ...fields }, update_mask: { paths } });
  await update(['profile'], { profile: 'french' });
  await until('the profile counts', () => told().model === 'ear-2' && told().language === 'fr');
  await update(['language', 'transcription_model'], { language: 'it', transcription_model: 'ear-3' });
  await until('the session counts', () => told().model === 'ear-3' && told().language === 'it');
  await until('it is shown', async () => {
    const { language, transcription_model } = await conversation();
    return language === 'it' && transcription_model === 'ear-3';
  });
  for (const bad of ['German', 'DE', 'd', 'd3', 'de-CH', '../']) {
    await assert.rejects(update(['language'], { language: bad }), /ISO 639/, bad);
  }
});

test('L16, L3: a page starts, instructs and stops the agent by Join', async () => {
  const provider = new Provider();
  const { stack, conversation } = await room(provider);
  const page = await new Page(await enter(stack, stack.ownerLink())).open();
  const name = 'sessions/main/conversation';
  page.say({ requestId: '1', startConversation: { name } });
  await until('it is started', async () => (await conversation()).state === 'ACTIVE');
  page.say({ requestId: '2', updateConversation: { conversation: { name, instructions: 'Be kind.' }, updateMask: 'instructions' } });
  await until('it is told', () => provider.line.heard.some((event) => event.session?.instructions === 'Be kind.'));
  page.say({ requestId: '3', stopConversation: { name } });
  await until('it is stopped', async () => (await conversation()).state === 'STOPPED');
  page.closed = true;
  page.socket.close();
});

test('L4: a provider that makes no secrets is refused by name', async () => {
  const { api, conversation } = await room(new Provider());
  assert.equal((await conversation()).makes_secrets, true);
  await assert.rejects(api.call('atrium.v1.ConversationService', 'CreateProviderSecret', { parent: 'sessions/main/conversation' }), (error) => error.code === 9 && /makes no keys/.test(error.message));
  assert.equal((await conversation()).makes_secrets, false);
});

test('L4, L16: the offline agent makes one, for sixty seconds', async () => {
  const stack = await new Stack({ voice: true }).start();
  await until('the agent listens', () => existsSync(stack.path('agent.sock')));
  const api = await connect(stack);
  running.push(async () => {
    api.close();
    await stack.stop();
  });
  const secret = await api.call('atrium.v1.ConversationService', 'CreateProviderSecret', { parent: 'sessions/main/conversation' });
  assert.match(secret.value, /^ek_/);
  assert.equal(secret.model, 'gpt-realtime-2.1');
  assert.match(secret.instructions, /Atrium/);
  const left = Number(secret.expire_time.seconds) - Date.now() / 1000;
  assert.ok(left > 50 && left <= 61, `${left} s`);
});

test('S22: at its cost limit the agent leaves, people see why, and it is not started again', async () => {
  const provider = new Provider({ script: (event, line) => {
    if (event.type !== 'response.create') return false;
    line.answer('dear', { input_tokens: 10, output_tokens: 600_000, input_token_details: { text_tokens: 10 }, output_token_details: { text_tokens: 600_000 } });
    return true;
  } });
  const prices = join(mkdtempSync(join(tmpdir(), 'atrium-prices-')), 'prices.json');
  writeFileSync(prices, JSON.stringify({ currency: 'EUR', models: { 'gpt-realtime-2.1': { output_text: 1 } } }));
  const { api, say, start, state, conversation } = await room(provider, { flags: [`--price_file=${prices}`, '--session_cost_limit=1'] });
  await start();
  await say('first');
  await until('it is counted', async () => Number((await conversation()).usage.cost_micros) === 600_000);
  assert.equal((await conversation()).usage.currency, 'EUR');
  await say('second');
  await state('FAILED');
  assert.match((await conversation()).problem, /1\.00 EUR.*--session_cost_limit/);
  await assert.rejects(start(), /RESOURCE_EXHAUSTED/);
  await until('people see it', async () => (await api.call('atrium.v1.SessionService', 'GetSession', { name: 'sessions/main' })).degradations.some((one) => one.kind === 'NO_PROVIDER' && /1\.00 EUR/.test(one.message)));
});
