const ALLOWED = new Set(['http:', 'https:', 'mailto:']);

/** The link's full form if a page may open it, else null. */
export function openable(uri: string): string | null {
  if (!/^(https?|mailto):/i.test(uri)) return null;
  try {
    const url = new URL(uri);
    return ALLOWED.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** Opens a link if it was clicked with the modifier that says so. */
export function openLink(event: MouseEvent, uri: string): void {
  if (!(event.ctrlKey || event.metaKey)) return;
  const href = openable(uri);
  if (href) window.open(href, '_blank', 'noopener,noreferrer');
}

/** What to tell somebody who points at a link. */
export function linkHint(uri: string): string {
  const href = openable(uri);
  return href
    ? `${href}  (Ctrl or ⌘ + click opens it)`
    : `${uri}  (not opened: only web and mail links are)`;
}
