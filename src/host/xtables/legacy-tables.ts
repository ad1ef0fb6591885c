import { access, readFile } from 'node:fs/promises';
import { Fault } from '../../fault.ts';
import type { Family } from '../../net/family.ts';

/** Lists the tables the legacy variant holds in this namespace. Reading it loads nothing; running *-legacy-save would. */
const LEGACY_TABLES: Readonly<Record<Family, string>> = {
  ipv4: '/proc/net/ip_tables_names',
  ipv6: '/proc/net/ip6_tables_names',
};

/** Whether the legacy variant holds any table here. Loads no module. */
export async function hasLegacyTables(): Promise<boolean> {
  const lists = await Promise.all(
    Object.values(LEGACY_TABLES).map((path) => readFile(path, 'latin1').catch(emptyIfAbsent)),
  );
  return lists.some((list) => list.trim() !== '');
}

/** The list exists when the modules are loaded; without /proc, or when it cannot be opened, nothing is known. */
async function emptyIfAbsent(error: NodeJS.ErrnoException): Promise<string> {
  const isAbsent =
    error.code === 'ENOENT' &&
    (await access('/proc/self/net').then(
      () => true,
      () => false,
    ));
  if (isAbsent) return '';
  if (error.code === 'EACCES' || error.code === 'EPERM')
    throw new Fault('RG_PRIVILEGE', 3, 'this user may not read the rules: this needs root', {
      details: [error.message],
      hint: 'Run it as root: sudo rulesguard …',
    });
  throw new Fault('RG_SYSTEM', 3, `whether there are legacy rules cannot be seen: ${error.message}`, {
    hint: 'rulesguard needs /proc: mount -t proc proc /proc',
  });
}
