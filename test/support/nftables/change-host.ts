import type { ChangeHost } from '../../../src/app/guard-change/change.ts';
import { EMPTY_RULESET, type HostRules } from '../../../src/firewall/iptables/text/model.ts';
import type { NftTable } from '../../../src/firewall/nftables/tables/model.ts';
import { printNftTable, tableName } from '../../../src/firewall/nftables/tables/print.ts';
import type { SandboxNetwork } from '../../../src/host/sandbox/network.ts';
import { FAMILIES } from '../../../src/net/family.ts';
import type { NetworkState } from '../../../src/trace/network-state.ts';
import { stateAround } from '../reach/terrain.ts';
import { liveOf } from '../recorded/observation.ts';
import { nftReply } from './observed.ts';
import { nftRecording } from './recordings.ts';

/** What decides about packets on a host whose Engine writes with nftables. */
export interface NftFirewall {
  readonly rules: HostRules;
  /** Docker's own. */
  readonly tables: readonly NftTable[];
  /** Those of others, as they are listed. */
  readonly others: readonly { readonly table: string; readonly text: string }[];
  readonly sysctls: ReadonlyMap<string, string>;
}

/** A change, as it leaves that. */
export type NftChange = (firewall: NftFirewall) => Partial<NftFirewall>;

/** A recorded host in memory: its Engine answers, a rehearsal shows the change, and a launch makes it. */
export interface NftChangeHost extends ChangeHost {
  firewall: NftFirewall;
}

const listed = ({ tables, others }: NftFirewall) => [
  ...tables.map((table) => ({ table: tableName(table), text: printNftTable(table, ({ text }) => text) })),
  ...others,
];

/**
 * A recording of test/fixtures/nftables-29.7 as a host on which a change is guarded.
 *
 * @param start - what it has beside Docker's own tables before the change
 */
export function nftChangeHost(
  name: string,
  change: NftChange,
  start: Partial<NftFirewall> = {},
): NftChangeHost {
  const { tables, inventory, settings } = nftRecording(name);
  const around = stateAround(
    inventory,
    { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET },
    {
      hairpin: !settings.userlandProxy,
    },
  );
  const begun: NftFirewall = {
    ...{
      rules: { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET },
      tables,
      others: [],
      sysctls: sysctlsOf(around),
    },
    ...start,
  };
  const networkOf = (firewall: NftFirewall): SandboxNetwork => ({
    sets: { saved: '' },
    natives: { tables: listed(firewall) },
    links: around.links,
    routing: FAMILIES.map((family) => routingOf(around, family)),
    sysctls: firewall.sysctls,
    beside: [],
  });
  const changed = (host: NftChangeHost): NftFirewall => ({ ...host.firewall, ...change(host.firewall) });
  const host: NftChangeHost = {
    firewall: begun,
    now: () => 0,
    sleep: () => Promise.resolve(),
    beginReading: () => host.readVariant.bind(undefined, 'nft'),
    readVariant: () => Promise.resolve(liveOf(host.firewall.rules)),
    readHeldTables: () => Promise.resolve([]),
    readTables: () => Promise.resolve(host.firewall.tables),
    readOther: () => Promise.resolve(undefined),
    askEngine: () => Promise.resolve(nftReply(name)),
    awaitContainers: () => Promise.resolve(),
    listIdle: () => Promise.resolve([]),
    readNameServers: () => [],
    readSets: () => Promise.resolve(null),
    readNatives: () => Promise.resolve(listed(host.firewall)),
    readLinks: () => Promise.resolve(around.links),
    readRouting: (family) => Promise.resolve(routingOf(around, family)),
    readSysctls: () => host.firewall.sysctls,
    readListeners: () =>
      Promise.resolve(
        inventory.ports.flatMap(({ proto, hostIp, hostPort }) =>
          hostPort === undefined || proto === 'sctp' ? [] : [{ proto, address: hostIp, port: hostPort }],
        ),
      ),
    variantOf: () => Promise.resolve(undefined),
    rehearse: () => {
      const after = changed(host);
      return Promise.resolve({
        known: true,
        ...{ rules: after.rules, tables: after.tables },
        network: { before: networkOf(host.firewall), after: networkOf(after) },
      });
    },
    launch: () => {
      host.firewall = changed(host);
      return Promise.resolve(0);
    },
  };
  return host;
}

/** With the setting that shows a kernel of this decade. */
const sysctlsOf = ({ sysctls }: NetworkState): NetworkState['sysctls'] =>
  new Map([...sysctls, ['ipv4/ip_autobind_reuse', '0']]);

const routingOf = ({ routes, routeRules }: NetworkState, family: (typeof FAMILIES)[number]) => ({
  routes: routes.filter((one) => one.family === family),
  routeRules: routeRules.filter((one) => one.family === family),
});
