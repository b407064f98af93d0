/** Longest text that a program may offer for the clipboard. */
export const MAX_CLIPBOARD_CHARACTERS = 100_000;

/**
 * What an OSC 52 sequence would put on the clipboard; null if it asks for the
 * clipboard's content, which is never answered, or is malformed or too long.
 */
export function clipboardOffer(sequence: string): string | null {
  const separator = sequence.indexOf(';');
  if (separator < 0) return null;
  const encoded = sequence.slice(separator + 1);
  if (encoded === '?' || encoded === '') return null;
  if (encoded.length > MAX_CLIPBOARD_CHARACTERS * 2) return null;
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.length > 0 && text.length <= MAX_CLIPBOARD_CHARACTERS ? text : null;
  } catch {
    return null;
  }
}
