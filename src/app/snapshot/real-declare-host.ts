import { printDeclared } from '../../firewall/iptables/desired/declared.ts';
import { parseDeclaredTables, printDeclaredTables } from '../../firewall/nftables/desired/declared-tables.ts';
import { listDeclarable } from '../../host/nft/declared-tables.ts';
import { listTableNames } from '../../host/nft/sets-native.ts';
import {
  readDeclared,
  readDeclaredTables,
  writeDeclared,
  writeDeclaredTables,
} from '../../host/state/declared.ts';
import type { HostOptions } from '../../host/state/host-options.ts';
import { realHost } from '../real-host.ts';
import type { DeclareHost } from './declare.ts';
import type { DeclareTablesHost } from './declare-tables.ts';

/** This host, with its rules and `/etc/rulesguard`. */
export const realDeclareHost = (options: HostOptions): DeclareHost => ({
  ...realHost(options),
  readDeclared,
  writeDeclared: (family, declared) => writeDeclared(family, printDeclared(declared)),
});

/** This host, with its tables of nftables and `/etc/rulesguard`. */
export const realDeclareTablesHost = (options: HostOptions): DeclareTablesHost => ({
  ...realHost(options),
  listTableNames,
  listDeclarable: (table) => listDeclarable(table),
  readDeclaredTables,
  writeDeclaredTables: async (tables) => {
    // What would not be read again is not written.
    parseDeclaredTables(printDeclaredTables(tables), 'of these tables');
    await writeDeclaredTables(tables);
  },
});
