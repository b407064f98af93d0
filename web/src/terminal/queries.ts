import type { IDisposable, IFunctionIdentifier, IParser } from '@xterm/xterm';

/** Control sequences that ask the terminal something. */
const ASKING_CSI: readonly IFunctionIdentifier[] = [
  { final: 'c' }, // DA1
  { prefix: '>', final: 'c' }, // DA2
  { prefix: '=', final: 'c' }, // DA3
  { final: 'n' }, // DSR
  { prefix: '?', final: 'n' }, // DSR, private
  { intermediates: '$', final: 'p' }, // DECRQM, ANSI
  { prefix: '?', intermediates: '$', final: 'p' }, // DECRQM, private
  { prefix: '>', final: 'q' }, // XTVERSION
  { final: 't' }, // XTWINOPS
  { final: 'x' }, // DECREQTPARM
  { prefix: '?', final: 'u' }, // keyboard protocol
];

/** Device control strings that ask. */
const ASKING_DCS: readonly IFunctionIdentifier[] = [
  { intermediates: '$', final: 'q' }, // DECRQSS
  { intermediates: '+', final: 'q' }, // XTGETTCAP
];

/** Colours that a program can set, or ask for with `?`. */
const COLOUR_OSC: readonly number[] = [4, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19];

/**
 * Keeps the page from answering: the server does, once for all viewers. A page
 * that answered too would type into the shell.
 */
export function swallowQueries(parser: IParser): IDisposable[] {
  return [
    ...ASKING_CSI.map((id) => parser.registerCsiHandler(id, () => true)),
    ...ASKING_DCS.map((id) => parser.registerDcsHandler(id, () => true)),
    ...COLOUR_OSC.map((code) => parser.registerOscHandler(code, asksForColour)),
  ];
}

function asksForColour(text: string): boolean {
  return text.split(';').includes('?');
}
