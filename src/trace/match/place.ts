import { any, withSign, type MatchResult } from '../match-result.ts';
import { inRange, isMulticast } from '../routing/addresses.ts';
import type { MatchContext, Test } from '../match-context.ts';
import { isInterface } from './base.ts';
import { hasAddress, localType } from '../routing/local.ts';
import type { RuleOption } from '../../firewall/iptables/text/view.ts';
import type { Extension } from './rule-parts.ts';

const has = (options: readonly RuleOption[], name: string): boolean =>
  options.some((option) => option.name === name);

/**
 * `-m addrtype`: what kind of address it is, by the table `local` alone (xt_addrtype.c, inet_addr_type): an address
 * nobody has a route to is UNICAST too.
 */
export function addrtypeTests({ options }: Extension): readonly Test[] {
  const limits = options.filter(({ name }) => name.startsWith('--limit-iface'));
  return options
    .filter((option) => !limits.includes(option))
    .map(({ name, values, negated }): Test => {
      const field = name === '--src-type' ? 'source' : name === '--dst-type' ? 'destination' : undefined;
      const types = (values[0] ?? '').split(',');
      return ({ packet, netState }) => {
        if (field === undefined) return `option ${name}`;
        if (packet.vague?.includes(field)) return `the ${field} after NAT`;
        const { family } = packet;
        const device = has(limits, '--limit-iface-in')
          ? packet.inInterface
          : has(limits, '--limit-iface-out')
            ? packet.outInterface
            : undefined;
        // On one interface, LOCAL is what has the very address there (match_lookup_rt6).
        if (family === 'ipv6' && device !== undefined && values[0] === 'LOCAL')
          return withSign(hasAddress(netState, device, packet[field]), negated);
        if (family === 'ipv6' && (device !== undefined || types.length > 1))
          return 'addrtype of more than one kind or on one interface, for IPv6';
        const own = localType(netState, family, packet[field], device);
        return withSign(any(types.map((type) => isType(own, type, family))), negated);
      };
    });
}

const TYPES: ReadonlySet<string> = new Set(['LOCAL', 'UNICAST', 'BROADCAST', 'ANYCAST', 'MULTICAST']);

function isType(own: string, type: string, family: string): MatchResult {
  if (!TYPES.has(type)) return `address type ${type}`;
  // For IPv6, UNICAST is the shape of the address, so that one's own are UNICAST too (match_type6).
  if (family === 'ipv6' && type === 'UNICAST') return own !== 'MULTICAST';
  return own === type;
}

/** `-m iprange`. */
export function iprangeTests({ options }: Extension): readonly Test[] {
  return options.map(({ name, values, negated }) => ({ packet }) => {
    const [first = '', last = first] = (values[0] ?? '').split('-');
    const field = name === '--src-range' ? 'source' : name === '--dst-range' ? 'destination' : undefined;
    if (field === undefined) return `option ${name}`;
    if (packet.vague?.includes(field)) return `the ${field} after NAT`;
    return withSign(inRange(packet[field], first, last), negated);
  });
}

/** Whether the packet carries what br_netfilter notes of a bridge's port: only with it on, and only behind a bridge. */
function behindBridge({ packet, netState }: MatchContext): boolean {
  const bridge = netState.links.find(({ name }) => name === packet.inInterface)?.kind === 'bridge';
  const sysctl =
    packet.family === 'ipv4' ? 'bridge/bridge-nf-call-iptables' : 'bridge/bridge-nf-call-ip6tables';
  return bridge && netState.sysctls.get(sysctl) === '1';
}

function physdev(facts: MatchContext, { name, values, negated }: RuleOption): MatchResult {
  const { packet, hook, bridged } = facts;
  // Without a note of the bridge every condition fails, and its opposite holds (xt_physdev.c).
  if (!behindBridge(facts)) return negated;
  const onTheWayOut = bridged && (hook === 'FORWARD' || hook === 'POSTROUTING');
  switch (name) {
    case '--physdev-in':
      if (packet.inPort === '') return 'the port of the bridge it comes in by';
      return withSign(isInterface(packet.inPort, values[0] ?? ''), negated);
    case '--physdev-is-in':
      return withSign(true, negated);
    case '--physdev-is-bridged':
    case '--physdev-is-out':
      return withSign(onTheWayOut, negated);
    case '--physdev-out':
      return onTheWayOut ? 'the port of the bridge it leaves by' : negated;
    default:
      return `option ${name}`;
  }
}

/** `-m physdev`. */
export function physdevTests({ options }: Extension): readonly Test[] {
  return options.map((option) => (facts) => physdev(facts, option));
}

/** `-m pkttype`. */
export function pkttypeTests({ options }: Extension): readonly Test[] {
  return options.map(({ name, values: [wanted = ''], negated }) => (facts) => {
    const type = linkType(facts);
    if (name !== '--pkt-type' || type === undefined)
      return name === '--pkt-type' ? 'the link layer address' : `option ${name}`;
    return withSign((wanted === 'host' ? 'unicast' : wanted) === type, negated);
  });
}

/**
 * To whom a packet is on its link: one to one machine is `unicast` wherever rules see it, also one a bridge carries past; one to many is
 * `multicast` where it comes in, and `unicast` where it is made (measured on 6.18, as the kernel notes it in skb->pkt_type).
 *
 * @returns undefined where it is not known
 */
export function linkType({ packet, netState }: MatchContext): 'unicast' | 'multicast' | undefined {
  const { family, destination, inInterface } = packet;
  if (packet.vague?.includes('destination')) return undefined;
  if (isMulticast(family, destination))
    return inInterface === '' ? 'unicast' : inInterface === 'lo' ? undefined : 'multicast';
  return localType(netState, family, destination, undefined) === 'BROADCAST' ? undefined : 'unicast';
}

/** `-m hl`: a hop limit, which is known of neighbour discovery alone. */
export function hopLimitTests({ options }: Extension): readonly Test[] {
  return options.map(({ name, values, negated }) => ({ packet: { hopLimit } }) => {
    const limit = Number(values[0]);
    if (hopLimit === undefined || Number.isNaN(limit)) return 'match hl';
    switch (name) {
      case '--hl-eq':
        return withSign(hopLimit === limit, negated);
      case '--hl-lt':
        return hopLimit < limit;
      case '--hl-gt':
        return hopLimit > limit;
      default:
        return `option ${name}`;
    }
  });
}
