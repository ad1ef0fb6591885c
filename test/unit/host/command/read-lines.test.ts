import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { readLines } from '../../../../src/host/command/read-lines.ts';

test('lines come whole, however the stream is cut; one that is too long comes cut, and the next one whole', async () => {
  const stream = new PassThrough();
  const lines: (readonly [string, boolean])[] = [];
  readLines(stream, 5, (line, cut) => lines.push([line, cut]));
  for (const piece of ['a', 'b\nc', '\n\n12345\n123', '4567', '89\nnext\nnot ended']) stream.write(piece);
  stream.end();
  await new Promise((resolve) => stream.on('end', resolve));
  expect(lines).toEqual([
    ['ab', false],
    ['c', false],
    ['', false],
    ['12345', false],
    ['12345', true],
    ['next', false],
  ]);
});
