/** What a label is made of. */
export interface Labelled {
  name: string;
  title: string;
  /** People chose the title: it is shown as it is unless another has the same. */
  pinned: boolean;
  directory: string;
}

/** What shells call themselves: "ann@host: ~/shop". */
const PROMPT_TITLE = /^[^\s@:]+@[^\s:]+: ?(\S.*)$/;
const SHELLS = new Set(['', 'shell', 'bash', 'dash', 'fish', 'ksh', 'sh', 'zsh']);

/**
 * What the bar shows for each tab, by name. A title that says nothing gives way to
 * the working directory; titles that are the same are told apart by the directory,
 * or by the place in the bar, which is what Alt and a digit choose.
 */
export function tabLabels(bar: readonly Labelled[]): Map<string, string> {
  const plain = bar.map((one) => plainLabel(one));
  return new Map(bar.map((one, index) => [one.name, distinct(bar, plain, index)]));
}

function plainLabel({ title, pinned, directory }: Labelled): string {
  if (pinned && title) return title;
  const shown = PROMPT_TITLE.exec(title)?.[1];
  if (shown) return lastPart(shown);
  return SHELLS.has(title) ? lastPart(directory) || 'shell' : title;
}

function distinct(bar: readonly Labelled[], plain: readonly string[], index: number): string {
  const label = plain[index]!;
  const alike = bar.filter((_, other) => plain[other] === label);
  if (alike.length === 1) return label;
  const directories = new Set(alike.map((one) => lastPart(one.directory)));
  const own = lastPart(bar[index]!.directory);
  const telling = directories.size === alike.length && own !== '' && own !== label;
  return `${telling ? own : index + 1} · ${label}`;
}

function lastPart(path: string): string {
  const trimmed = path.trim().replace(/\/+$/, '');
  if (trimmed === '') return path.trim() === '' ? '' : '/';
  return trimmed.slice(trimmed.lastIndexOf('/') + 1);
}
