import type { Lag } from '../gen/atrium/v1/session_pb';

/** Titles end after so many characters. */
const TITLE_CHARS = 80;

/** A span of time, as short as can be read: "40 ms", "3.2 s", "4 min 10 s". */
export function spanText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return join(`${minutes} min`, seconds % 60, 's');
  return join(`${Math.floor(minutes / 60)} h`, minutes % 60, 'min');
}

/** Bytes for people: "1 byte", "512 bytes", "2.1 MB". */
export function bytesText(bytes: number): string {
  if (bytes < 1000) return count(bytes, 'byte');
  if (bytes < 1_000_000) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}

/** How far behind a viewer is, as a figure; empty if it is not. */
export function lagText(lag: Lag | undefined): string {
  const parts = [];
  if (lag && lag.bytes > 0n) parts.push(`${bytesText(Number(lag.bytes))} behind`);
  if (lag && lag.skips > 0n) parts.push(count(Number(lag.skips), 'skip'));
  return parts.join(', ');
}

/** The same in plain words. */
export function lagWords(lag: Lag, name: string): string {
  const lines = [lagText(lag)];
  if (lag.bytes > 0n) {
    lines.push(
      `The terminals print faster than ${name}’s connection takes it. The program does not wait.`,
    );
  }
  if (lag.skips > 0n) {
    const times = lag.skips === 1n ? 'Once' : `${lag.skips} times`;
    lines.push(`${times} the page went straight to the newest screen to catch up.`);
  }
  return lines.join('\n');
}

/** When an unused tab closes: "closes in 4 min if unused". */
export function expiryText(expireMs: number, nowMs: number): string {
  const left = expireMs - nowMs;
  if (left <= 0) return 'closes now if unused';
  const minutes = Math.ceil(left / 60_000);
  if (left < 60_000) return `closes in ${Math.ceil(left / 1000)} s if unused`;
  if (minutes < 120) return `closes in ${minutes} min if unused`;
  return `closes in ${Math.round(minutes / 60)} h if unused`;
}

/** Who reads so that nothing may be missed, and so slowly that the program waits. */
export function heldText(names: readonly string[]): string {
  return `waits for ${namesText(names)} to read all of it`;
}

/** "Ann", "Ann and Ben", "Ann and 2 others". */
export function namesText(names: readonly string[]): string {
  const [first, second] = names;
  if (names.length <= 1) return first ?? '';
  return names.length === 2 ? `${first} and ${second}` : `${first} and ${names.length - 1} others`;
}

/** "1 use", "2 uses". */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function join(major: string, minor: number, unit: string): string {
  return minor > 0 ? `${major} ${minor} ${unit}` : major;
}

/** True if a tab's name says no more than the command beside it, as one that was opened for it. */
export function namesCommand(title: string, command: string): boolean {
  const [name, text] = [title, command].map((one) => one.replace(/\s+/g, ' ').trim()) as [
    string,
    string,
  ];
  if (name === text) return name !== '';
  return [...name].length >= TITLE_CHARS && text.startsWith(name);
}
