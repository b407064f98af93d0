import type { Room } from './room';

/** What was typed longer ago than this is not written any more. */
const TYPED_STAYS_MS = 10_000;

/**
 * Brings the keyboard to the terminal that is looked at. While that one is not
 * there yet, a field of its own takes the keys, so that none is lost or meets
 * another terminal or a button.
 */
export class TerminalFocus {
  /** Takes keys until the terminal is there; the stage has it. */
  field: HTMLTextAreaElement | undefined;
  private readonly room: Room;
  private wanted = false;
  /** The field has, or had, the keys. */
  private waits = false;
  private borrowed = false;
  private openings = 0;
  private sinceMs = 0;

  constructor(room: Room) {
    this.room = room;
  }

  /** After a click; on touch it would bring up the keyboard of the screen. */
  byClick(): void {
    if (matchMedia('(pointer: fine)').matches) this.bring();
    else this.leaveButton();
  }

  /** Now, or as soon as the terminal is drawn. */
  bring(): void {
    if (!this.room.tabs.selected && this.openings === 0) return;
    this.wanted = true;
    this.settle();
    if (this.wanted) this.wait();
  }

  /** Takes the keyboard elsewhere for a moment. */
  borrow(element: HTMLElement): void {
    this.borrowed ||= document.activeElement?.closest('.xterm') != null;
    element.focus();
  }

  /** True once if the terminal had the keyboard before it was borrowed. */
  takeBorrowed(): boolean {
    const { borrowed } = this;
    this.borrowed = false;
    return borrowed;
  }

  /** A tab is asked for: what is typed from now on is for that one. */
  beginOpening(): void {
    if (this.openings++ === 0) this.take();
    if (matchMedia('(pointer: fine)').matches) {
      this.wanted = true;
      this.wait();
    } else this.leaveButton();
  }

  /** The new tab is looked at, or there is none. */
  endOpening(opened: boolean): void {
    this.openings--;
    if (!opened) this.take();
    this.settle();
  }

  /** The stage was drawn. */
  settle(): void {
    const { selected } = this.room.tabs;
    const screen = selected ? this.room.terminals.screen(selected) : undefined;
    if (!this.wanted || this.openings > 0) return;
    if (!selected || !screen?.host.isConnected || screen.host.hidden) return;
    const elsewhere = this.waits && document.activeElement !== this.field;
    this.wanted = false;
    this.waits = false;
    const text = this.take();
    if (!elsewhere) screen.focus();
    if (text) this.room.typeText(text.replaceAll('\n', '\r'));
  }

  private wait(): void {
    const { field } = this;
    if (!field) return;
    this.waits = true;
    this.sinceMs ||= Date.now();
    field.focus();
  }

  /** What waits in the field, which is empty then. */
  private take(): string {
    const { field } = this;
    const fresh = Date.now() - this.sinceMs < TYPED_STAYS_MS;
    const text = fresh ? (field?.value ?? '') : '';
    if (field) field.value = '';
    this.sinceMs = 0;
    return text;
  }

  private leaveButton(): void {
    if (document.activeElement instanceof HTMLButtonElement) document.activeElement.blur();
  }
}
