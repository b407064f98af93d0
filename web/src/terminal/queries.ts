import type { IFunctionIdentifier, IParser } from '@xterm/xterm';

/** Control sequences that do nothing but ask the terminal something. */
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

/** Colours that a program can set, or ask for with `?`, in one sequence. */
const COLOUR_OSC: readonly number[] = [4, 10, 11, 12];

/**
 * Keeps the page from answering: the server does, once for all viewers. A page
 * that answered too would type into the shell.
 *
 * Some sequences must take effect and are answered besides: colours, and the mode
 * that reports the focus, which the renderer reports at once. While such a one is
 * drawn the function that is returned says true. Drawing takes no turn of the
 * event loop, so that nothing that a person does falls into that time.
 */
export function swallowQueries(parser: IParser): () => boolean {
  let answering = false;
  const mute = () => {
    answering = true;
    queueMicrotask(() => {
      answering = false;
    });
    return false;
  };
  for (const id of ASKING_CSI) parser.registerCsiHandler(id, () => true);
  for (const id of ASKING_DCS) parser.registerDcsHandler(id, () => true);
  for (const code of COLOUR_OSC) parser.registerOscHandler(code, mute);
  parser.registerCsiHandler({ prefix: '?', final: 'h' }, mute);
  return () => answering;
}
