import { html, type SVGTemplateResult, svg, type TemplateResult } from 'lit';

/** Strokes on a 20 x 20 grid, 1.6 wide, round ends. */
const STROKES: Record<string, SVGTemplateResult> = {
  plus: svg`<path d="M10 4.5v11M4.5 10h11"/>`,
  close: svg`<path d="m5.5 5.5 9 9m0-9-9 9"/>`,
  check: svg`<path d="m4.5 10.5 3.5 3.5 7.5-8"/>`,
  search: svg`<circle cx="9" cy="9" r="4.75"/><path d="m12.5 12.5 3.5 3.5"/>`,
  down: svg`<path d="m5 8 5 5 5-5"/>`,
  gear: svg`<path d="M4 6h6m4 0h2M4 14h2m4 0h6"/><circle cx="12" cy="6" r="2"/><circle cx="8" cy="14" r="2"/>`,
  keyboard: svg`<rect x="2.5" y="5.5" width="15" height="9" rx="2"/><path d="M5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M7 11.5h6"/>`,
  mic: svg`<rect x="7.5" y="2.75" width="5" height="9" rx="2.5"/><path d="M4.5 9.5a5.5 5.5 0 0 0 11 0M10 15v2.5"/>`,
  micOff: svg`<path d="M12.5 8.5V5.25a2.5 2.5 0 0 0-4.8-.95M7.5 8v1.25a2.5 2.5 0 0 0 3.6 2.25M4.5 9.5a5.5 5.5 0 0 0 8.6 4.5M15.3 11.2c.13-.54.2-1.1.2-1.7M10 15v2.5M3.5 3.5l13 13"/>`,
  speaker: svg`<path d="M3.5 8v4h2.75L10 15.25V4.75L6.25 8zM13 7.5a3.5 3.5 0 0 1 0 5M15 5a7 7 0 0 1 0 10"/>`,
  speakerOff: svg`<path d="M3.5 8v4h2.75L10 15.25V4.75L6.25 8zM13 8l4 4m0-4-4 4"/>`,
  phone: svg`<path d="M4.2 3.5h2.6l1.4 3.6-1.7 1.3a10 10 0 0 0 5.1 5.1l1.3-1.7 3.6 1.4v2.6c0 .7-.6 1.2-1.3 1.2C8.7 17 3 11.3 3 4.8c0-.7.5-1.3 1.2-1.3z"/>`,
  phoneOff: svg`<path d="M2.8 12.2v-1.3c0-1.3 3-3.2 7.2-3.2s7.2 1.9 7.2 3.2v1.3c0 .6-.5 1-1.1.9l-2.7-.5c-.5-.1-.8-.5-.8-.9v-1.3c-1.7-.5-3.5-.5-5.2 0v1.3c0 .4-.3.8-.8.9l-2.7.5c-.6.1-1.1-.3-1.1-.9z"/>`,
  send: svg`<path d="M16.5 3.5 3.5 8.7l5.2 2.6 2.6 5.2zM8.7 11.3l3.8-3.8"/>`,
  spinner: svg`<path d="M10 3.5a6.5 6.5 0 1 1-6.5 6.5"/>`,
  terminal: svg`<rect x="2.5" y="4" width="15" height="12" rx="2"/><path d="m5.5 8 2.5 2-2.5 2M10 12.5h4"/>`,
  people: svg`<circle cx="7.5" cy="7" r="2.750"/><path d="M2.5 16c0-2.8 2.2-4.5 5-4.5s5 1.7 5 4.5M13 4.5a2.750 2.750 0 0 1 0 5M14.5 11.8c1.9.5 3 2 3 4.2"/>`,
  timeline: svg`<path d="M4 4.5h12M4 8.2h8M4 11.8h12M4 15.5h6"/>`,
  invite: svg`<circle cx="8" cy="7" r="2.750"/><path d="M3 16c0-2.8 2.2-4.5 5-4.5 1.3 0 2.5.4 3.4 1.1M15 11.5v5M12.5 14h5"/>`,
  agent: svg`<path d="M10 2.8 16.2 6.4v7.2L10 17.2l-6.2-3.6V6.4z"/><path d="M7.5 9v2M12.5 9v2"/>`,
  bell: svg`<path d="M5 14h10l-1.3-1.8V8.5a3.7 3.7 0 0 0-7.4 0v3.7zM8.5 16.5h3"/>`,
  warn: svg`<path d="M10 3.5 17.2 16H2.8zM10 8v3.5M10 13.8h.01"/>`,
  lock: svg`<rect x="4.5" y="9" width="11" height="7.5" rx="2"/><path d="M7 9V6.5a3 3 0 0 1 6 0V9"/>`,
  screen: svg`<rect x="2.5" y="3.500" width="15" height="10" rx="1.500"/><path d="M7 16.500h6M10 10.800V6.500M7.800 8.500 10 6.300l2.200 2.200"/>`,
  device: svg`<rect x="3" y="4" width="14" height="9.5" rx="1.5"/><path d="M7 16.5h6M10 13.5v3"/>`,
  wheel: svg`<circle cx="10" cy="10" r="6.750"/><circle cx="10" cy="10" r="1.750"/><path d="M3.400 9.200 8.250 9.800M16.600 9.200l-4.850.600M10 11.750v5"/>`,
  give: svg`<path d="M3.500 10h11M10.500 6l4 4-4 4"/>`,
  clock: svg`<circle cx="10" cy="10" r="6.500"/><path d="M10 6.500V10l2.500 1.700"/>`,
};

/** More of them, for what comes after first paint. */
export function addStrokes(more: typeof STROKES): void {
  Object.assign(STROKES, more);
}

/** One icon, for the eye only: the control that holds it has the name. */
export function icon(name: keyof typeof STROKES | string): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false">${STROKES[name]}</svg>`;
}
