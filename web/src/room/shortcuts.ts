import type { Settings } from './settings';

/** Every act that can have a shortcut, with its usual chords. */
export const USUAL_CHORDS = {
  palette: ['F1', 'Mod+K'],
  'tab.open': ['Alt+Shift+T'],
  'tab.close': ['Alt+Shift+W'],
  'tab.rename': ['Alt+Shift+R'],
  'tab.menu': [],
  'tab.left': ['Alt+Shift+PageUp'],
  'tab.right': ['Alt+Shift+PageDown'],
  'tab.keep': [],
  'tab.next': ['Alt+PageDown'],
  'tab.previous': ['Alt+PageUp'],
  'tab.1': ['Alt+1'],
  'tab.2': ['Alt+2'],
  'tab.3': ['Alt+3'],
  'tab.4': ['Alt+4'],
  'tab.5': ['Alt+5'],
  'tab.6': ['Alt+6'],
  'tab.7': ['Alt+7'],
  'tab.8': ['Alt+8'],
  'tab.9': ['Alt+9'],
  'terminal.focus': ['Alt+Shift+X'],
  'terminal.control': ['Alt+Shift+C'],
  'drive.ask': ['Alt+Shift+K'],
  'drive.release': ['Alt+Shift+L'],
  'drive.give': ['Alt+Shift+Y'],
  'drive.decline': ['Alt+Shift+J'],
  'terminal.size': [],
  'terminal.scroll': ['Alt+Shift+S'],
  'command.previous': ['Alt+Shift+ArrowUp'],
  'command.next': ['Alt+Shift+ArrowDown'],
  'command.copy': ['Alt+Shift+O'],
  'command.again': ['Alt+Shift+E'],
  'terminal.predict': [],
  'terminal.find': ['Ctrl+Shift+F'],
  'terminal.copy': ['Ctrl+Shift+C'],
  'text.larger': ['Alt+Shift+='],
  'text.smaller': ['Alt+Shift+-'],
  'text.usual': [],
  'chat.focus': ['Alt+Shift+M'],
  'chat.attach': [],
  'people.focus': ['Alt+Shift+P'],
  'timeline.find': ['Alt+Shift+F'],
  'timeline.export': [],
  'approval.focus': ['Alt+Shift+G'],
  'call.toggle': ['Alt+Shift+A'],
  'call.mute': ['Alt+Shift+U'],
  'call.deafen': ['Alt+Shift+D'],
  'call.talk': ['F8'],
  'call.device': [],
  'capture.toggle': ['Alt+Shift+H'],
  'capture.stage': ['Alt+Shift+V'],
  'capture.hide': [],
  'capture.agent': [],
  'capture.display': [],
  'agent.interrupt': ['Alt+Shift+I'],
  'agent.settings': [],
  'agent.start': [],
  'captions.large': ['Alt+Shift+B'],
  'session.settings': [],
  notify: [],
  invite: ['Alt+Shift+N'],
  theme: [],
  'screen-reader': [],
  shortcuts: [],
  'link.retry': [],
} as const satisfies Record<string, readonly string[]>;

/** The name of an act. */
export type ActionId = keyof typeof USUAL_CHORDS;

const IS_MAC = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform ?? '');

/** The chords of an act in this browser. */
export function chordsOf(action: ActionId, settings: Pick<Settings, 'shortcuts'>): string[] {
  const own = settings.shortcuts[action];
  if (own !== undefined) return own ? [own] : [];
  const modifier = IS_MAC ? 'Meta' : 'Ctrl';
  return USUAL_CHORDS[action].map((chord) => chord.replace('Mod', modifier));
}

/** The chord that a key event makes, for example "Alt+Shift+T". */
export function chordOf(event: KeyboardEvent): string {
  const parts = [
    event.ctrlKey && 'Ctrl',
    event.metaKey && 'Meta',
    event.altKey && 'Alt',
    event.shiftKey && 'Shift',
    keyName(event),
  ];
  return parts.filter(Boolean).join('+');
}

/** The act that a key asks for. In a terminal Ctrl + letter is the shell's. */
export function shortcutOf(
  event: KeyboardEvent,
  settings: Pick<Settings, 'shortcuts'>,
  inTerminal: boolean,
): ActionId | undefined {
  const chord = chordOf(event);
  if (inTerminal && /^Ctrl\+.$/.test(chord)) return undefined;
  const actions = Object.keys(USUAL_CHORDS) as ActionId[];
  return actions.find((action) => chordsOf(action, settings).includes(chord));
}

/** How a chord is shown to people. */
export function showChord(chord: string): string {
  const shown = chord
    .replace('PageDown', 'PgDn')
    .replace('PageUp', 'PgUp')
    .replace('ArrowUp', '↑')
    .replace('ArrowDown', '↓');
  if (!IS_MAC) return shown;
  return shown
    .replace('Meta+', '⌘')
    .replace('Ctrl+', '⌃')
    .replace('Alt+', '⌥')
    .replace('Shift+', '⇧');
}

function keyName(event: KeyboardEvent): string {
  const { code } = event;
  if (/^Key[A-Z]$/.test(code)) return code.slice(3);
  if (/^Digit\d$/.test(code)) return code.slice(5);
  if (code === 'Equal') return '=';
  if (code === 'Minus') return '-';
  return event.key.length === 1 ? event.key.toUpperCase() : event.key;
}
