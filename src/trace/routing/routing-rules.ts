import { blockOf } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import { all, withSign, type MatchResult } from '../match-result.ts';
import type { PortField } from '../match/ports.ts';
import { protocolNumber } from '../match/protocols.ts';
import type { NetworkState, RouteRule } from '../network-state.ts';
import type { Packet } from '../packet.ts';
import { inBlock } from './addresses.ts';

/** What is looked up: a packet's addresses and mark, and its protocol and ports where they are known. */
export interface Journey extends Partial<Pick<Packet, PortField | 'protocol' | 'vague'>> {
  readonly family: Family;
  /** '' where it is not chosen yet. */
  readonly source: string;
  readonly destination: string;
  readonly mark: number;
  /** '' for a packet made here. */
  readonly inInterface: string;
  /** The interface it must leave by; absent where any will do. */
  readonly boundTo?: string;
  /** The interface whose VRF it is in, where that is not the one it came in by. */
  readonly inVrfOf?: string;
}

/** Of a lookup that knows no protocol and no ports: no rule that asks for them is for it. */
export const WITHOUT_PORTS = { protocol: '0', sourcePort: 0, destinationPort: 0 } as const;

/** What a rule of policy routing may do itself, in the place of a table: it ends packets. */
const ENDING: ReadonlySet<string | undefined> = new Set(['blackhole', 'unreachable', 'prohibit']);

/** Whether a rule of policy routing ends packets itself. */
export const endsPackets = ({ table, fields }: RouteRule): boolean =>
  table === '' && ENDING.has(fields['action']);

/**
 * The priority of the rule that is asked next, of one that skips others (`goto`). One that leads to no rule does nothing, as `nop` (fib_rules.c,
 * fib_rules_lookup).
 */
export function skipsTo({ fields, priority }: RouteRule): number | undefined {
  const { goto } = fields;
  if (goto === undefined) return undefined;
  return Object.hasOwn(fields, 'unresolved') || goto === 'none' ? priority : Number(goto);
}

/** Fields of a rule that say nothing of which packets it is for, or are read elsewhere. */
const NEUTRAL: ReadonlySet<string> = new Set([
  ...['priority', 'table', 'protocol', 'action', 'suppress_prefixlen', 'family'],
  ...['srclen', 'dstlen', 'fwmask', 'not', 'goto', 'nop', 'unresolved', 'sport_end', 'dport_end', 'uid_end'],
]);

/** Whether a rule is for a protocol or some ports alone. */
export const asksForPorts = ({ fields }: RouteRule): boolean =>
  ['ipproto', 'sport', 'sport_start', 'dport', 'dport_start'].some((key) => Object.hasOwn(fields, key));

/**
 * Whether the kernel reads a packet's protocol and ports before it looks up where it came from: it does so only for a rule that
 * asks for them, and not for `lo` alone (fib_rules.h, fib_rule_requires_fldissect).
 */
export const readsPorts = ({ routeRules }: Pick<NetworkState, 'routeRules'>, family: Family): boolean =>
  routeRules.some((rule) => rule.family === family && rule.fields['iif'] !== 'lo' && asksForPorts(rule));

/**
 * Whether a port is the one, or in the range, that a rule asks for. Packets without ports have 0 there, which no rule can ask for
 * (fib_rules.c, nla_get_port_range).
 */
function inPorts(fields: RouteRule['fields'], key: 'sport' | 'dport', journey: Journey): MatchResult {
  const field: PortField = key === 'sport' ? 'sourcePort' : 'destinationPort';
  const port = journey[field];
  const [low = NaN, high = NaN] = [`${key}_start`, `${key}_end`].map((name) =>
    Number(fields[name] ?? fields[key]),
  );
  const isKnown = port !== undefined && journey.vague?.includes(field) !== true;
  // A rule of newer kernels may ask for some bits of a port (fib_rules.c, FRA_DPORT_MASK).
  if (!isKnown || Number.isNaN(low + high) || Object.hasOwn(fields, `${key}_mask`))
    return `a routing rule with ${key}`;
  return low <= port && port <= high;
}

function ofProtocol(wanted: string, { protocol }: Journey): MatchResult {
  const [own, asked] = [protocolNumber(protocol ?? ''), protocolNumber(wanted)];
  return own === undefined || asked === undefined ? 'a routing rule with ipproto' : own === asked;
}

function inField(fields: RouteRule['fields'], key: 'src' | 'dst', address: string): boolean {
  const text = fields[key];
  if (text === undefined || text === 'all') return true;
  const length = fields[`${key}len`];
  const block = blockOf(length === undefined || text.includes('/') ? text : `${text}/${length}`);
  return address !== '' && inBlock(address, block) === true;
}

/**
 * Whether a rule is for a packet; a text names a condition that is not known here. `not` turns the answer to all of its conditions
 * together (fib_rules.c, fib_rule_match).
 */
export function isFor({ fields }: RouteRule, journey: Journey): MatchResult {
  const answers = Object.entries(fields).map(([key, value]): MatchResult => {
    if (NEUTRAL.has(key)) return true;
    switch (key) {
      case 'src':
      case 'dst':
        return inField(fields, key, key === 'src' ? journey.source : journey.destination);
      case 'fwmark': {
        if (journey.vague?.includes('mark') === true) return 'a routing rule with fwmark';
        const mask = Number(fields['fwmask'] ?? 0xffffffff);
        return ((journey.mark ^ Number(value)) & mask) === 0;
      }
      case 'iif':
        return value === (journey.inInterface === '' ? 'lo' : journey.inInterface);
      case 'ipproto':
        return ofProtocol(value, journey);
      case 'sport':
      case 'sport_start':
        return inPorts(fields, 'sport', journey);
      case 'dport':
      case 'dport_start':
        return inPorts(fields, 'dport', journey);
      // Forwarded packets count as root's (ip_route_input_slow); dockerd and docker-proxy are his, and who asks from this host.
      case 'uid_start':
        return Number(value) === 0;
      // Packets that no socket bound to a device made have no interface to go out by yet.
      case 'oif':
        return value === journey.boundTo;
      default:
        return `a routing rule with ${key}`;
    }
  });
  return withSign(all(answers), Object.hasOwn(fields, 'not'));
}
