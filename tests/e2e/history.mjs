// Checks what many wrote at once and many saw: one order for all, nothing torn, lost or
// doubled, and an order that agrees with the clock. Pure; history.test.mjs shows that
// each check finds what it is for.

// What one reader got, held against what the others got: `at(offset, bytes)` is the
// first offset at which it differs, -1 if none. The first to get a byte says what it is.
export class SharedOrder {
  constructor() {
    this.bytes = Buffer.alloc(1 << 16);
    this.end = 0;
  }
  at(offset, bytes) {
    if (offset > this.end) return this.end;
    const known = Math.min(this.end - offset, bytes.length);
    for (let i = 0; i < known; i += 1) if (this.bytes[offset + i] !== bytes[i]) return offset + i;
    const end = offset + bytes.length;
    if (end > this.bytes.length) this.bytes = Buffer.concat([this.bytes], Math.max(end, 2 * this.bytes.length));
    if (end > this.end) {
      bytes.copy(this.bytes, this.end, known);
      this.end = end;
    }
    return -1;
  }
  lines() {
    return this.bytes.subarray(0, this.end).toString().split('\r\n').slice(0, -1);
  }
}

// `ops`: {text, writer, sent, confirmed}, in each writer's own order; times are of one
// clock. `lines`: what the terminal has, one a line. Answers what is wrong, '' if nothing.
export function wrongOf(ops, lines) {
  const byText = new Map(ops.map((op) => [op.text, op]));
  const seen = new Set(), order = [];
  for (const [i, line] of lines.entries()) {
    const op = byText.get(line);
    if (!op) return `line ${i} was written by nobody: ${JSON.stringify(line)}`;
    if (seen.has(op)) return `line ${i} is there twice: ${line}`;
    seen.add(op);
    order.push(op);
  }
  const missing = ops.find((op) => !seen.has(op));
  if (missing) return `it was lost: ${missing.text}`;
  return disorderOf(ops, order);
}

// Each writer's in its own order; and whatever was confirmed before something else was
// sent stands before it, so that there is one order in which each took effect between
// its two times.
function disorderOf(ops, order) {
  const expected = new Map(ops.map((op) => [op.writer, []])), next = new Map();
  for (const op of ops) expected.get(op.writer).push(op);
  for (const op of order) {
    const at = next.get(op.writer) ?? 0;
    if (expected.get(op.writer)[at] !== op) return `${op.text} came before what its writer wrote before`;
    next.set(op.writer, at + 1);
  }
  let earliest = Infinity, its;
  for (const op of order.toReversed()) {
    if (earliest < op.sent) return `${its.text} was confirmed before ${op.text} was sent, and stands behind it`;
    if (op.confirmed < earliest) [earliest, its] = [op.confirmed, op];
  }
  return '';
}
