import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

const PIECE = 65_536;
const piece = Buffer.alloc(PIECE);
const OPENING = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * The content of a regular file that somebody else may have put there: never waits for the other end of a pipe, never takes a
 * controlling terminal, reads no device, and at most `most` bytes. A file of /proc counts as regular and shows no length. Read
 * piece by piece into a buffer that is kept: a third of what readFile takes.
 *
 * @param follows - whether the last part may be a link
 * @returns undefined where it is not there, may not be read, is no regular file, or longer
 */
export function readRegular(path: string, most: number, follows = true): Buffer | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, follows ? OPENING : OPENING | constants.O_NOFOLLOW);
    if (!fstatSync(file).isFile()) return undefined;
    const pieces: Buffer[] = [];
    for (let length = 0; length <= most;) {
      const read = readSync(file, piece, 0, PIECE, null);
      if (read === 0) return Buffer.concat(pieces);
      pieces.push(Buffer.from(piece.subarray(0, read)));
      length += read;
    }
    return undefined;
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
