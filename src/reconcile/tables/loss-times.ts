import { addressIn, type Endpoint, type LiveNetwork } from '../../docker/inventory/inventory.ts';
import type { TableDrift } from '../../firewall/nftables/compare/drift.ts';
import { ownTableRule } from '../../firewall/nftables/ownership/ownership.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import {
  FORWARD,
  FORWARD_OUT,
  JUMP_MAPS,
  NAT_PREROUTING,
  POSTROUTING,
} from '../../firewall/nftables/tables/names.ts';
import { tableName } from '../../firewall/nftables/tables/print.ts';
import type { TablesRepair } from '../reference.ts';
import type { StoredBaseline } from '../stored-baseline.ts';
import { instantOf } from './instant.ts';

/** What of a host tells when something was there, or was made. */
export interface KnownTimes {
  readonly networks: readonly Pick<LiveNetwork, 'name' | 'bridge' | 'created'>[];
  readonly endpoints: readonly Endpoint[];
  /** One that was recorded on this host. */
  readonly baseline: Pick<StoredBaseline, 'id' | 'baseline' | 'tables'> | undefined;
  /** The newest restore of ours. */
  readonly repaired?: TablesRepair | undefined;
}

/** Nothing is known. */
export const NO_TIMES: KnownTimes = { networks: [], endpoints: [], baseline: undefined };

/** One moment, and what proves that the table was lost after it, or before it. */
export interface LossTime {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly because: string;
}

/** Between which moments a table was lost; each undefined where nothing on the host tells. */
export interface LossTimes {
  readonly after: LossTime | undefined;
  readonly before: LossTime | undefined;
}

/**
 * When a table was lost of which Docker has written a part again. Neither the kernel nor Docker keeps that time. What is known:
 *
 * - It was lost after a baseline recorded it whole, after a restore made it whole, and after everything was made whose rules are missing.
 * - An element that leads a bridge's packets is written when its network is made and never again, until the table is written whole
 *   (docs/reference/docker-nftables.md#after-a-loss). So it was lost before the networks were made that have theirs, if all older ones
 *   have nothing left.
 *
 * The rules of a container that started prove nothing: Docker writes a chain whole from its memory, also for what others do.
 */
export function timesOfLoss(
  drift: TableDrift,
  { networks, endpoints, baseline, repaired }: KnownTimes,
): LossTimes {
  const { expected, live } = drift;
  if (expected === undefined || live === undefined) return { after: undefined, before: undefined };
  const made = networks.flatMap((network) => {
    const state = stateIn(expected, live, network.bridge);
    return state === undefined ? [] : [{ ...network, state, at: instantOf(network.created) }];
  });
  const whole = made.filter(({ state }) => state === 'whole');
  const gone = made.filter(({ state }) => state === 'gone');
  const after = latest([
    ...gone.map(({ name, at }) => ({
      at,
      because: `network ${name} was made then, and its rules are missing`,
    })),
    ...madeContainers(drift, endpoints),
    ...(baseline !== undefined && wasWhole(baseline.tables, expected)
      ? [
          {
            at: instantOf(baseline.baseline.created),
            because: `whole when baseline ${baseline.id} was recorded`,
          },
        ]
      : []),
    ...(repaired?.tables.includes(tableName(drift)) === true
      ? [{ at: instantOf(repaired.at), because: `whole after restore ${repaired.id}` }]
      : []),
  ]);
  const before =
    whole.length > 0 && gone.length > 0 && whole.length + gone.length === made.length
      ? earliest(
          whole.map(({ name, at }) => ({
            at,
            because: `network ${name} was made then, and nothing leads to the chains of older ones`,
          })),
        )
      : undefined;
  // Times that contradict each other are of a clock that was set, or of a table that somebody took apart.
  return after !== undefined && before !== undefined && after.at >= before.at
    ? { after: undefined, before: undefined }
    : { after, before };
}

/** Whether a network's packets are led to its chains; undefined for one that the table is not about. */
function stateIn(expected: NftTable, live: NftTable, bridge: string): 'whole' | 'gone' | 'part' | undefined {
  const required = JUMP_MAPS.filter(({ map }) => expected.maps.get(map)?.elements.has(bridge) === true);
  if (required.length === 0) return undefined;
  const led = required.filter(({ map }) => live.maps.get(map)?.elements.has(bridge) === true);
  if (led.length === required.length) return 'whole';
  return led.length === 0 && !live.chains.has(`${FORWARD_OUT.prefix}${bridge}`) ? 'gone' : 'part';
}

function madeContainers(
  { family, name, chains }: TableDrift,
  endpoints: KnownTimes['endpoints'],
): readonly LossTime[] {
  const missing = new Set(
    chains.flatMap((chain) =>
      // Docker writes a chain whole: one that holds something was written since.
      (chain.live?.rules.length ?? 0) > 0
        ? []
        : chain.missing.flatMap((rule) => ownTableRule(name, chain.name, rule).captures.ip ?? []),
    ),
  );
  return endpoints.flatMap((endpoint) =>
    endpoint.created === undefined || !missing.has(addressIn(endpoint, family))
      ? []
      : [
          {
            at: endpoint.created * 1000,
            because: `container ${endpoint.container} was made then, and rules of it are missing`,
          },
        ],
  );
}

const wasWhole = (recorded: readonly NftTable[] | undefined, { family, name }: NftTable): boolean => {
  const table = recorded?.find((one) => one.family === family && one.name === name);
  return (
    table !== undefined &&
    [FORWARD, POSTROUTING, NAT_PREROUTING].every((chain) => (table.chains.get(chain)?.rules.length ?? 0) > 0)
  );
};

const byTime = (times: readonly LossTime[]): readonly LossTime[] =>
  times.filter(({ at }) => Number.isFinite(at)).toSorted((a, b) => a.at - b.at);
const latest = (times: readonly LossTime[]): LossTime | undefined => byTime(times).at(-1);
const earliest = (times: readonly LossTime[]): LossTime | undefined => byTime(times)[0];
