import { describe, expect, it } from 'vitest';
import { FakeTrack } from '../../test/support/screens';
import { kindAndTitle, titleOf } from './title';

describe('L6: what is shown has a title for people', () => {
  it.each([
    ['screen:0:0', 'monitor', 'Screen'],
    ['window:56623107:0', 'window', 'Window'],
    ['web-contents-media-stream://3:1', 'browser', 'Tab'],
    ['screen:-3:0', '', 'Screen'],
    ['web-contents-media-stream://3:1', '', 'Tab'],
    ['', 'window', 'Window'],
    ['{5f2c19a0-0001-4c6e-8d2c-1d2f3a4b5c6d}', 'browser', 'Tab'],
    ['Screen', 'monitor', 'Screen'],
    ['notes.txt - Editor', 'window', 'Window: notes.txt - Editor'],
    ['Primary Monitor', 'monitor', 'Screen: Primary Monitor'],
    ['x'.repeat(200), 'window', `Window: ${'x'.repeat(72)}`],
  ])('%s of %s', (label, surface, title) => {
    expect(titleOf(new FakeTrack(label, surface) as unknown as MediaStreamTrack)).toBe(title);
  });

  it.each([
    ['Screen', 'screen'],
    ['Window: notes.txt', 'window: notes.txt'],
    ['Tab', 'tab'],
    ['', 'screen'],
    ['My desk', 'screen: My desk'],
  ])('that fits into a sentence: %s', (title, words) => {
    expect(kindAndTitle(title)).toBe(words);
  });
});
