import { BLOCK } from './tar.ts';

/** What is in an archive under a name, or why the archive is not to be trusted. */
export type Untarred = { readonly found: Buffer | undefined } | { readonly refused: string };

/** Entries of an archive; a bundle of a thousand containers has fewer. */
const MOST_ENTRIES = 20_000;

/**
 * Finds one file in a tar archive, whoever made it. Nothing is unpacked: names are compared, and never become paths. All of it must be
 * plain files and folders, as `doctor --bundle` and `tar` write them.
 */
export function fileInTar(archive: Buffer, name: string): Untarred {
  let found: Buffer | undefined;
  let at = 0;
  for (let entries = 0; entries < MOST_ENTRIES; entries++) {
    const header = archive.subarray(at, at + BLOCK);
    if (header.length < BLOCK) return { refused: 'the archive is cut off' };
    if (header.every((byte) => byte === 0)) return { found };
    const entry = entryOf(header);
    if (entry === undefined) return { refused: 'the archive is damaged, or no archive of tar' };
    if (!/^[05\0]$/.test(entry.kind))
      return { refused: 'the archive holds a link, a device or something else that is no plain file' };
    const begin = at + BLOCK;
    const end = begin + entry.size;
    if (end > archive.length) return { refused: 'the archive is cut off' };
    if (entry.name === name && entry.kind !== '5') {
      if (found !== undefined) return { refused: `the archive holds ${name} twice` };
      found = archive.subarray(begin, end);
    }
    at = begin + Math.ceil(entry.size / BLOCK) * BLOCK;
  }
  return { refused: `the archive holds more than ${String(MOST_ENTRIES)} files` };
}

/** The fields of a header (ustar); undefined where it is none. */
function entryOf(
  header: Buffer,
): { readonly name: string; readonly size: number; readonly kind: string } | undefined {
  const field = (at: number, length: number): string =>
    header.toString('latin1', at, at + length).replace(/\0.*$/s, '');
  const number = (at: number, length: number): number => {
    const digits = field(at, length).trim();
    return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
  };
  // The sum counts its own field as spaces.
  const sum = header.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 32 : byte), 0);
  const size = number(124, 12);
  if (number(148, 8) !== sum || Number.isNaN(size)) return undefined;
  const prefix = header.toString('latin1', 257, 263) === 'ustar\0' ? field(345, 155) : '';
  const name = prefix === '' ? field(0, 100) : `${prefix}/${field(0, 100)}`;
  return { name: name.replace(/^\.\//, ''), size, kind: header.toString('latin1', 156, 157) };
}
