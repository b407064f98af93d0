import { LitElement } from 'lit';
import type { Topic } from '../room/changes';
import type { Room } from '../room/room';

let room: Room;

/** Names the room that all elements of the page show. Called once, at the start. */
export function setRoom(value: Room): void {
  room = value;
}

/**
 * An element that shows a part of the room. It draws into the page itself, not
 * into a shadow tree: one style sheet, one focus order, one set of landmarks.
 */
export abstract class RoomElement extends LitElement {
  /** What to draw again for. */
  protected abstract readonly topics: readonly Topic[];
  private unsubscribe: (() => void) | undefined;

  protected get room(): Room {
    return room;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.unsubscribe = room.changes.on(this.topics, () => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    this.unsubscribe?.();
    super.disconnectedCallback();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }
}
