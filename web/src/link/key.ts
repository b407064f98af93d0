const KEY = 'atrium.key';

/** The key for the page's life, where the browser keeps nothing for us. */
let unkept = '';

/**
 * The page's half of its credential. The other half is a cookie, which every port
 * of this host is sent; the storage is this origin's alone.
 */
export function readKey(): string {
  try {
    return localStorage.getItem(KEY) ?? unkept;
  } catch {
    return unkept;
  }
}

export function keepKey(key: string): void {
  unkept = key;
  try {
    localStorage.setItem(KEY, key);
  } catch {
    // It lasts as long as the page does.
  }
}

/**
 * Does something while both halves stay as they are, or, with `changes`, while no
 * other page of this browser uses or changes them.
 */
export async function withHalves<T>(changes: boolean, act: () => Promise<T>): Promise<T> {
  if (!globalThis.navigator?.locks) return act();
  const mode = changes ? 'exclusive' : 'shared';
  return navigator.locks.request(KEY, { mode }, act) as Promise<T>;
}
