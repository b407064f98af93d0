// N2, M4: whoever joins late sees exactly what the others see, in the middle of
// any program.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openBrowser, openTab, shows, type, visit } from './browser.mjs';
import { connect, inviteLink } from './services.mjs';
import { Stack, until } from './stack.mjs';

let stack, api, browser, owner, tab;
before(async () => {
  stack = await new Stack().start();
  api = await connect(stack);
  browser = await openBrowser();
  owner = await visit(browser, stack.ownerLink());
  tab = await openTab(owner);
});
after(async () => {
  await browser?.close();
  api?.close();
  await stack?.stop();
});

const state = (page) => page.evaluate((name) => [window.atrium.offset(name), window.atrium.terminalState(name)], tab);

// Both have drawn up to the same offset, and then show the same.
async function equal(a, b) {
  let last = '';
  await until(`both show the same\n${last}`, async () => {
    const [[at, one], [bt, two]] = await Promise.all([state(a), state(b)]);
    if (at !== bt) return false;
    assert.deepEqual(two, one);
    return true;
  });
}

for (const [program, start, shown, quit] of [
  ['vim', 'seq 1 500 > /tmp/atrium-$$.txt; vim -u NONE /tmp/atrium-$$.txt\n', '~', ':q!\n'],
  ['less', 'seq 1 3000 | less\n', ':', 'q'],
  ['htop', 'htop -d 100\n', 'Load average', 'q'],
]) {
  test(`N2: a newcomer in the middle of ${program} equals the others cell by cell`, async () => {
    await type(owner, 'clear\n');
    await type(owner, start.replace('\n', '; echo left-$((2+3))\n'));
    await shows(owner, tab, program === 'vim' ? '500 lines' : shown);
    if (program === 'vim') await owner.keyboard.type('22Gixyz');
    if (program === 'less') await owner.keyboard.type('   kk');
    const newcomer = await visit(browser, await inviteLink(stack, api, 'VIEWER'));
    await newcomer.waitForFunction((name) => window.atrium.offset(name) >= 0, tab);
    await equal(owner, newcomer);
    // It goes on without a gap or a repeat.
    if (program === 'vim') await owner.keyboard.press('Escape');
    if (program !== 'htop') await owner.keyboard.type(program === 'vim' ? 'G' : 'G');
    await equal(owner, newcomer);
    await owner.keyboard.type(quit);
    // A program that still reads would swallow what is typed next.
    await shows(owner, tab, 'left-5');
    await type(owner, 'echo done-$((1+1))\n');
    await shows(newcomer, tab, 'done-2');
    await equal(owner, newcomer);
    await newcomer.context().close();
  });
}
