// Seeded streams of terminal output: a grammar of text and escape sequences
// with raw bytes in between, chopped anywhere, with resizes.

/** A small seeded generator (mulberry32). */
export class Random {
  constructor(seed) {
    this.state = seed >>> 0;
  }
  next() {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let t = this.state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  below(limit) {
    return Math.floor(this.next() * limit);
  }
  between(low, high) {
    return low + this.below(high - low + 1);
  }
  pick(items) {
    return items[this.below(items.length)];
  }
  chance(probability) {
    return this.next() < probability;
  }
}

const WORDS = ['a', 'bc', 'hello', 'the quick brown fox', 'x'.repeat(30), ' ', '  ', '-=[]', 'q|~`', '#@\\'];
const WIDE = ['你好', '漢', 'コンニチハ', '한국', '🙂', '👍🏽', '👨‍👩‍👧‍👦', '🇩🇪', '🇩', '🇩🇪🇫', 'Ａ'];
const JOINING = ['e\u0301', 'a\u0308\u0323', '\u0301', '\u200d', '❤\ufe0f', '\ufe0f', 'नि', '\u0600a', 'ᄒ', 'ᅡ', 'ᆫ', '1\ufe0f\u20e3', '\u1160'];
const OTHER = ['é', 'ß', '─│┌', '…', '\u00ad', '\u200b', '\ufeff', '\u2028', '\u{10ffff}', '\u{1f3fb}'];
const MODES = [1, 2, 6, 7, 9, 12, 25, 45, 47, 66, 1000, 1002, 1003, 1004, 1005, 1006, 1015, 1016, 1047, 1048, 1049, 2004, 2026, 3, 5, 8, 67, 9999];
const SGR = [0, 1, 2, 3, 4, 5, 7, 8, 9, 21, 22, 23, 24, 25, 27, 28, 29, 39, 49, 53, 55, 59];
const CHARSETS = '0AB4C5RQKYE6ZH7=!<';

function number(random, scale) {
  const kind = random.below(20);
  if (kind < 5) return '';
  if (kind === 5) return '0';
  if (kind === 6) return String(random.pick([65535, 65536, 99999, 2147483647, 4294967296]));
  return String(random.between(1, scale));
}

/** Never a count the renderer would take seconds for. */
const count = (random, scale) => {
  const text = number(random, scale);
  return Number(text) > 1000 ? '999999' : text;
};

function sgr(random) {
  const parts = [];
  for (let i = random.between(0, 3); i >= 0; i--) {
    const kind = random.below(14);
    const byte = () => random.pick([0, 1, 7, 127, 255, 256, '']);
    if (kind < 5) parts.push(random.pick(SGR));
    else if (kind < 7) parts.push(random.pick([30, 40, 90, 100]) + random.below(8));
    else if (kind === 7) parts.push(`${random.pick([38, 48, 58])};5;${byte()}`);
    else if (kind === 8) parts.push(`${random.pick([38, 48, 58])};2;${byte()};${byte()};${byte()}`);
    else if (kind === 9) parts.push(`${random.pick([38, 48, 58])}:2::${byte()}:${byte()}:${byte()}`);
    else if (kind === 10) parts.push(`${random.pick([38, 48, 58])}:5:${byte()}`);
    else if (kind === 11) parts.push(`4:${random.pick(['', 0, 1, 2, 3, 4, 5, 6])}`);
    else if (kind === 12) parts.push(`${random.pick([38, 48, 58])}${random.pick([';', ':', ';5', ';2;1', ':2:1:2:3', ';5:3', ';2;1:2'])}`);
    else parts.push('');
  }
  return `\x1b[${parts.join(';')}m`;
}

function osc(random) {
  const end = random.pick(['\x07', '\x1b\\', '\x1b\\', '\x1b\\', '\u009c', '\x18', '\x1a', '\x1b']);
  const text = random.pick([
    '2;title', '0;both', '1;icon', '2;t\u00eft\u0142e', '8;;http://a.example/', '8;id=1;http://b.example/',
    '8;x=y:id=2;https://c.example/?a;b', '8;;', '8;', '8;bad;', '4;1;rgb:ff/00/aa', '4;1;?', '4;2;#123;3;#445566',
    '10;#fff', '11;?', '10;?;?;?', '12;rgb:1/2/3', '104', '104;1', '110', '111', '112', '133;A', '133;B', '133;C;cmdline_url=a', '133;D', '133;D;1;x=y',
    '7;file:///tmp', '52;c;aGk=', '52;c;?', '777;x', 'x', '', '8;;about:x',
  ]);
  return `\x1b]${text}${end}`;
}

function modes(random) {
  const list = [random.pick(MODES)];
  if (random.chance(0.2)) list.push(random.pick(MODES));
  return `\x1b[?${list.join(';')}${random.pick('hl')}`;
}

function control(random, size) {
  const { columns, rows } = size;
  switch (random.below(30)) {
    case 0: return '\r';
    case 1: case 2: return '\n';
    case 3: case 4: return '\r\n';
    case 5: return random.pick(['\b', '\b\b\b', '\t', '\t\t', '\x07', '\0', '\v', '\f', '\x7f']);
    case 6: return random.pick(['\x0e', '\x0f', '\x1bn', '\x1bo', '\x1b|', '\x1b}', '\x1b~', '\x1b%G', '\x1b%@']);
    case 7: return `\x1b${random.pick('()*+-./')}${random.pick(CHARSETS)}`;
    case 8: return random.pick(['\x1b7', '\x1b8', '\x1b[s', '\x1b[u', '\x1b8']);
    case 9: return random.pick(['\x1bD', '\x1bE', '\x1bM', '\x1bM', '\x1bH', '\x1b=', '\x1b>', '\u0084', '\u0085', '\u0088']);
    case 10: return random.pick(['\x1b#8', '\x1bc', '\x1b[!p', '\x1b\\', '\x1bZ', '\x1b(', '\x1b[4h', '\x1b[4l', '\x1b[4l', '\x1b[20h', '\x1b[20l']);
    case 11: case 12: return `\x1b[${count(random, Math.max(columns, rows))}${random.pick('ABCDEFGIZ`ade')}`;
    case 13: case 14: return `\x1b[${number(random, rows)};${number(random, columns + 1)}${random.pick('Hf')}`;
    case 15: return `\x1b[${random.pick(['', '?'])}${random.pick(['', 0, 1, 2, 3, 4])}J`;
    case 16: return `\x1b[${random.pick(['', '?'])}${random.pick(['', 0, 1, 2, 3])}K`;
    case 17: return `\x1b[${count(random, 4)}${random.pick('LMSTLM')}`;
    case 18: case 19: return `\x1b[${count(random, 5)}${random.pick('@PX')}`;
    case 20: return `\x1b[${count(random, 3)}${random.pick([' @', ' A', "'}", "'~"])}`;
    case 21: return `\x1b[${count(random, 8)}b`;
    case 22: return `\x1b[${number(random, rows)};${number(random, rows)}r`;
    case 23: return random.pick([`\x1b[${number(random, 3)}g`, '\x1bH', '\x1b[3g']);
    case 24: return `\x1b[${random.pick(['', 0, 1, 2])}"q`;
    case 25: return `\x1b[${random.pick(['', 0, 1, 2, 3, 4, 5, 6, 7, 8])} q`;
    case 26: case 27: return modes(random);
    case 28: return osc(random);
    default: return odd(random);
  }
}

/** Sequences that lead the parser off the usual path. */
function odd(random) {
  switch (random.below(9)) {
    case 0: return `\x1b[${Array.from({ length: 40 }, (_, i) => i).join(';')}m`;
    case 1: return `\x1b[${Array.from({ length: 40 }, (_, i) => i).join(':')}m`;
    case 2: return '\x1b[1?2h';
    case 3: return `\x1bP${random.pick(['$qm', '1;2|abc', 'q#1', '+q544e', '1?x', '$$$q'])}${random.pick(['\x1b\\', '\x18', '\u009c'])}`;
    case 4: return `${random.pick(['\x1b_', '\x1b^', '\x1bX', '\u0098', '\u009e'])}payload\u4e00${random.pick(['\x1b\\', '\u009c'])}`;
    case 5: return random.pick(['\x1b[c', '\x1b[>c', '\x1b[6n', '\x1b[?6n', '\x1b[?7$p', '\x1b[4$p', '\x1b[18t', '\x1b[21t', '\x1b[1;1;1;1;5;5*y']);
    case 6: return `\x1b[3\n1${random.pick('mHC')}`;
    case 7: return random.pick(['\x1b[!!!!!p', '\x1b[ 1q', '\x1b[>0;1m', '\x1b[?1;2m', '\x1b(((B', '\x9b', '\u009b1m', '\u0090q', '\u009d2;t\x07']);
    default: return Buffer.from(Array.from({ length: random.between(1, 4) }, () => random.below(256)));
  }
}

function text(random) {
  const kind = random.below(10);
  if (kind < 5) return random.pick(WORDS);
  if (kind < 7) return random.pick(WIDE);
  if (kind < 9) return random.pick(JOINING);
  return random.pick(OTHER);
}

/** One case: a size, and operations that write bytes or resize. */
export function randomCase(seed) {
  const random = new Random(seed);
  const size = { columns: random.between(2, random.pick([4, 12, 40])), rows: random.between(1, random.pick([2, 5, 12])) };
  const made = { ...size, scrollback: random.pick([0, 2, 10, 50]), ops: [] };
  // What a case is about: all of it, or less of what makes rows messy.
  const plain = random.chance(0.3);
  const resizes = random.chance(0.5);
  const length = random.between(5, 60);
  for (let i = 0; i < length; i++) {
    const pieces = [];
    for (let k = random.between(1, 4); k > 0; k--) {
      const kind = random.below(10);
      if (plain) pieces.push(kind < 7 ? random.pick(WORDS) : random.pick(['\r\n', '\n', sgr(random), random.pick(WIDE)]));
      else pieces.push(kind < 4 ? text(random) : kind < 5 ? sgr(random) : control(random, size));
    }
    let bytes = Buffer.concat(pieces.map((piece) => Buffer.from(piece)));
    while (bytes.length > 1 && random.chance(0.3)) {
      const at = random.between(1, bytes.length - 1);
      made.ops.push({ bytes: bytes.subarray(0, at) });
      bytes = bytes.subarray(at);
    }
    made.ops.push({ bytes });
    if (resizes && random.chance(0.06)) {
      size.columns = random.between(2, 45);
      size.rows = random.between(1, 14);
      made.ops.push({ ...size });
    }
  }
  for (const op of made.ops) op.split = random.chance(0.15);
  return made;
}
