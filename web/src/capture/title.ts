const SURFACES: Record<string, string> = { monitor: 'Screen', window: 'Window', browser: 'Tab' };
const MAX_TITLE = 80;
/** What a browser calls a source for itself: "screen:0:0", "web-contents-media-stream://3:1". */
const INTERNAL = /^[\w-]+:(\/\/)?-?\d|^\{?[0-9a-f-]{16,}\}?$|^[\d:.-]*$/i;

/** What a picked screen is, for people: "Screen", "Window: budget.ods". */
export function titleOf(track: MediaStreamTrack): string {
  const surface = SURFACES[track.getSettings?.().displaySurface ?? ''] ?? surfaceIn(track.label);
  const label = track.label.trim();
  if (INTERNAL.test(label) || label.toLowerCase() === surface.toLowerCase()) return surface;
  return [...`${surface}: ${label}`].slice(0, MAX_TITLE).join('');
}

function surfaceIn(label: string): string {
  if (/^window:/i.test(label)) return 'Window';
  return /^(web-contents|tab:)/i.test(label) ? 'Tab' : 'Screen';
}

/** The same within a sentence: "screen", "window: budget.ods". */
export function kindAndTitle(title: string): string {
  const [, kind, what] = /^(screen|window|tab)(: .*)?$/i.exec(title) ?? [
    '',
    'screen',
    `: ${title}`,
  ];
  return `${kind!.toLowerCase()}${title ? (what ?? '') : ''}`;
}

/** "The machine's display" within a sentence; names keep their case. */
export function withinSentence(whose: string): string {
  return whose.startsWith('The ') ? `t${whose.slice(1)}` : whose;
}
