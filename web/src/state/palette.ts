/** How well a query fits a title: bigger is better, 0 is not at all. */
export function fit(query: string, title: string): number {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const text = title.toLowerCase();
  let score = 1;
  for (const word of words) {
    const at = text.indexOf(word);
    if (at < 0) return 0;
    score += at === 0 ? 3 : text[at - 1] === ' ' ? 2 : 1;
  }
  return score;
}

/** The titles that fit, best first, else in their own order. */
export function best<T extends { title: string }>(query: string, all: readonly T[]): T[] {
  return all
    .map((one, index) => ({ one, index, score: fit(query, one.title) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.index - b.index)
    .map(({ one }) => one);
}
