import { parseBlock } from '../../net/address.ts';
import { splitWords } from '../../firewall/iptables/text/words.ts';
import { all, any, type MatchResult } from '../match-result.ts';
import { inBlock, inRange } from '../routing/addresses.ts';
import type { Packet } from '../packet.ts';
import { hasPorts, isIcmp, protocolNumber } from './protocols.ts';
import type { IpSet } from '../network-state.ts';

/** Options of a set that do not change what is in it. */
const PLAIN: Readonly<Record<string, number>> = {
  ...{ family: 1, hashsize: 1, maxelem: 1, bucketsize: 1, initval: 1, timeout: 1, size: 1, range: 1 },
  ...{ counters: 0, comment: 0, skbinfo: 0, forceadd: 0 },
};

/**
 * Reads what `ipset save` prints. An option that changes what counts as a member (`netmask 24`) becomes part of the
 * type, which then is one that is not known here.
 */
export function parseSets(saved: string): ReadonlyMap<string, IpSet> {
  const sets = new Map<string, IpSet & { readonly members: string[] }>();
  for (const line of saved.split('\n')) {
    const [verb, name = '', what = '', ...rest] = splitWords(line).words;
    if (verb === 'add') {
      // A comment may say anything, also what would be an option.
      const comment = rest.indexOf('comment');
      const options = comment === -1 ? rest : rest.toSpliced(comment, 2);
      sets.get(name)?.members.push([what, ...options].join(' '));
    }
    if (verb !== 'create') continue;
    const odd: string[] = [];
    for (let i = 0; i < rest.length; i++) {
      const values = PLAIN[rest[i] ?? ''];
      if (values === undefined) odd.push(rest[i] ?? '');
      else i += values;
    }
    const family = rest[rest.indexOf('family') + 1] === 'inet6' ? 'ipv6' : 'ipv4';
    sets.set(name, { name, type: [what, ...odd].join(' '), family, members: [] });
  }
  return sets;
}

/** The dimensions of each type whose members are understood here. */
const DIMENSIONS: Readonly<Record<string, readonly string[]>> = {
  'hash:ip': ['net'],
  'hash:net': ['net'],
  'hash:ip,port': ['net', 'port'],
  'hash:net,port': ['net', 'port'],
  'hash:net,net': ['net', 'net'],
  'hash:ip,port,ip': ['net', 'port', 'net'],
  'hash:ip,port,net': ['net', 'port', 'net'],
  'hash:net,port,net': ['net', 'port', 'net'],
  'hash:net,iface': ['net', 'iface'],
  'hash:ip,mark': ['net', 'mark'],
  'bitmap:ip': ['net'],
  'bitmap:port': ['bare port'],
};

const ICMP_NAMES: Readonly<Record<Packet['family'], Readonly<Record<string, string>>>> = {
  ipv4: { 'echo-request': '8/0', ping: '8/0', 'echo-reply': '0/0', pong: '0/0' },
  ipv6: { 'echo-request': '128/0', ping: '128/0', 'echo-reply': '129/0', pong: '129/0' },
};

const ofFamily = (type: string): boolean => type !== 'bitmap:port';

function blockOf(text: string, address: string): MatchResult {
  const [first = '', last] = text.split('-');
  return last === undefined ? inBlock(address, parseBlock(first)) : inRange(address, first, last);
}

/** ICMP's type and code take the place of the port, by name where ipset knows one. */
function icmpIs({ family, icmp }: Packet, text: string): MatchResult {
  const spelt = ICMP_NAMES[family][text] ?? text;
  if (icmp === undefined || !/^\d+\/\d+$/.test(spelt)) return 'ICMP in a set';
  return spelt === `${String(icmp.type)}/${String(icmp.code)}`;
}

function portIs(packet: Packet, side: string, text: string, bare: boolean): MatchResult {
  const field = side === 'src' ? 'sourcePort' : 'destinationPort';
  const [protocol = '', port = ''] = bare ? [packet.protocol, text] : text.split(':');
  const number = protocolNumber(protocol);
  if (number === undefined) return `protocol ${protocol} in a set`;
  if (number !== protocolNumber(packet.protocol)) return false;
  if (isIcmp(packet.protocol)) return bare ? false : icmpIs(packet, port);
  if (!hasPorts(packet.protocol)) return !bare && port === '0';
  if (packet.vague?.includes(field)) return 'the port after NAT';
  return /^\d+$/.test(port) ? Number(port) === packet[field] : `port ${port} in a set`;
}

function dimension(packet: Packet, kind: string, side: string, text: string, wildcard: boolean): MatchResult {
  if (kind === 'net') {
    const field = side === 'src' ? 'source' : 'destination';
    return packet.vague?.includes(field) ? `the ${field} after NAT` : blockOf(text, packet[field]);
  }
  if (kind === 'iface') {
    const name = side === 'src' ? packet.inInterface : packet.outInterface;
    if (text.startsWith('physdev:')) return 'a port of a bridge in a set';
    return name !== '' && (wildcard ? name.startsWith(text) : name === text);
  }
  if (kind === 'mark') return packet.vague?.includes('mark') ? 'the mark' : Number(text) === packet.mark;
  return portIs(packet, side, text, kind === 'bare port');
}

/** The lengths of a member's blocks: the most specific member decides, as the kernel tries long prefixes first. */
const depthOf = (elements: readonly string[]): number =>
  elements.reduce((depth, element) => depth * 256 + (parseBlock(element)?.length ?? 0), 0);

/**
 * Whether a packet is in a set, as `-m set --match-set NAME SIDES` asks.
 *
 * @param sides - `src` or `dst` for each dimension of the set
 */
export function inSet(
  sets: ReadonlyMap<string, IpSet>,
  set: IpSet,
  sides: readonly string[],
  packet: Packet,
): MatchResult {
  if (set.type === 'list:set')
    return any(
      set.members.map((member) => {
        const other = sets.get(member.split(' ')[0] ?? '');
        return other === undefined ? `set ${member}` : inSet(sets, other, sides, packet);
      }),
    );
  const kinds = DIMENSIONS[set.type];
  if (kinds === undefined) return `sets of type ${set.type}`;
  // A set of more dimensions than are named, or of the other family, holds nothing (ip_set_test).
  if (kinds.length > sides.length || (ofFamily(set.type) && set.family !== packet.family)) return false;
  const found = set.members
    .map((member) => {
      const [element = '', ...options] = member.split(' ');
      const elements = element.split(',');
      const wildcard = options.includes('wildcard');
      const answers = kinds.map((kind, i) =>
        dimension(packet, kind, sides[i] ?? '', elements[i] ?? '', wildcard),
      );
      return { answer: all(answers), depth: depthOf(elements), nomatch: options.includes('nomatch') };
    })
    .filter(({ answer }) => answer !== false)
    .sort((a, b) => b.depth - a.depth);
  const [best] = found;
  if (best === undefined) return false;
  if (found.every(({ nomatch }) => !nomatch)) return any(found.map(({ answer }) => answer));
  return best.answer === true ? !best.nomatch : best.answer;
}
