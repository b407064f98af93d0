// A browser that is let in, and a server on another port of the same host: an editor
// has a shell, can start one, and can post a link to it.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { openBrowser, openTab, ready, visit } from './browser.mjs';
import { Stack } from './stack.mjs';

let stack, browser, owner, foreign, sent = [];
before(async () => {
  stack = await new Stack().start();
  browser = await openBrowser();
  owner = await visit(browser, stack.ownerLink(), { name: 'Olga' });
  await openTab(owner);
  foreign = createServer((request, response) => {
    sent.push(request.headers.cookie ?? '');
    response.writeHead(200, { 'content-type': 'text/html' }).end('<title>prize</title>');
  });
  await new Promise((done) => foreign.listen(0, '127.0.0.1', done));
});
after(async () => {
  await browser?.close();
  foreign?.close();
  await stack?.stop();
});

const foreignOrigin = () => `http://localhost:${foreign.address().port}`;
const buy = (headers) =>
  fetch(`${stack.origin}/ticket`, { method: 'POST', headers: { Origin: stack.origin, 'Content-Type': 'application/json', ...headers }, body: '{}' });

test('S1, S2: another port of the host is sent the cookie, and can do nothing with it', async () => {
  const bait = await owner.context().newPage();
  await bait.goto(foreignOrigin());
  const cookie = sent.find((one) => one.includes(`atrium-${stack.port}=`));
  assert.ok(cookie, 'browsers send cookies to every port');
  assert.equal((await buy({ Cookie: cookie })).status, 401);
  assert.equal(await bait.evaluate(() => localStorage.getItem('atrium.key')), null);
  const key = await owner.evaluate(() => localStorage.getItem('atrium.key'));
  assert.equal((await buy({ Cookie: cookie, 'Atrium-Key': key })).status, 200, 'what it lacks is the key');
  const asked = await bait.evaluate(async (url) => {
    const answer = await fetch(`${url}/ticket`, { method: 'POST', credentials: 'include', body: '{}' }).catch(() => undefined);
    return answer?.status;
  }, stack.origin);
  assert.equal(asked, undefined, 'nor can its page ask for one');
  await bait.close();
});

test('S2: a page connects to its own host, and to no other port of it', async () => {
  const before = sent.length;
  const refused = await owner.evaluate(async (url) => {
    const broken = [];
    const both = new Promise((done) => document.addEventListener('securitypolicyviolation', (event) => {
      if (broken.push(event.effectiveDirective) === 2) done();
    }));
    const socket = new WebSocket(url.replace('http', 'ws'));
    await new Promise((done) => { socket.onerror = done; socket.onopen = done; });
    await fetch(url).catch(() => {});
    await Promise.race([both, new Promise((done) => setTimeout(done, 2000))]);
    return broken;
  }, foreignOrigin());
  assert.deepEqual(refused, ['connect-src', 'connect-src']);
  assert.equal(sent.length, before);
});

test('S2: a page that lost its key says what to do, and a new link lets it in', async () => {
  await owner.evaluate(() => localStorage.removeItem('atrium.key'));
  await owner.reload();
  await owner.getByText('this page has lost its half of the key').waitFor();
  await owner.getByText('Open an invite link again').waitFor();
  await stack.kill('control');
  const used = stack.ownerLink();
  for (let link = used; link === used; link = stack.ownerLink()) await new Promise((done) => setTimeout(done, 50));
  await owner.goto(stack.ownerLink());
  await ready(owner);
  assert.equal((await owner.evaluate(() => window.atrium.tabs())).length, 1);
});
