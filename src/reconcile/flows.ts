import type { OwnedHost, OwnedRule } from '../firewall/iptables/ownership/ownership.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import type { Drift } from '../firewall/iptables/compare/drift.ts';
import { ownTableRule } from '../firewall/nftables/ownership/ownership.ts';
import type { NftTable } from '../firewall/nftables/tables/model.ts';
import {
  BRIDGES_TABLE,
  NAT_OUTPUT,
  NAT_PREROUTING,
  TRANSLATIONS,
} from '../firewall/nftables/tables/names.ts';
import type { Observation } from './observation.ts';
import type { TablesSide } from './tables/side.ts';

/** A published UDP port with flows that may have begun while its translation was lost. */
export interface UdpPort {
  readonly family: Family;
  /** Absent when it is published on every address. */
  readonly hostIp?: string;
  readonly port: string;
}

/** What was done about the flows of affected ports. */
export interface DroppedFlows {
  readonly ports: readonly UdpPort[];
  /** How many conntrack entries were deleted. */
  readonly dropped: number;
  /** Why none could be deleted, for people; undefined when the tool did its work. */
  readonly trouble: string | undefined;
}

/**
 * The published UDP ports that damage affected. The kernel translates by a flow's first packet, so a client that kept sending
 * during the damage stays on the broken path until its conntrack entry is gone (moby#44742).
 *
 * @param before - as it was before the repair
 */
export const affectedUdpPorts = ({ drift, sides, tables }: Observation): readonly UdpPort[] =>
  tables === undefined ? affectedIn(drift, sides.desired) : affectedInTables(tables);

function affectedIn(drift: Drift, base: OwnedHost): readonly UdpPort[] {
  return FAMILIES.flatMap((family) => {
    const inNat = drift.chains.filter((chain) => chain.family === family && chain.table === 'nat');
    const broken = inNat.flatMap(({ desired: chain, missing, misplaced }) => {
      const lost = new Set(missing);
      return chain.rules.filter((owned, index) => lost.has(index) || misplaced.has(owned.rule.text));
    });
    // Without the jump no port is translated, even where the translations themselves are still there.
    const isJump = ({ shape }: OwnedRule): boolean =>
      shape?.id === 'nat-jump' || shape?.id === 'nat-ingress-jump';
    const rules = broken.some(isJump)
      ? [...(base.families[family].get('nat')?.values() ?? [])].flatMap(({ rules }) => rules)
      : broken;
    return udpPortsIn(family, rules);
  });
}

/** All of a family: what leads packets to its translations, or one of these, is not as it should be. */
function affectedInTables({ drifts, expected }: TablesSide): readonly UdpPort[] {
  const broken = drifts.filter(({ name, chains }) =>
    chains.some(
      (chain) =>
        name === BRIDGES_TABLE &&
        [NAT_PREROUTING, NAT_OUTPUT, TRANSLATIONS].includes(chain.name) &&
        chain.missing.length + chain.surplus.length > 0,
    ),
  );
  const families = new Set(broken.map(({ family }) => family));
  return udpPortsInTables(expected.filter(({ family }) => families.has(family)));
}

/** Every published UDP port that a rule translates. */
export const publishedUdpPorts = ({ sides, live }: Observation): readonly UdpPort[] =>
  live.tables === undefined ? translatedUdpPorts(sides.liveOwned) : udpPortsInTables(live.tables);

/** As {@link publishedUdpPorts}, of iptables' rules alone. */
export const translatedUdpPorts = ({ families }: OwnedHost): readonly UdpPort[] =>
  FAMILIES.flatMap((family) =>
    udpPortsIn(
      family,
      [...(families[family].get('nat')?.values() ?? [])].flatMap(({ rules }) => rules),
    ),
  );

function udpPortsIn(family: Family, rules: readonly OwnedRule[]): readonly UdpPort[] {
  return rules.flatMap(({ shape, captures }): readonly UdpPort[] => {
    const translates = shape?.id === 'dnat' || shape?.id === 'ingress-dnat';
    return translates && captures !== undefined ? udpPort(family, captures) : [];
  });
}

const udpPortsInTables = (tables: readonly NftTable[]): readonly UdpPort[] =>
  tables.flatMap(({ name, family, chains }) =>
    (chains.get(TRANSLATIONS)?.rules ?? []).flatMap((rule) => {
      const { purpose, captures } = ownTableRule(name, TRANSLATIONS, rule);
      return purpose === 'dnat' ? udpPort(family, captures) : [];
    }),
  );

function udpPort(
  family: Family,
  {
    proto,
    hostPort,
    hostIp,
  }: { readonly proto?: string; readonly hostPort?: string; readonly hostIp?: string },
): readonly UdpPort[] {
  if (proto !== 'udp' || hostPort === undefined) return [];
  return [{ family, port: hostPort, ...(hostIp === undefined ? {} : { hostIp }) }];
}
