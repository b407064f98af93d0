// S4, S21: what a viewer may not do to the others, each tried from the outside.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { connect, inviteLink } from './services.mjs';
import { enter, Page } from './socket.mjs';
import { Stack, until } from './stack.mjs';

let stack, api, owner, viewer, stranger;
before(async () => {
  stack = await new Stack().start();
  api = await connect(stack);
  owner = await enter(stack, await inviteLink(stack, api, 'EDITOR'));
  viewer = await enter(stack, await inviteLink(stack, api, 'VIEWER'));
  await api.call('atrium.v1.SessionService', 'CreateSession', { session_id: 'elsewhere' });
  const invite = await api.call('atrium.v1.SessionService', 'CreateInvite', { parent: 'sessions/elsewhere', invite: { role: 'VIEWER' } });
  stranger = await enter(stack, `${stack.origin}/join/${invite.secret}`);
});
after(async () => {
  api?.close();
  await stack?.stop();
});

const makeTab = async (...command) => (await api.call('atrium.v1.TabService', 'CreateTab', { parent: 'sessions/main', tab: { command } })).name;

// A page that looks at a tab from `offset` on, and what it gets.
async function look(who, tab, offset = '-1', { delivery = 'LIVE', acknowledges = true } = {}) {
  const page = await new Page(who).open();
  page.got = '';
  page.outputs.set(tab, (_at, bytes) => { page.got = (page.got + bytes.toString('latin1')).slice(-100_000); });
  // What it claims to have seen is not what it has.
  if (!acknowledges) page.took = () => {};
  page.say({ subscribe: { tab, offset: String(offset), delivery } });
  return page;
}
// The owner's, once it is drawn.
async function watch(tab) {
  const page = await look(owner, tab);
  await until('it is drawn', () => page.screens === 1);
  return page;
}
let turn = 0;
// The owner types and sees it come back.
async function echo(page, tab, withinMs = 2000) {
  const mark = `mark-${(turn += 1)}-`;
  const began = performance.now();
  page.type(tab, `${mark}\r`);
  await until('the echo', () => page.got.includes(mark), withinMs);
  return performance.now() - began;
}

test('S4, S21: a member of another session is refused a tab and gets no byte of it', async () => {
  const tab = await makeTab('cat');
  const thieves = [];
  for (const offset of [-1, 0, 1, 2 ** 40]) {
    for (const delivery of ['LIVE', 'LOSSLESS']) thieves.push(await look(stranger, tab, offset, { delivery }));
  }
  const page = await watch(tab);
  for (let i = 0; i < 10; i++) await echo(page, tab);
  for (const thief of thieves) await until('it is refused', () => thief.outcomes.some((one) => one.reason === 'TERMINAL_REFUSED' && one.code === 7));
  await api.call('atrium.v1.TabService', 'WriteInput', { tab, data: Buffer.from('secret\r') }).catch(() => {});
  await echo(page, tab);
  for (const thief of thieves) {
    assert.equal(thief.got, '');
    assert.equal(thief.screens, 0);
    assert.equal(thief.offsets.size, 0);
    thief.close();
  }
  page.close();
});

test('S4, N3: whatever a viewer says that it has seen, the others get every byte', async () => {
  for (const offset of ['1000000000000', '9223372036854775807', '9223372036854775806', '-5', '1', '0']) {
    const tab = await makeTab('cat');
    const liar = await look(viewer, tab, offset);
    await until('it is there', () => liar.screens > 0 || liar.offsets.has(tab) || offset === '0' || offset === '1');
    const page = await watch(tab);
    for (let i = 0; i < 20; i++) await echo(page, tab);
    assert.ok(page.screens <= 1, `${page.screens} snapshots for the owner`);
    assert.ok(liar.screens <= 2, `${liar.screens} snapshots for the viewer`);
    const late = await look(viewer, tab, offset);
    for (let i = 0; i < 20; i++) await echo(page, tab);
    await until('it sees what the others see', () => late.got.includes(`mark-${turn}-`));
    assert.ok(late.screens <= 1 && page.screens <= 1, `${late.screens}, ${page.screens}`);
    for (const each of [page, liar, late]) each.close();
  }
});

test('S4, N7: a viewer may not let the program wait for it', async () => {
  const tab = await makeTab('bash', '-c', 'head -c 30000000 /dev/zero | tr "\\0" x; echo; cat');
  const holder = await look(viewer, tab, '0', { delivery: 'LOSSLESS', acknowledges: false });
  const page = await watch(tab);
  await until('it is refused', () => holder.outcomes.some((one) => one.code === 7 && /LOSSLESS/.test(one.message)));
  // A held program would stand still for ten seconds. A key's echo may lie in what
  // the page skipped of the flood, so it types until one comes.
  let came = false;
  for (let i = 0; i < 16 && !came; i++) came = await echo(page, tab, 500).then(() => true, () => false);
  assert.ok(came, 'the program goes on');
  holder.close();
  page.close();
});

test('S5, N3: what one viewer says without end delays nobody', async (t) => {
  const tab = await makeTab('cat');
  const page = await watch(tab);
  await echo(page, tab);
  const noisy = await new Page(viewer).open();
  let over = false, said = 0;
  const flood = (async () => {
    while (!over) {
      for (let i = 0; i < 200; i++) noisy.say({ requestId: String((said += 1)), updateSelf: { displayName: `viewer ${said}` } });
      await new Promise((done) => setTimeout(done, 20));
    }
  })();
  const times = [];
  for (const end = Date.now() + 4000; Date.now() < end;) times.push(await echo(page, tab, 12_000));
  over = true;
  await flood;
  times.sort((a, b) => a - b);
  t.diagnostic(`${said} words; echo p50 ${times[times.length >> 1].toFixed(1)} ms, worst ${times.at(-1).toFixed(1)} ms`);
  assert.ok(times.at(-1) < 1000, `${times.at(-1)} ms`);
  const refused = noisy.outcomes.find((one) => one.code === 8);
  assert.ok(refused && Number(refused.retryAfterMs) > 0, JSON.stringify(noisy.outcomes.slice(-3)));
  assert.ok(noisy.outcomes.filter((one) => !one.code).length >= 100, 'a burst passes');
  noisy.close();
  page.close();
});
