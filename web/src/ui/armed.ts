/**
 * Keys decide on a card only where somebody went to it by keys and has typed nothing
 * else there: whoever clicked it and types on means a terminal. The card shows its
 * keys while it has `data-armed`.
 */
const ARMED = 'armed';
const HARMLESS = new Set(['Enter', 'Escape', 'Tab', 'Shift', 'Control', 'Alt', 'Meta', 'AltGraph']);

/** A pointer is down, and what gets the focus now gets it by that. */
let pointing = false;

export function onCardPointer({ currentTarget }: Event): void {
  pointing = true;
  const end = () => {
    pointing = false;
  };
  for (const one of ['pointerup', 'pointercancel'])
    document.addEventListener(one, end, { once: true, capture: true });
  disarm(currentTarget);
}

export function onCardFocus({ currentTarget, target }: Event): void {
  if (!pointing && target === currentTarget && currentTarget instanceof HTMLElement)
    currentTarget.dataset[ARMED] = '';
}

export function onCardBlur({ currentTarget }: Event): void {
  disarm(currentTarget);
}

/** What a key decides: true approves, false denies, undefined is no decision. */
export function decisionOf(event: KeyboardEvent): boolean | undefined {
  const { currentTarget: card, target, key } = event;
  if (!(card instanceof HTMLElement) || target !== card) return undefined;
  if (!HARMLESS.has(key)) disarm(card);
  const chord = event.ctrlKey || event.altKey || event.metaKey || event.shiftKey;
  if (!(ARMED in card.dataset) || event.repeat || chord) return undefined;
  if (key === 'Enter') return true;
  return key === 'Escape' ? false : undefined;
}

function disarm(card: EventTarget | null): void {
  if (card instanceof HTMLElement) delete card.dataset[ARMED];
}
