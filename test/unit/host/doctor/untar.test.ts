import { describe, expect, test } from 'vitest';
import { gunzipSync } from 'node:zlib';
import { tarGz, type PackedFile } from '../../../../src/host/doctor/tar.ts';
import { fileInTar } from '../../../../src/host/doctor/untar.ts';

const packed = (...files: readonly (readonly [name: string, text: string])[]): Buffer =>
  gunzipSync(
    tarGz(
      files.map(([name, text]): PackedFile => ({ name, text, encoding: 'utf8' })),
      1,
    ),
  );

/** An archive of one file, its header changed and its sum right. */
function forged(change: (header: Buffer) => void): Buffer {
  const archive = packed(['d/facts.json', 'secret']);
  const header = archive.subarray(0, 512);
  change(header);
  header.fill(' ', 148, 156);
  const sum = header.reduce((all, byte) => all + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return archive;
}
const kind = (letter: string) => (header: Buffer) => void header.write(letter, 156, 'latin1');

test('a file is found by its whole name, to the byte', () => {
  const text = 'é'.repeat(700);
  const archive = packed(
    ['d/README.txt', 'x'],
    ['d/facts.json', text],
    ['d/facts.json.2', 'y'],
    ['facts.json', 'z'],
  );
  expect(fileInTar(archive, 'd/facts.json')).toEqual({ found: Buffer.from(text) });
  expect(fileInTar(archive, 'd/other')).toEqual({ found: undefined });
});

test('a name that leads elsewhere is no other name', () => {
  for (const name of ['../d/facts.json', '/d/facts.json', 'x/../d/facts.json', 'd//facts.json'])
    expect(fileInTar(packed([name, 'x']), 'd/facts.json')).toEqual({ found: undefined });
});

describe('refused', () => {
  const WHOLE = packed(['d/facts.json', 'x'.repeat(2000)]);
  test.each<readonly [name: string, archive: Buffer, why: RegExp]>([
    ['nothing', Buffer.alloc(0), /cut off/],
    ['no end', WHOLE.subarray(0, 512 + 2048), /cut off/],
    ['half a file', WHOLE.subarray(0, 1024), /cut off/],
    ['text', Buffer.from('hello '.repeat(200)), /no archive of tar/],
    ['a wrong sum', Buffer.from(WHOLE).fill('y', 0, 1), /damaged/],
    ['two of one name', packed(['d/facts.json', 'a'], ['d/facts.json', 'b']), /twice/],
    ['a symbolic link', forged(kind('2')), /no plain file/],
    ['a hard link', forged(kind('1')), /no plain file/],
    ['a device', forged(kind('3')), /no plain file/],
    ['a long name of GNU', forged(kind('L')), /no plain file/],
    ['a size that is no number', forged((header) => void header.write('-0000000001', 124)), /damaged/],
    ['a size beyond the end', forged((header) => void header.write('77777777777', 124)), /cut off/],
    ['many files', packed(...Array.from({ length: 20_001 }, () => ['a', ''] as const)), /more than 20000/],
  ])('%s', (_name, archive, why) => {
    expect(fileInTar(archive, 'd/facts.json')).toEqual({ refused: expect.stringMatching(why) as string });
  });
});
