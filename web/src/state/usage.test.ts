import { create } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { Conversation_UsageSchema } from '../gen/atrium/v1/conversation_pb';
import { moneyText, usageRows } from './usage';

describe('S22: what the agent cost', () => {
  it('is figures with what they are made of', () => {
    const usage = create(Conversation_UsageSchema, {
      responses: 12n,
      inputTextTokens: 1000n,
      inputAudioTokens: 20_500n,
      inputImageTokens: 600n,
      cachedTokens: 18_000n,
      outputTextTokens: 300n,
      outputAudioTokens: 4000n,
      costMicros: 421_700n,
      currency: 'USD',
      connectedSeconds: 754n,
    });
    expect(usageRows(usage).map((one) => [one.label, one.value, one.note])).toEqual([
      ['Cost', '$0.42', 'by the deployment’s price list'],
      ['Connected', '12 min 34 s', ''],
      ['Answers', '12', ''],
      ['Tokens in', '22,100', '1,000 text, 20,500 audio, 600 pictures, 18,000 of them cached'],
      ['Tokens out', '4,300', '300 text, 4,000 audio'],
    ]);
  });

  it('is nothing before anything was, and no cost where there is no price list', () => {
    expect(usageRows(undefined)).toEqual([]);
    expect(usageRows(create(Conversation_UsageSchema))).toEqual([]);
    const free = usageRows(create(Conversation_UsageSchema, { responses: 1n }));
    expect(free.map((one) => one.label)).toEqual(['Answers', 'Tokens in', 'Tokens out']);
  });

  it.each([
    [0, 'USD', '$0.00'],
    [0.0042, 'USD', '$0.0042'],
    [3.5, 'EUR', '€3.50'],
    [1234.5, 'EUR', '€1,234.50'],
    [2, 'not a code', '2.00 not a code'],
  ])('%d %s', (amount, currency, text) => {
    expect(moneyText(amount, currency)).toBe(text);
  });
});
