import type { Room } from './room';

const MODIFIERS = ['altKey', 'ctrlKey', 'metaKey', 'shiftKey'] as const;

type Key = Pick<KeyboardEvent, (typeof MODIFIERS)[number] | 'code' | 'key'>;

/** The microphone is open while the talk key or the talk button is held, and no longer. */
export class Talking {
  private readonly room: { readonly call: Pick<Room['call'], 'phase' | 'hold'> };
  private key: Key | undefined;
  private held = false;

  constructor(room: { readonly call: Pick<Room['call'], 'phase' | 'hold'> }) {
    this.room = room;
  }

  begin(): void {
    if (this.held || this.room.call.phase === 'idle') return;
    this.held = true;
    this.room.call.hold(true);
  }

  /** It was let go, or may have been: a window that lost the keyboard hears no key. */
  end(): void {
    if (!this.held) return;
    this.held = false;
    this.key = undefined;
    this.room.call.hold(false);
  }

  /** The keys that mean talking are down. */
  onKeyDown(event: Key & { repeat: boolean }): void {
    if (event.repeat) return;
    this.begin();
    if (this.held) this.key = event;
  }

  /** Some key was let go: the talk key, or one that was held with it. */
  onKeyUp(event: Key): void {
    const { key } = this;
    if (!key) return;
    if (nameOf(event) === nameOf(key) || MODIFIERS.some((one) => key[one] && !event[one]))
      this.end();
  }

  /** The talk button is pressed, and hears where that ends, be it outside of it. */
  onPointerDown(event: Pick<PointerEvent, 'button' | 'pointerId' | 'currentTarget'>): void {
    if (event.button !== 0) return;
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.begin();
  }
}

/** The same for a key however it is let go: other modifiers make it another letter. */
function nameOf({ code, key }: Key): string {
  return code || key.toLowerCase();
}
