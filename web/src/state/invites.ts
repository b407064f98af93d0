import { count } from './words';

/** Names that every machine has for itself. */
const OWN_NAMES = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** True if whoever follows this origin elsewhere looks for it on their own machine. */
export function isForThisMachine(origin: string): boolean {
  try {
    return OWN_NAMES.test(new URL(origin).hostname);
  } catch {
    return false;
  }
}

/** What a link may begin with, the farthest reaching first: `open` is how this page was opened. */
export function linkOrigins(open: string, known: readonly string[]): string[] {
  if (!isForThisMachine(open)) return [open];
  return [...new Set([...known.filter((one) => !isForThisMachine(one)), open])];
}

/** How another machine gets to a gateway that listens on its own machine alone. */
export function forwardCommand(origin: string): string {
  const { port, protocol } = new URL(origin);
  const number = port || (protocol === 'https:' ? '443' : '80');
  return `ssh -L ${number}:localhost:${number} USER@MACHINE`;
}

/** How much of an invite is left: "used up", "1 use left"; empty if any number. */
export function usesText(usesLeft: number): string {
  if (usesLeft < 0) return 'used up';
  return usesLeft > 0 ? `${count(usesLeft, 'use')} left` : '';
}
