/** What fingers on a terminal mean. */
export interface TouchListener {
  /** Two fingers: how far apart they are, against where they began. */
  pinch(factor: number, begin: boolean): void;
  /** One finger moved up by so many pixels. */
  pan(pixels: number): void;
}

/** Tells pinches from pans. */
export class Touch {
  private readonly listener: TouchListener;
  private distance = 0;
  private lastY: number | undefined;

  constructor(listener: TouchListener) {
    this.listener = listener;
  }

  listen(element: HTMLElement): void {
    const onTouch = (event: TouchEvent) => this.onTouch(event);
    element.addEventListener('touchstart', onTouch, { passive: true });
    element.addEventListener('touchmove', onTouch, { passive: false });
    element.addEventListener('touchend', onTouch, { passive: true });
  }

  private onTouch(event: TouchEvent): void {
    const [first, second] = [event.touches[0], event.touches[1]];
    if (first && second) {
      this.lastY = undefined;
      const distance = Math.hypot(first.clientX - second.clientX, first.clientY - second.clientY);
      const begin = this.distance === 0;
      if (begin) this.distance = distance;
      if (event.cancelable) event.preventDefault();
      this.listener.pinch(distance / this.distance, begin);
      return;
    }
    this.distance = 0;
    if (!first) {
      this.lastY = undefined;
      return;
    }
    if (event.type === 'touchmove' && this.lastY !== undefined) {
      this.listener.pan(this.lastY - first.clientY);
    }
    this.lastY = first.clientY;
  }
}

/** For what stands beside the keys: a touch there must not close the phone's keyboard. */
export function keepKeyboard(event: PointerEvent): void {
  event.preventDefault();
}
