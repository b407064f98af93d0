/** Where the panels stand side by side; below it is a phone, or a window like one. */
export const WIDE = '(width >= 900px)';

export const isWide = (): boolean => matchMedia(WIDE).matches;
