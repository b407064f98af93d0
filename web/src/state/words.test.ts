import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { LagSchema } from '../gen/atrium/v1/session_pb';
import {
  bytesText,
  count,
  expiryText,
  lagText,
  lagWords,
  namesCommand,
  namesText,
  spanText,
} from './words';

const lag = (bytes: number, skips: number) =>
  create(LagSchema, { bytes: BigInt(bytes), skips: BigInt(skips) });

describe('words for figures', () => {
  it('say spans of time as short as can be read', () => {
    expect([40, 999, 3210, 12_400, 60_000, 250_000, 3_600_000, 5_400_000].map(spanText)).toEqual([
      '40 ms',
      '999 ms',
      '3.2 s',
      '12 s',
      '1 min',
      '4 min 10 s',
      '1 h',
      '1 h 30 min',
    ]);
  });

  it('say bytes and names', () => {
    expect([1, 512, 64_000, 2_100_000].map(bytesText)).toEqual([
      '1 byte',
      '512 bytes',
      '64 kB',
      '2.1 MB',
    ]);
    expect([0, 1, 2].map((one) => count(one, 'use'))).toEqual(['0 uses', '1 use', '2 uses']);
    expect(namesText([])).toBe('');
    expect(namesText(['Ann', 'Ben'])).toBe('Ann and Ben');
    expect(namesText(['Ann', 'Ben', 'Cy'])).toBe('Ann and 2 others');
  });
});

describe('N7: a command is said once', () => {
  it('where the tab has its name', () => {
    expect(namesCommand('make test', 'make test')).toBe(true);
    expect(namesCommand('make test', 'make\n  test ')).toBe(true);
    expect(namesCommand('x'.repeat(80), `${'x'.repeat(80)} and more`)).toBe(true);
    expect(namesCommand('make', 'make test')).toBe(false);
    expect(namesCommand('', '')).toBe(false);
    expect(namesCommand('build', 'make test')).toBe(false);
  });
});

describe('N3: lag is a figure that people see', () => {
  it('names bytes and skips, or nothing', () => {
    expect(lagText(lag(2_100_000, 3))).toBe('2.1 MB behind, 3 skips');
    expect(lagText(lag(0, 1))).toBe('1 skip');
    expect(lagText(lag(0, 0))).toBe('');
    expect(lagText(undefined)).toBe('');
    expect(lagWords(lag(5000, 1), 'Ann')).toContain('faster than Ann’s connection');
    expect(lagWords(lag(5000, 1), 'Ann')).toContain('Once the page went');
    expect(lagWords(lag(0, 2), 'Ann')).not.toContain('connection');
  });
});

describe('P12: an unused tab says when it closes', () => {
  it('in seconds, minutes or hours', () => {
    expect(expiryText(240_000, 0)).toBe('closes in 4 min if unused');
    expect(expiryText(200_000, 0)).toBe('closes in 4 min if unused');
    expect(expiryText(30_000, 0)).toBe('closes in 30 s if unused');
    expect(expiryText(8 * 3_600_000, 0)).toBe('closes in 8 h if unused');
    expect(expiryText(0, 5)).toBe('closes now if unused');
  });
});
