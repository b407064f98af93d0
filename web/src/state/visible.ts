/** A stretch of text: plain, or the sign of something that cannot be seen. */
export interface Visible {
  text: string;
  control: boolean;
}

const NAMES: Record<number, string> = { 9: '⇥', 10: '⏎', 13: '↵', 27: 'ESC', 127: 'DEL' };
const INVISIBLE =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: it lists what cannot be seen
  /[\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202f\u205f-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]/u;

/**
 * Bytes as a person must see them before deciding on them: control characters,
 * invisible ones and ones that turn the direction of text become signs, and so do
 * bytes that are no UTF-8.
 */
export function visibleBytes(bytes: Uint8Array): Visible[] {
  const out: Visible[] = [];
  for (const one of decode(bytes)) {
    const last = out.at(-1);
    if (last && last.control === one.control && !one.control) last.text += one.text;
    else out.push(one);
  }
  return out;
}

function decode(bytes: Uint8Array): Visible[] {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    return [...text].map(visibleCharacter);
  } catch {
    return [...bytes].map((byte) =>
      byte < 0x80
        ? visibleCharacter(String.fromCharCode(byte))
        : { text: `\\x${byte.toString(16)}`, control: true },
    );
  }
}

function visibleCharacter(character: string): Visible {
  const code = character.codePointAt(0) ?? 0;
  const name = NAMES[code];
  if (name) return { text: name, control: true };
  if (code < 0x20) return { text: `^${String.fromCharCode(code + 64)}`, control: true };
  if ((code >= 0x80 && code < 0xa0) || INVISIBLE.test(character)) {
    return { text: `U+${code.toString(16).toUpperCase().padStart(4, '0')}`, control: true };
  }
  return { text: character, control: false };
}
