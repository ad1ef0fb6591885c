import type { OwnedTableRule } from '../../firewall/nftables/ownership/ownership.ts';
import type { TablePurposeId } from '../../firewall/nftables/ownership/purpose.ts';
import { FORWARD_IN, FORWARD_OUT, NAT_IN, NAT_OUT } from '../../firewall/nftables/tables/names.ts';
import { consequenceOf, type Consequence } from '../consequence.ts';
import type { PurposeId } from '../../firewall/iptables/ownership/purpose.ts';
import { termsOf, type Surroundings } from '../known-names.ts';

const noEffect: Consequence = {
  severity: 'notice',
  text: 'no effect on traffic: what no rule decides here passes all the same',
};

type Loss = PurposeId | Consequence;

/** What each kind of rule is for, by what is lost without it: as the rule of iptables that does the same, where one does. */
const LOST: Readonly<Record<TablePurposeId, Loss>> = {
  'forward-in-map': {
    severity: 'exposure',
    text: 'unpublished ports are no longer closed, in every network',
  },
  'forward-out-map': {
    severity: 'exposure',
    text: 'internal networks are no longer closed to the outside; nothing is lost where there is none',
  },
  'nat-out-map': {
    severity: 'outage',
    text: 'traffic of no network is masqueraded: replies from outside cannot return to its containers',
  },
  'nat-in-map': {
    severity: 'outage',
    text: 'without docker-proxy this host and containers no longer reach ports published by containers beside them',
  },
  'nat-jump': 'nat-jump',
  'nat-jump-output': 'nat-jump',
  'wsl-return': 'wsl-return',
  established: 'bridge-established',
  'established-out': noEffect,
  'network-out': noEffect,
  'internal-in': 'internal-drop',
  'internal-out': 'internal-drop',
  'icc-accept': 'network-icc-accept',
  'icc-drop': 'network-icc-drop',
  'mark-accept': {
    severity: 'outage',
    text: 'traffic with the mark that --bridge-accept-fwmark lets through is no longer accepted',
  },
  'routed-icmp': 'routed-icmp',
  'routed-icmpv6': 'routed-icmp',
  'unpublished-drop': 'unpublished-drop',
  'unprotected-accept': noEffect,
  masquerade: 'masquerade',
  snat: 'masquerade',
  'hairpin-local': 'hairpin-local',
  'hairpin-local-snat': 'hairpin-local',
  'hairpin-port': 'hairpin-port',
  dnat: 'dnat',
  'port-accept': 'port-accept',
  'link-ask': 'link-accept',
  'link-answer': noEffect,
  'link-answer-first': noEffect,
  'raw-endpoint': 'raw-endpoint',
  'raw-loopback': 'raw-loopback',
  'raw-loopback-wsl': 'raw-loopback-wsl',
  'overlay-mark': 'overlay-mark',
  'overlay-drop': 'overlay-plain-drop',
};

/** What it means that a rule of Docker's tables is gone. */
export function tableLossOf(
  { rule, purpose, captures }: OwnedTableRule,
  surroundings: Surroundings,
): Consequence {
  if (purpose === undefined)
    return { severity: 'outage', text: 'a rule unknown to rulesguard; Docker needs it for something' };
  const { parent, ...others } = captures;
  const named = { ...others, ...(parent === undefined ? {} : { source: parent }) };
  const terms = termsOf({ rule, captures: named }, surroundings);
  const loss: Loss = LOST[purpose];
  return typeof loss === 'string' ? consequenceOf(loss, terms) : loss;
}

/** What it means that a map no longer leads from a bridge to its chain. */
export function elementLossOf(map: string, bridge: string, surroundings: Surroundings): Consequence {
  const { network } = termsOf({ rule: { text: '' }, captures: { bridge } }, surroundings);
  switch (map) {
    case FORWARD_IN.map:
      return {
        severity: 'exposure',
        text: `unpublished ports of ${network} can be reached from outside the network`,
      };
    case FORWARD_OUT.map:
      return surroundings.networks.some((one) => one.bridge === bridge && one.internal)
        ? { severity: 'exposure', text: `the internal ${network} is no longer closed to the outside` }
        : noEffect;
    case NAT_OUT.map:
      return {
        severity: 'outage',
        text: `traffic from ${network} is not masqueraded: replies from outside cannot return to its containers`,
      };
    case NAT_IN.map:
      return {
        severity: 'notice',
        text: `without docker-proxy this host no longer reaches published ports of ${network} over 127.0.0.1`,
      };
    default:
      return { severity: 'outage', text: 'an element that Docker needs for something' };
  }
}
