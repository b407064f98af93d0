import type { Notices } from './notices';

const KEY = 'atrium.reloaded';
const AT_MOST_EVERY_MS = 60_000;

/**
 * The server runs another build: this page loads it, unless it did so a moment
 * ago and got the same page again.
 */
export function reloadForOtherBuild(notices: Notices): void {
  const last = Number(sessionStorage.getItem(KEY) ?? 0);
  if (Date.now() - last < AT_MOST_EVERY_MS) {
    notices.show('The server runs another version of this page. Reload to get it.', 'warn', [
      { label: 'Reload', run: () => location.reload() },
    ]);
    return;
  }
  sessionStorage.setItem(KEY, String(Date.now()));
  location.reload();
}
