/** What a person chose; kept in this browser. */
export interface Settings {
  theme: 'system' | 'dark' | 'light';
  fontSize: number;
  name: string;
  microphone: string;
  /** Where sound comes out; empty for the browser's choice. */
  speaker: string;
  /** The device check was done. */
  checked: boolean;
  largeCaptions: boolean;
  screenReader: boolean;
  /** On slow links keys are shown before the server echoes them. */
  predictEcho: boolean;
  /** Somebody else's larger terminal is scrolled, not made smaller. */
  scrollTerminal: boolean;
  /** Long commands that end unseen are told of by the browser, too. */
  notify: boolean;
  /** Chords by action, where they differ from the usual. */
  shortcuts: Record<string, string>;
}

const KEY = 'atrium.settings';
export const MIN_FONT_SIZE = 8;
export const MAX_FONT_SIZE = 28;

const USUAL: Settings = {
  theme: 'system',
  fontSize: 13,
  name: '',
  microphone: '',
  speaker: '',
  checked: false,
  largeCaptions: false,
  screenReader: false,
  predictEcho: true,
  scrollTerminal: false,
  notify: false,
  shortcuts: {},
};

export function loadSettings(): Settings {
  return { ...USUAL, ...(readJson<Partial<Settings>>(localStorage, KEY) ?? {}) };
}

export function saveSettings(settings: Settings): void {
  writeJson(localStorage, KEY, settings);
}

/** Reads what was stored; undefined if there is nothing, or nothing sound. */
export function readJson<T>(storage: Storage, key: string): T | undefined {
  try {
    return JSON.parse(storage.getItem(key) ?? '') as T;
  } catch {
    return undefined;
  }
}

/** Stores; a full or forbidden storage is not an error of the page's. */
export function writeJson(storage: Storage, key: string, value: unknown): void {
  try {
    storage.setItem(key, JSON.stringify(value));
  } catch {
    // The page works without a memory.
  }
}

/** A random UUID; crypto.randomUUID exists on secure origins only. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
