import { describe, expect, it } from 'vitest';
import { bytesOf, MESSAGE_BYTES, piecesOf, quoteOf, textOf } from './quotes';

describe('L15: a text as a quote in a message', () => {
  it('is fenced, with its name', () => {
    expect(quoteOf('a.txt', 'one\r\ntwo\n\n', MESSAGE_BYTES)).toEqual({
      text: '```a.txt\none\ntwo\n```',
      isCut: false,
    });
  });

  it('has a fence that nothing inside it ends', () => {
    const { text } = quoteOf('', 'see\n````\nhere', MESSAGE_BYTES);
    expect(text).toBe('`````\nsee\n````\nhere\n`````');
    expect(piecesOf(text)).toEqual([{ kind: 'quote', name: '', text: 'see\n````\nhere' }]);
  });

  it.each([
    ['ascii', 'x'.repeat(70)],
    ['two bytes', 'é'.repeat(50)],
    ['four bytes', '💻'.repeat(20)],
  ])('is cut at a line and never longer than a message may be: %s', (_, line) => {
    const long = Array.from({ length: 500 }, () => line).join('\n');
    const { text, isCut } = quoteOf('long.log', long, MESSAGE_BYTES);
    expect(isCut).toBe(true);
    expect(bytesOf(text)).toBeLessThanOrEqual(MESSAGE_BYTES);
    expect(bytesOf(text)).toBeGreaterThan(MESSAGE_BYTES - 200);
    const [quote] = piecesOf(text);
    expect(quote!.text.split('\n').every((one) => one === line)).toBe(true);
  });

  it('is nothing where not even a line fits', () => {
    expect(quoteOf('a', 'x'.repeat(100), 50)).toEqual({ text: '', isCut: true });
    expect(quoteOf('a', 'x', -5)).toEqual({ text: '', isCut: true });
  });
});

describe('L15: quotes in a message', () => {
  it.each([
    ['plain', 'just words', [{ kind: 'text', text: 'just words' }]],
    [
      'between words',
      'look:\n```cart.cc\nint a;\n```\nwrong?',
      [
        { kind: 'text', text: 'look:' },
        { kind: 'quote', name: 'cart.cc', text: 'int a;' },
        { kind: 'text', text: 'wrong?' },
      ],
    ],
    ['without an end', 'a\n```\nb', [{ kind: 'text', text: 'a\n```\nb' }]],
    ['within a line', 'a ``` b', [{ kind: 'text', text: 'a ``` b' }]],
    ['empty', '```\n```', [{ kind: 'quote', name: '', text: '' }]],
  ])('%s', (_, message, pieces) => {
    expect(piecesOf(message)).toEqual(pieces);
  });
});

describe('L15: what is text', () => {
  it.each([
    ['words', new TextEncoder().encode('héllo'), 'héllo'],
    ['no UTF-8', new Uint8Array([0xff, 0xfe, 0x41]), undefined],
    ['zeros', new Uint8Array([65, 0, 66]), undefined],
  ])('%s', (_, bytes, text) => {
    expect(textOf(bytes)).toBe(text);
  });
});
