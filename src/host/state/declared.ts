import { Fault } from '../../fault.ts';
import {
  parseDeclared,
  type Declaration,
  type DeclaredFamily,
} from '../../firewall/iptables/desired/declared.ts';
import { parseDeclaredTables, printDeclaredTables } from '../../firewall/nftables/desired/declared-tables.ts';
import type { DeclaredTable } from '../../firewall/nftables/text/declared-table.ts';
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
  const tables = await readDeclaredTables();
  return { ...Object.fromEntries(read.flat()), ...(tables === undefined ? {} : { tables }) };
}

/** The file that declares tables of nftables. */
export const declaredTablesPath = (): string => `${declaredFolder()}/docker-user.nft`;

/** The tables that are declared; undefined where there is no file. @throws Fault as {@link readDeclared} */
export async function readDeclaredTables(): Promise<readonly DeclaredTable[] | undefined> {
  const text = await readText(declaredTablesPath());
  return text === undefined ? undefined : parseDeclaredTables(text, declaredTablesPath());
}

/** Writes the declared tables whole, mode 0600. @throws Fault RG_UNSAFE_FILE */
export const writeDeclaredTables = (tables: readonly DeclaredTable[]): Promise<void> =>
  writeText(declaredTablesPath(), printDeclaredTables(tables));

/** What is declared of one family; undefined where it has no file. @throws Fault as {@link readDeclared} */
export async function readDeclaredOf(family: Family): Promise<DeclaredFamily | undefined> {
  const text = await readText(declaredPath(family));
  return text === undefined ? undefined : parseDeclared(text, declaredPath(family));
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readTrusted(path, 'declaration', 'latin1');
  } catch (error) {
    if (error instanceof Fault && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
      return undefined;
    throw error;
  }
}

/** Writes the declaration of one family whole, mode 0600. @param text - latin1. @throws Fault RG_UNSAFE_FILE */
export const writeDeclared = (family: Family, text: string): Promise<void> =>
  writeText(declaredPath(family), text);

async function writeText(path: string, text: string): Promise<void> {
  await makePrivateFolder(declaredFolder());
  await writeAtomically(path, Buffer.from(text, 'latin1'));
}
