import type { Conversation_Usage } from '../gen/atrium/v1/conversation_pb';
import { spanText } from './words';

/** One figure of what the agent cost, for people. */
export interface UsageRow {
  label: string;
  value: string;
  /** What it is made of. */
  note: string;
}

const MICROS = 1_000_000;

/** What the agent cost; nothing before anything did. */
export function usageRows(usage: Conversation_Usage | undefined): UsageRow[] {
  if (!usage || (usage.responses === 0n && usage.connectedSeconds === 0n)) return [];
  const { inputTextTokens, inputAudioTokens, inputImageTokens, cachedTokens } = usage;
  const into = inputTextTokens + inputAudioTokens + inputImageTokens;
  const out = usage.outputTextTokens + usage.outputAudioTokens;
  const rows: UsageRow[] = [];
  if (usage.currency)
    rows.push({
      label: 'Cost',
      value: moneyText(Number(usage.costMicros) / MICROS, usage.currency),
      note: 'by the deployment’s price list',
    });
  if (usage.connectedSeconds > 0n)
    rows.push({
      label: 'Connected',
      value: spanText(Number(usage.connectedSeconds) * 1000),
      note: '',
    });
  rows.push(
    { label: 'Answers', value: count(usage.responses), note: '' },
    {
      label: 'Tokens in',
      value: count(into),
      note: parts([
        [inputTextTokens, 'text'],
        [inputAudioTokens, 'audio'],
        [inputImageTokens, 'pictures'],
        [cachedTokens, 'of them cached'],
      ]),
    },
    {
      label: 'Tokens out',
      value: count(out),
      note: parts([
        [usage.outputTextTokens, 'text'],
        [usage.outputAudioTokens, 'audio'],
      ]),
    },
  );
  return rows;
}

/** An amount; small ones with as many digits as they need to be more than nothing. */
export function moneyText(amount: number, currency: string): string {
  const digits = amount > 0 && amount < 0.1 ? 4 : 2;
  try {
    return new Intl.NumberFormat('en', {
      style: 'currency',
      currency,
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    }).format(amount);
  } catch {
    return `${amount.toFixed(digits)} ${currency}`;
  }
}

const count = (tokens: bigint): string => tokens.toLocaleString('en');

function parts(all: [bigint, string][]): string {
  return all
    .filter(([tokens]) => tokens > 0n)
    .map(([tokens, what]) => `${count(tokens)} ${what}`)
    .join(', ');
}
