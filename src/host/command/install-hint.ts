import { distributionFrom, howToInstall, type Distribution } from '../../packages.ts';
import { readRegular } from '../files/regular-file.ts';

/** The first that is there counts alone (os-release(5)). */
const OS_RELEASE = ['/etc/os-release', '/usr/lib/os-release'];
const MOST_BYTES = 65_536;

/** This host's distribution; undefined for one that is not known here. */
export function distributionHere(files: readonly string[] = OS_RELEASE): Distribution | undefined {
  const text = files.map((file) => readRegular(file, MOST_BYTES)).find((read) => read !== undefined);
  return text && distributionFrom(text.toString('latin1'));
}

/** How a program is installed on this host, in a sentence. */
export const installHint = (program: string): string => howToInstall(program, distributionHere());
