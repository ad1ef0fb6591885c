import { Fault } from '../../fault.ts';
import {
  parseDeclared,
  type Declaration,
  type DeclaredFamily,
} from '../../firewall/iptables/desired/declared.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import { makePrivateFolder, readTrusted, writeAtomically } from '../files/files.ts';

const FILES: Readonly<Record<Family, string>> = { ipv4: 'docker-user.v4', ipv6: 'docker-user.v6' };

/** Where declarations lie; `RULESGUARD_DECLARED_DIR` names another folder. */
const declaredFolder = (): string => process.env['RULESGUARD_DECLARED_DIR'] || '/etc/rulesguard';

/** The file that declares rules of one family. */
export const declaredPath = (family: Family): string => `${declaredFolder()}/${FILES[family]}`;

/**
 * What the operator declared; a family without a file declares nothing.
 *
 * @throws Fault RG_DECLARED naming the line, RG_UNSAFE_FILE when others may have written it
 */
export async function readDeclared(): Promise<Declaration> {
  const read = await Promise.all(
    FAMILIES.map(async (family) => {
      const declared = await readDeclaredOf(family);
      return declared === undefined ? [] : ([[family, declared]] as const);
    }),
  );
  return Object.fromEntries(read.flat());
}

/** What is declared of one family; undefined where it has no file. @throws Fault as {@link readDeclared} */
export async function readDeclaredOf(family: Family): Promise<DeclaredFamily | undefined> {
  const text = await readText(family);
  return text === undefined ? undefined : parseDeclared(text, declaredPath(family));
}

async function readText(family: Family): Promise<string | undefined> {
  try {
    return await readTrusted(declaredPath(family), 'declaration', 'latin1');
  } catch (error) {
    if (error instanceof Fault && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
      return undefined;
    throw error;
  }
}

/** Writes the declaration of one family whole, mode 0600. @param text - latin1. @throws Fault RG_UNSAFE_FILE */
export async function writeDeclared(family: Family, text: string): Promise<void> {
  await makePrivateFolder(declaredFolder());
  await writeAtomically(declaredPath(family), Buffer.from(text, 'latin1'));
}
