import type { SearchTimelineResponse_Match } from '../gen/atrium/v1/timeline_pb';

/** A piece of a snippet; what was looked for is marked. */
export interface Piece {
  text: string;
  marked: boolean;
}

/** A match's snippet in pieces. Its ranges count code points. */
export function piecesOf(match: SearchTimelineResponse_Match): Piece[] {
  const points = [...match.snippet];
  const pieces: Piece[] = [];
  let at = 0;
  const add = (end: number, marked: boolean) => {
    const text = points.slice(at, end).join('');
    if (text) pieces.push({ text, marked });
    at = Math.max(at, end);
  };
  for (const { start, end } of match.ranges) {
    add(start, false);
    add(end, true);
  }
  add(points.length, false);
  return pieces;
}
