import type { TimelineEntry } from '../gen/atrium/v1/timeline_pb';

/** Entries that a page keeps; older ones are read back on demand. */
export const MAX_KEPT_ENTRIES = 2000;

/** When an entry began, in milliseconds since 1970. */
export function entryTime(entry: TimelineEntry): number {
  const time = entry.createTime;
  return time ? Number(time.seconds) * 1000 + time.nanos / 1e6 : 0;
}

/** The entries with this one in it: in its old place, or in the order of time. */
export function upsertEntry(
  entries: readonly TimelineEntry[],
  entry: TimelineEntry,
): TimelineEntry[] {
  const all = [...entries];
  const at = all.findLastIndex((other) => other.name === entry.name);
  if (at >= 0) {
    all[at] = entry;
    return all;
  }
  const before = all.findLastIndex((other) => entryTime(other) <= entryTime(entry));
  all.splice(before + 1, 0, entry);
  return all.slice(-MAX_KEPT_ENTRIES);
}

/**
 * What is known after a snapshot: its entries, preceded by the older ones that
 * were already there if the two lists meet. Without an entry in common there may
 * be a hole between them, and the older ones are let go.
 */
export function mergeEntries(
  known: readonly TimelineEntry[],
  fresh: readonly TimelineEntry[],
): TimelineEntry[] {
  const first = fresh[0];
  if (!first) return [];
  const meet = known.findIndex((entry) => entry.name === first.name);
  return meet < 0 ? [...fresh] : [...known.slice(0, meet), ...fresh];
}
