import { gzipSync } from 'node:zlib';

/** A file to be packed. */
export interface PackedFile {
  /** Path within the archive, at most 100 bytes. */
  readonly name: string;
  readonly text: string;
  readonly encoding: 'utf8' | 'latin1';
}

/** Bytes of a header, and what contents are filled up to. */
export const BLOCK = 512;
/** The folder that a bundle unpacks into. */
export const FOLDER = 'rulesguard-doctor';

/**
 * Files as one .tar.gz (ustar), each to be read by its owner alone.
 *
 * @param seconds - when they were made, since 1970
 * @throws RangeError for a name that is too long
 */
export function tarGz(files: readonly PackedFile[], seconds: number): Buffer {
  const parts = files.flatMap(({ name, text, encoding }) => {
    const body = Buffer.from(text, encoding);
    const padding = Buffer.alloc((BLOCK - (body.length % BLOCK)) % BLOCK);
    return [headerOf(name, body.length, seconds), body, padding];
  });
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]));
}

/** One header: fields of fixed places, numbers in octal, a sum over all with the sum itself as spaces. */
function headerOf(name: string, size: number, seconds: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  if (header.write(name, 0, 100, 'utf8') < Buffer.byteLength(name))
    throw new RangeError(`a name too long for the archive: ${name}`);
  const number = (value: number, at: number, digits: number): void => {
    header.write(value.toString(8).padStart(digits, '0'), at, 'latin1');
  };
  number(0o600, 100, 7);
  number(0, 108, 7);
  number(0, 116, 7);
  number(size, 124, 11);
  number(seconds, 136, 11);
  header.write('        0', 148, 'latin1');
  header.write('ustar\u000000', 257, 'latin1');
  header.write('root', 265, 'latin1');
  header.write('root', 297, 'latin1');
  number(
    header.reduce((sum, byte) => sum + byte),
    148,
    6,
  );
  header.write('\u0000 ', 154, 'latin1');
  return header;
}
