import type { OwnedHost, OwnedRule } from '../firewall/iptables/ownership/ownership.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import type { Drift } from '../firewall/iptables/compare/drift.ts';

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
 * The published UDP ports a drift affected. The kernel translates by a flow's first packet, so a client that kept sending
 * during the damage stays on the broken path until its conntrack entry is gone (moby#44742).
 *
 * @param drift - as it was before the repair
 */
export function affectedUdpPorts(drift: Drift, base: OwnedHost): readonly UdpPort[] {
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

/** Every published UDP port that a rule translates. */
export const publishedUdpPorts = ({ families }: OwnedHost): readonly UdpPort[] =>
  FAMILIES.flatMap((family) =>
    udpPortsIn(
      family,
      [...(families[family].get('nat')?.values() ?? [])].flatMap(({ rules }) => rules),
    ),
  );

function udpPortsIn(family: Family, rules: readonly OwnedRule[]): readonly UdpPort[] {
  return rules.flatMap(({ shape, captures }): readonly UdpPort[] => {
    const translates = shape?.id === 'dnat' || shape?.id === 'ingress-dnat';
    if (!translates || captures?.proto !== 'udp' || captures.hostPort === undefined) return [];
    const { hostIp, hostPort } = captures;
    return [{ family, port: hostPort, ...(hostIp === undefined ? {} : { hostIp }) }];
  });
}
