/** What a paste becomes on its way to a program. */
export interface Paste {
  /** As it will be typed, without the brackets. */
  text: string;
  /** Lines that it has; a last line end does not begin another. */
  lines: number;
}

/**
 * Makes pasted text harmless: line ends become CR, tabs stay, all other control
 * characters go, and so does whatever would end a bracketed paste early.
 */
export function cleanPaste(pasted: string): Paste {
  const text = pasted
    .replace(/\x1b\[20[01]~|\x9b20[01]~/g, '')
    .replace(/\r\n?|\n/g, '\r')
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, '');
  return { text, lines: text.replace(/\r$/, '').split('\r').length };
}

/** True if the paste would run something before the person can look at it. */
export function needsConfirmation(paste: Paste): boolean {
  return paste.text.includes('\r');
}

/** The bytes that a program gets. */
export function pasteBytes(paste: Paste, bracketed: boolean): Uint8Array {
  const text = bracketed ? `\x1b[200~${paste.text}\x1b[201~` : paste.text;
  return new TextEncoder().encode(text);
}
