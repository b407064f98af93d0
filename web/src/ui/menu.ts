const EDGE_PX = 8;
const GAP_PX = 4;

/** Moves the focus through a menu; false if the key is none of a menu's. */
export function stepMenu(menu: HTMLElement, key: string, each = '.menu__item'): boolean {
  const items = [...menu.querySelectorAll<HTMLElement>(each)];
  const at = items.indexOf(document.activeElement as HTMLElement);
  if (key === 'ArrowDown') items[(at + 1) % items.length]?.focus();
  else if (key === 'ArrowUp') items[(at - 1 + items.length) % items.length]?.focus();
  else if (key === 'Home') items[0]?.focus();
  else if (key === 'End') items.at(-1)?.focus();
  else return false;
  return true;
}

/** Puts a fixed menu below what opened it, or above where there is no room. */
export function placeMenu(menu: HTMLElement, opener: HTMLElement): void {
  const { right, top, bottom } = opener.getBoundingClientRect();
  const { offsetWidth, offsetHeight } = menu;
  const isRoomBelow = bottom + GAP_PX + offsetHeight <= innerHeight - EDGE_PX;
  const y = isRoomBelow ? bottom + GAP_PX : top - GAP_PX - offsetHeight;
  menu.style.left = `${Math.max(EDGE_PX, Math.min(right - offsetWidth, innerWidth - offsetWidth - EDGE_PX))}px`;
  menu.style.top = `${Math.max(EDGE_PX, y)}px`;
}
