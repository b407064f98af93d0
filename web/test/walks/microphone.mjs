// Pages with a microphone.
import { ready, visit } from './support.mjs';

export const MICROPHONE = { permissions: ['microphone'] };
export const startAudio = (page) => page.getByRole('button', { name: 'Start live audio' });

/** A page whose person did the check of devices before. */
export async function checked(invite) {
  const page = await visit(invite, MICROPHONE);
  await page.evaluate(() =>
    localStorage.setItem('atrium.settings', JSON.stringify({ checked: true })),
  );
  await page.reload();
  await ready(page);
  return page;
}
