import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { CaptionSchema } from '../gen/atrium/v1/conversation_pb';
import { CAPTION_ROOM_STAYS_MS, CAPTION_STAYS_MS, Captions } from './captions';

const say = (utterance: string, text: string, final = false) =>
  create(CaptionSchema, { utterance, text, final, speakers: ['agent'] });
const texts = (all: { text: string }[]) => all.map((one) => one.text);

describe('L13: captions', () => {
  it('are the last two utterances, for a while', () => {
    const captions = new Captions();
    captions.apply(say('a', 'one'), 0);
    captions.apply(say('b', 'two'), 10);
    captions.apply(say('c', 'thr'), 20);
    captions.apply(say('c', 'three'), 30);
    expect(texts(captions.visible(40))).toEqual(['two', 'three']);
    expect(texts(captions.visible(20 + CAPTION_STAYS_MS))).toEqual(['three']);
    expect(captions.visible(30 + CAPTION_STAYS_MS)).toEqual([]);
    expect(captions.isRecent(30 + CAPTION_STAYS_MS)).toBe(true);
    expect(captions.isRecent(30 + CAPTION_ROOM_STAYS_MS)).toBe(false);
  });
});

describe('X7, L13: captions that are read out', () => {
  it('are final ones alone, each once, in order', () => {
    const captions = new Captions();
    captions.apply(say('a', 'he'), 0);
    captions.apply(say('a', 'hello', true), 1);
    captions.apply(say('a', 'hello', true), 2);
    captions.apply(say('b', ' ', true), 3);
    captions.apply(say('c', 'again', true), 4);
    captions.apply(say('a', 'hello, corrected', true), CAPTION_STAYS_MS * 2);
    expect(texts(captions.readOut())).toEqual(['hello', 'again']);
  });

  it('do not pile up', () => {
    const captions = new Captions();
    for (let i = 0; i < 100; i++) captions.apply(say(`u${i}`, `${i}`, true), i);
    expect(captions.readOut().length).toBeLessThan(30);
    expect(captions.readOut().at(-1)?.text).toBe('99');
  });
});
