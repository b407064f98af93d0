/** How well a query fits a title: bigger is better, 0 is not at all. */
export function score(query: string, title: string): number {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const text = title.toLowerCase();
  let sum = 1;
  for (const word of words) {
    const at = text.indexOf(word);
    if (at < 0) return 0;
    sum += at === 0 ? 3 : text[at - 1] === ' ' ? 2 : 1;
  }
  return sum;
}

/** The titles that fit, best first, else in their own order. */
export function best<T extends { title: string }>(query: string, all: readonly T[]): T[] {
  return all
    .map((one, index) => ({ one, index, value: score(query, one.title) }))
    .filter(({ value }) => value > 0)
    .sort((a, b) => b.value - a.value || a.index - b.index)
    .map(({ one }) => one);
}
