import type { Caption } from '../gen/atrium/v1/conversation_pb';

/** How long a finished utterance stays. */
export const CAPTION_STAYS_MS = 6000;
/** Where room is scarce, theirs is kept for so long after the last one. */
export const CAPTION_ROOM_STAYS_MS = 60_000;
const SHOWN = 2;
/** Utterances that were read out are remembered, so that none is twice. */
const READ_OUT = 20;

interface Shown {
  caption: Caption;
  changedMs: number;
}

/** The last two utterances, by id, and what is read out of them. */
export class Captions {
  private readonly shown = new Map<string, Shown>();
  private readonly final = new Map<string, Caption>();

  apply(caption: Caption, nowMs: number): void {
    const { utterance } = caption;
    this.shown.set(utterance, { caption, changedMs: nowMs });
    trim(this.shown, SHOWN);
    if (!caption.final || !caption.text.trim() || this.final.has(utterance)) return;
    this.final.set(utterance, caption);
    trim(this.final, READ_OUT);
  }

  /** What to show, oldest first. */
  visible(nowMs: number): Caption[] {
    return [...this.shown.values()]
      .filter((line) => nowMs - line.changedMs < CAPTION_STAYS_MS)
      .map((line) => line.caption);
  }

  /** Something was said lately, and more may follow. */
  isRecent(nowMs: number): boolean {
    return [...this.shown.values()].some((one) => nowMs - one.changedMs < CAPTION_ROOM_STAYS_MS);
  }

  /** What a screen reader says: each utterance once, as it was when it was over. */
  readOut(): Caption[] {
    return [...this.final.values()];
  }
}

function trim<T>(map: Map<string, T>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) return;
    map.delete(key);
  }
}
