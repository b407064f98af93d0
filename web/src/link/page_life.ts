import type { SavedInput } from '../state/input_queue';

const KEY = 'atrium.page';
/** So long the host remembers the sequences of a page. */
const REMEMBERED_MS = 5 * 60 * 1000;
const LOCK_WITHIN_MS = 300;

interface Saved {
  pageId: string;
  savedMs: number;
  input: SavedInput[];
}

/** A page's identity and the input that its former life left behind. */
export interface PageLife {
  pageId: string;
  input: SavedInput[];
}

/**
 * Takes up the identity that this page had before a reload, or begins a new one.
 * The old one is taken only if it was put down in order (`pagehide`), lately, and
 * nobody else holds it: a duplicated browser tab copies the storage, and two
 * pages must never count in one sequence.
 */
export async function beginPageLife(): Promise<PageLife> {
  const saved = readSaved();
  sessionStorage.removeItem(KEY);
  if (saved && (await holdLock(saved.pageId))) {
    return { pageId: saved.pageId, input: saved.input };
  }
  const pageId = randomPageId();
  void holdLock(pageId);
  return { pageId, input: [] };
}

/** Puts the identity down when the page goes, takes it up if it comes back. */
export function keepPageLife(pageId: string, input: () => SavedInput[]): void {
  addEventListener('pagehide', () => {
    const saved: Saved = { pageId, savedMs: Date.now(), input: input() };
    sessionStorage.setItem(KEY, JSON.stringify(saved));
  });
  addEventListener('pageshow', () => sessionStorage.removeItem(KEY));
}

function readSaved(): Saved | undefined {
  try {
    const saved = JSON.parse(sessionStorage.getItem(KEY) ?? '') as Saved;
    return Date.now() - saved.savedMs < REMEMBERED_MS ? saved : undefined;
  } catch {
    return undefined;
  }
}

function randomPageId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Holds a lock of this name for the page's life; false if another page has it. */
function holdLock(pageId: string): Promise<boolean> {
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((resolve) => {
    const hold = () => {
      resolve(true);
      return new Promise<void>(() => {});
    };
    navigator.locks
      .request(`atrium.page.${pageId}`, { signal: AbortSignal.timeout(LOCK_WITHIN_MS) }, hold)
      .catch(() => resolve(false));
  });
}
