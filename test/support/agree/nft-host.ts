import { Fault } from '../../../src/fault.ts';
import type { EngineReply } from '../../../src/docker/engine-reply.ts';
import { EMPTY_RULESET } from '../../../src/firewall/iptables/text/model.ts';
import type { NftTable } from '../../../src/firewall/nftables/tables/model.ts';
import { printNftTable, tableName } from '../../../src/firewall/nftables/tables/print.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import { compareDockerTables } from '../../../src/reconcile/tables/side.ts';
import { CLIENT } from '../lab/wire.ts';
import { nftReply } from '../nftables/observed.ts';
import { nftAccount, nftRecording } from '../nftables/recordings.ts';
import { stateAround } from '../reach/terrain.ts';
import { hostOf, type AgreeHost } from './host.ts';
import type { StateChange } from './states.ts';

type Reply = Extract<EngineReply, { answered: true }>;

/** What is different on a host whose Engine writes with nftables. */
export interface NftDifference {
  /** Of Docker's own tables. */
  readonly tables?: (tables: readonly NftTable[]) => readonly NftTable[];
  /** Of everything else: rules of iptables, tables of others, routes, settings. */
  readonly state?: StateChange;
}

const nameless = (): Promise<never> =>
  Promise.reject(new Fault('RG_NO_BASELINE', 3, 'no baseline has been recorded'));

/** A recorded host whose Engine writes with nftables, changed, as check, reach and doctor read it. */
export function nftAgreeHost(name: string, { tables: edit, state }: NftDifference = {}): AgreeHost {
  const recorded = nftRecording(name).tables;
  const tables = edit === undefined ? recorded : edit(recorded);
  const whole = nftTerrain(name, tables);
  const netState = state === undefined ? whole.netState : state(whole.netState);
  const host = hostOf({
    engine: nftReply(name) as Reply,
    containers: nftAccount(name).containers,
    terrain: { ...whole, netState },
    open: nameless,
  });
  return Object.assign(host, { readTables: () => Promise.resolve(tables) });
}

/** A recorded host as what packets go by, with these tables of Docker's in the place of its own. */
function nftTerrain(name: string, tables: readonly NftTable[]): Terrain {
  const reply = nftReply(name) as Reply;
  const { inventory } = reply;
  const { settings } = nftRecording(name);
  const intent = compareDockerTables(tables, reply)?.intent;
  if (intent === undefined) throw new Error(`${inventory.version} is not known`);
  const rules = { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET };
  const around = stateAround(inventory, rules, { hairpin: !settings.userlandProxy });
  return {
    ...{ intent, inventory, proxies: undefined, nameServers: [CLIENT.ipv4] },
    netState: {
      ...around,
      // A kernel from 5.7 on: it tells POSTROUTING by which interface a packet came in.
      sysctls: new Map([...around.sysctls, ['ipv4/ip_autobind_reuse', '0']]),
      natives: tables.map((table) => ({ table: tableName(table), text: printNftTable(table, whatever) })),
    },
  };
}

const whatever = (): string => 'queue';
