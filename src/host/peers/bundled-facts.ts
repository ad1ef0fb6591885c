import { gunzip } from 'node:zlib';
import { promisify } from 'node:util';
import { FOLDER } from '../doctor/tar.ts';
import { fileInTar } from '../doctor/untar.ts';

/** Bytes of a bundle when unpacked: one of a thousand containers has a tenth of it. */
const MOST_UNPACKED = 128 * 1024 * 1024;

const FACTS_FILE = `${FOLDER}/facts.json`;

/** Whether bytes are those of a bundle: what `gzip` makes begins with them. */
export const isBundle = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * Facts in a bundle that `doctor --bundle` wrote, whoever gave it.
 *
 * @returns their text, or why there are none
 */
export async function bundledFacts(
  bytes: Buffer,
): Promise<{ readonly text: string } | { readonly refused: string }> {
  let archive: Buffer;
  try {
    archive = await promisify(gunzip)(bytes, { maxOutputLength: MOST_UNPACKED });
  } catch (error) {
    const isBomb = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    return {
      refused: isBomb
        ? `it unpacks to more than ${String(MOST_UNPACKED)} bytes`
        : 'it is cut off or damaged: gzip does not unpack it',
    };
  }
  const read = fileInTar(archive, FACTS_FILE);
  if ('refused' in read) return read;
  return read.found === undefined
    ? {
        refused: `there is no ${FACTS_FILE} in it: it is no bundle of doctor's, it was made with --mask, or by an older rulesguard`,
      }
    : { text: read.found.toString('utf8') };
}
