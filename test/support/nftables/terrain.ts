import { eraOf } from '../../../src/docker/era.ts';
import { intentOf } from '../../../src/docker/intent/intent.ts';
import type { Inventory } from '../../../src/docker/inventory/inventory.ts';
import type { Settings } from '../../../src/docker/settings.ts';
import { EMPTY_RULESET } from '../../../src/firewall/iptables/text/model.ts';
import type { NftTable } from '../../../src/firewall/nftables/tables/model.ts';
import { printNftTable, tableName } from '../../../src/firewall/nftables/tables/print.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import { CLIENT } from '../lab/wire.ts';
import { SETTINGS } from '../recorded/inventories.ts';
import { stateAround } from '../reach/terrain.ts';
import { nftRecording, requiredTables } from './recordings.ts';

/** What `nft -a list table` lists. */
const listed = (tables: readonly NftTable[]) =>
  tables.map((table) => ({ table: tableName(table), text: printNftTable(table, ({ text }) => text) }));

/** A host whose Engine writes with nftables, with these tables and no rule of iptables. */
function tablesTerrain(inventory: Inventory, settings: Settings, tables: readonly NftTable[]): Terrain {
  const era = eraOf(inventory.version);
  if (era === undefined) throw new Error(`no era of ${inventory.version}`);
  const around = stateAround(
    inventory,
    { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET },
    { hairpin: !settings.userlandProxy },
  );
  return {
    intent: intentOf(inventory, { era: era.policy, settings }),
    inventory,
    // A kernel since 5.7 tells POSTROUTING where a packet came in.
    netState: {
      ...around,
      sysctls: new Map([...around.sysctls, ['ipv4/ip_autobind_reuse', '0']]),
      natives: listed(tables),
    },
    proxies: undefined,
    nameServers: [CLIENT.ipv4],
  };
}

/** A recorded host. */
export function recordedTablesTerrain(name: string, change = (all: readonly NftTable[]) => all): Terrain {
  const { inventory, settings, tables } = nftRecording(name);
  return tablesTerrain(inventory, settings, change(tables));
}

/** A healthy host of an inventory. */
export function healthyTablesTerrain(inventory: Inventory, given: Partial<Settings> = {}): Terrain {
  const settings = { ...SETTINGS, ...given };
  return tablesTerrain(inventory, settings, requiredTables(inventory, settings));
}
