/** What of a document says whether somebody looks at it. */
export interface Seen {
  readonly hidden: boolean;
  readonly pictureInPictureElement?: Element | null;
  addEventListener(type: 'visibilitychange', listener: () => void): void;
}

/** A page that nobody looks at watches on for so long. */
const UNSEEN_AFTER_MS = 30_000;

/**
 * Whether pictures are worth their bytes here: the page is looked at, or was a moment
 * ago, or one of its pictures floats over other windows.
 */
export class Attention {
  private readonly seen: Seen;
  private readonly onChanged: () => void;
  private timer: ReturnType<typeof setTimeout> | undefined;
  isThere: boolean;

  constructor(seen: Seen, onChanged: () => void) {
    this.seen = seen;
    this.onChanged = onChanged;
    this.isThere = !seen.hidden;
    seen.addEventListener('visibilitychange', () => this.onVisibility());
  }

  private onVisibility(): void {
    clearTimeout(this.timer);
    if (!this.seen.hidden) this.set(true);
    else this.timer = setTimeout(() => this.onUnseen(), UNSEEN_AFTER_MS);
  }

  private onUnseen(): void {
    if (this.seen.pictureInPictureElement)
      this.timer = setTimeout(() => this.onUnseen(), UNSEEN_AFTER_MS);
    else this.set(false);
  }

  private set(isThere: boolean): void {
    if (isThere === this.isThere) return;
    this.isThere = isThere;
    this.onChanged();
  }
}
