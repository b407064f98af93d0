// R31: the checks of histories find what they are for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedOrder, wrongOf } from './history.mjs';

// Three writers, two lines each; everybody's first was confirmed before any second was sent.
const ops = () => [0, 1].flatMap((line) => [0, 1, 2].map((writer) => ({ text: `<${writer}:${line}:é€𝄞你>`, writer, sent: line * 10 + writer, confirmed: line * 10 + 5 })));
const lines = () => ops().map((op) => op.text);

test('R31: a history in which nothing is wrong passes, however lines that were under way together are ordered', () => {
  assert.equal(wrongOf(ops(), lines()), '');
  const [a, b, c, ...second] = lines();
  assert.equal(wrongOf(ops(), [c, a, b, ...second.toReversed()]), '');
});

test('R31: a torn character, a torn, lost or doubled line, a writer\'s own disorder and one against the clock are found', () => {
  const [a, b, c, d, e, f] = lines();
  const torn = Buffer.concat([Buffer.from(a).subarray(0, 8), Buffer.from(b), Buffer.from(a).subarray(8)]).toString();
  assert.match(wrongOf(ops(), [torn, c, d, e, f]), /written by nobody/);
  assert.match(wrongOf(ops(), [a.slice(0, 4) + b, a.slice(4), c, d, e, f]), /written by nobody/);
  assert.match(wrongOf(ops(), [a, b, c, d, f]), /it was lost: <1:1/);
  assert.match(wrongOf(ops(), [a, b, c, b, d, e, f]), /twice: <1:0/);
  assert.match(wrongOf(ops(), [d, b, c, a, e, f]), /<0:1.* came before what its writer/);
  assert.match(wrongOf(ops(), [a, b, d, c, e, f]), /<2:0.* was confirmed before <0:1.* was sent/);
});

test('R31: a reader that got other bytes than the rest, fewer, or a gap is found', () => {
  const order = new SharedOrder();
  assert.equal(order.at(0, Buffer.from('one\r\ntwo\r\n')), -1);
  assert.equal(order.at(0, Buffer.from('one\r\n')), -1);
  assert.equal(order.at(5, Buffer.from('two\r\nthree\r\n')), -1);
  assert.equal(order.at(0, Buffer.from('two\r\n')), 0);
  assert.equal(order.at(10, Buffer.from('thrEe\r\n')), 13);
  assert.equal(order.at(20, Buffer.from('x')), 17);
  assert.deepEqual(order.lines(), ['one', 'two', 'three']);
});
