// Takes the pictures of README, from the real thing: node picture.mjs FOLDER.
// Four people, a program on the screen, words in the timeline, a card that waits.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openBrowser, openTab, shows, type, visit } from './browser.mjs';
import { connect, inviteLink } from './services.mjs';
import { Stack, until } from './stack.mjs';

const folder = process.argv[2] ?? 'docs';
mkdirSync(folder, { recursive: true });
const stack = await new Stack({ voice: true, media: true }).start();
const api = await connect(stack);
const browser = await openBrowser();
try {
  const olga = await visit(browser, stack.ownerLink(), { name: 'Olga' });
  const dark = async (page) => page.emulateMedia({ colorScheme: 'dark' });
  await dark(olga);
  const tab = await openTab(olga);
  await api.call('atrium.v1.TabService', 'UpdateTab', { tab: { name: tab, title: 'build' }, update_mask: { paths: ['title'] } });
  await openTab(olga);
  await olga.locator('.tab').first().click();
  const emil = await visit(browser, await inviteLink(stack, api, 'EDITOR'), { name: 'Emil' });
  await visit(browser, await inviteLink(stack, api, 'EDITOR'), { name: 'Gao' });
  const vera = await visit(browser, await inviteLink(stack, api, 'VIEWER'), { name: 'Vera', viewport: { width: 390, height: 844 } });
  await type(olga, 'cd /usr/share/common-licenses; clear; ls -la --color=always; git --version\n');
  await shows(olga, tab, 'git version');
  const write = async (page, text) => {
    const box = page.locator('textarea[aria-label^="Message"], textarea[placeholder*="gent"]').last();
    await box.fill(text);
    await box.press('Enter');
  };
  await write(emil, 'Are the licences all there?');
  await write(olga, '@agent what time is it');
  await until('the agent answers', () => olga.evaluate(() => window.atrium.state.entries.some((one) => /^It is/.test(one.text))));
  for (const page of [olga, emil]) {
    await page.locator('[title="Start live audio"], [aria-label="Start live audio"]').last().click();
    await page.waitForFunction(() => window.atrium.state.call.phase === 'live');
  }
  await write(emil, '@agent run sha256sum GPL-3 in build');
  await olga.getByRole('button', { name: /Approve/ }).first().waitFor();
  await olga.waitForFunction(() => window.atrium.state.participants.length === 4);
  await olga.screenshot({ path: join(folder, 'room.png') });
  await dark(vera);
  await vera.screenshot({ path: join(folder, 'phone.png') });
} finally {
  await browser.close();
  api.close();
  await stack.stop();
}
