/** What one message may hold, as Say takes it. */
export const MESSAGE_BYTES = 16 * 1024;

/** A stretch of a message: plain text, or something that was quoted whole. */
export type Piece = { kind: 'text'; text: string } | { kind: 'quote'; name: string; text: string };

const FENCE = /^(`{3,})([^`]*)$/;

export function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}

/**
 * A text as a fenced quote of at most so many bytes, cut at the end of a line; empty if
 * not even its first line fits. The fence is longer than any row of backticks inside.
 */
export function quoteOf(
  name: string,
  text: string,
  mostBytes: number,
): { text: string; isCut: boolean } {
  const body = text.replace(/\r\n?/g, '\n').replace(/\n+$/, '');
  const ticks = Math.max(0, ...(body.match(/`+/g) ?? []).map((one) => one.length));
  const fence = '`'.repeat(Math.max(3, ticks + 1));
  const head = `${fence}${name.replace(/[`\n]/g, ' ').trim()}\n`;
  const left = mostBytes - bytesOf(head) - fence.length - 1;
  const kept = cutAtLine(body, left);
  return { text: kept ? `${head}${kept}\n${fence}` : '', isCut: kept.length < body.length };
}

/** The quotes in a message and what is between them; a fence without an end is text. */
export function piecesOf(message: string): Piece[] {
  const pieces: Piece[] = [];
  const lines = message.split('\n');
  let plain: string[] = [];
  const flush = () => {
    const text = plain.join('\n').trim();
    if (text) pieces.push({ kind: 'text', text });
    plain = [];
  };
  for (let at = 0; at < lines.length; at++) {
    const [, fence, name] = FENCE.exec(lines[at]!) ?? [];
    const end = fence ? lines.findIndex((one, index) => index > at && one.trim() === fence) : -1;
    if (end < 0) {
      plain.push(lines[at]!);
      continue;
    }
    flush();
    pieces.push({ kind: 'quote', name: name!.trim(), text: lines.slice(at + 1, end).join('\n') });
    at = end;
  }
  flush();
  return pieces;
}

/** The text of a file; undefined if it is none. */
export function textOf(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}

function cutAtLine(text: string, mostBytes: number): string {
  if (bytesOf(text) <= mostBytes) return text;
  const bytes = new TextEncoder().encode(text).subarray(0, Math.max(0, mostBytes));
  const whole = new TextDecoder().decode(bytes, { stream: true });
  return whole.slice(0, Math.max(0, whole.lastIndexOf('\n')));
}
