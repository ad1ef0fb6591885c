import { lstat } from 'node:fs/promises';
import { Fault } from '../../fault.ts';
import { writeAtomically } from '../files/files.ts';
import { FOLDER, tarGz, type PackedFile } from './tar.ts';

/**
 * Writes a report where the user requested it, mode 0600: it discloses the topology. An older report is replaced.
 *
 * @param what - what it is to the reader, for the fault: `page`, `bundle`
 * @throws Fault RG_UNSAFE_FILE for a symbolic link, a device, a folder, or what cannot be written
 */
export async function writeReport(path: string, content: string | Buffer, what: string): Promise<void> {
  const there = await lstat(path).catch(() => undefined);
  if (there !== undefined && !there.isFile())
    throw new Fault(
      'RG_UNSAFE_FILE',
      3,
      `the ${what} is not written: ${path} is there and is no plain file`,
      {
        hint: `Name another file, or see what it is: ls -ld ${path}`,
      },
    );
  await writeAtomically(path, content, { durable: false });
}

/**
 * Packs files into one .tar.gz and writes it as {@link writeReport} does.
 *
 * @param seconds - when they were made, since 1970
 */
export async function writeBundle(
  path: string,
  files: readonly PackedFile[],
  seconds: number,
): Promise<void> {
  const packed = files.map((file) => ({ ...file, name: `${FOLDER}/${file.name}` }));
  await writeReport(path, tarGz(packed, seconds), 'bundle');
}
