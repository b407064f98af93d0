import type { Caption } from '../gen/atrium/v1/conversation_pb';

/** How long a finished utterance stays. */
export const CAPTION_STAYS_MS = 6000;

interface Shown {
  caption: Caption;
  changedMs: number;
}

/** The last two utterances, by id. */
export class Captions {
  private readonly shown = new Map<string, Shown>();

  apply(caption: Caption, nowMs: number): void {
    this.shown.set(caption.utterance, { caption, changedMs: nowMs });
    while (this.shown.size > 2) {
      const oldest = this.shown.keys().next().value;
      if (oldest === undefined) break;
      this.shown.delete(oldest);
    }
  }

  /** What to show, oldest first. */
  visible(nowMs: number): Caption[] {
    return [...this.shown.values()]
      .filter((line) => nowMs - line.changedMs < CAPTION_STAYS_MS)
      .map((line) => line.caption);
  }
}
