import { UnicodeGraphemesAddon } from '@xterm/addon-unicode-graphemes';
import type { Terminal } from '@xterm/xterm';
import { addHooks } from './hooks';
import { boundCells, UNICODE_RULES } from './renderer';

/**
 * Sets a terminal that was made with RENDERER_OPTIONS up to be the equal of the
 * server's screen. Returns whether what it emits right now is an answer of its
 * own, and must not be sent.
 */
export function setUpRenderer(terminal: Terminal): () => boolean {
  terminal.loadAddon(new UnicodeGraphemesAddon());
  terminal.unicode.activeVersion = UNICODE_RULES;
  boundCells(terminal);
  return addHooks(terminal);
}
