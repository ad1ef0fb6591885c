import type { Rule } from '../../firewall/iptables/text/model.ts';
import { blockOf, type AddressBlock } from '../../net/address.ts';
import { partsOf, type Extension } from '../../trace/match/rule-parts.ts';

/** Which end of a packet a rule asks of: the one it comes from, the one it goes to, or either. */
export type RuleSide = 'from' | 'to' | 'either';

/** What of a rule depends on which of several like packets it is asked about. */
export interface RuleNeeds {
  /** Addresses of containers, one of which a packet must have at an end: the rule concerns no packet without it. */
  readonly addresses: readonly string[];
  /** At which ends, in the same order. */
  readonly sides: readonly RuleSide[];
  /** Ports of which the same holds, and at which ends. */
  readonly ports: readonly { readonly port: number; readonly side: RuleSide }[];
  /** Bridges, one of which a packet must come in or leave by, or have an address of. */
  readonly bridges: readonly string[];
  /** Blocks of addresses that a packet must have at an end: the rule concerns no packet without. */
  readonly only: readonly string[];
  /** Names of interfaces it asks for, `!` or not; `eth+` is every name that begins with `eth`. */
  readonly interfaces: readonly string[];
  /** Blocks of addresses it asks for, and lists and ranges of ports. */
  readonly blocks: readonly string[];
  readonly ranges: readonly string[];
  /** It asks for what is not foreseen here: then no two packets are known to fare alike. */
  readonly isOpaque: boolean;
  /** Ports that its target gives packets, which others may then ask for. */
  readonly gives: readonly number[];
  /** Containers' addresses that its target gives packets, and ports with them. */
  readonly leadsTo: readonly string[];
  readonly leadsAt: readonly number[];
  /** All addresses that its target gives packets; of a range every one between, as the whole family. */
  readonly leads: readonly AddressBlock[];
}

/** Names of the host's that rules may ask for, and that only some packets have. */
export interface KnownNames {
  /** Addresses of containers. */
  readonly containers: ReadonlySet<string>;
  /** Bridges of networks by their names and by their subnets, where nothing else leads there. */
  readonly bridges: ReadonlyMap<string, string>;
  /** Of all networks: every container's address is in one of them. */
  readonly subnets: readonly AddressBlock[];
  /** By address of a container: the bridge that it is behind. */
  readonly homes: ReadonlyMap<string, string>;
  /** Containers with the ports of the host's that are theirs: see {@link ownPort}. */
  readonly hostPorts: ReadonlySet<string>;
  /** Ports that every container asks outside. */
  readonly outsidePorts: readonly number[];
}

/** How a port of the host's that a container publishes is known. */
export const ownPort = (address: string, hostPort: number): string => `${address} ${String(hostPort)}`;

/** Matches that ask for nothing that tells two packets of one class apart, and those that are not understood whatever they are asked of. */
const INDIFFERENT: ReadonlySet<string> = new Set([
  ...[
    'state',
    'mark',
    'connmark',
    'icmp',
    'icmp6',
    'comment',
    'limit',
    'owner',
    'statistic',
    'time',
    'pkttype',
    'rt',
  ],
  ...['addrtype', 'length', 'ttl', 'hl', 'rpfilter'],
  // What sets hold is asked for by itself.
  'set',
]);
const WITH_PORTS: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp', 'dccp', 'udplite', 'multiport']);
const TELLS_NOTHING: ReadonlySet<string> = new Set(['--ctstate', '--ctdir', '--tcp-flags', '--tcp-option']);

/**
 * Reads what a rule asks of the two ends of a packet.
 *
 * @param names - a rule for one of them alone concerns nobody else
 */
export function needsOf(rule: Rule, { containers, bridges }: KnownNames): RuleNeeds {
  const needs = {
    addresses: [] as string[],
    sides: [] as RuleSide[],
    ports: [] as { readonly port: number; readonly side: RuleSide }[],
    bridges: [] as string[],
    only: [] as string[],
    interfaces: [] as string[],
    blocks: [] as string[],
    ranges: [] as string[],
  };
  // What cannot be read is unknown of every packet.
  if (rule.printed !== undefined)
    return { ...needs, gives: [], leadsTo: [], leadsAt: [], leads: [], isOpaque: false };
  const { base, matches, target } = partsOf(rule);
  let isOpaque = false;
  for (const { name, values, negated } of base) {
    const [value = ''] = values;
    const bridge = negated ? undefined : bridges.get(value);
    if (bridge !== undefined && BRIDGED.has(name)) needs.bridges.push(bridge);
    if (name === '-i' || name === '-o') needs.interfaces.push(value);
    if (name !== '-s' && name !== '-d') continue;
    const address = value.replace(/\/(?:32|128)$/, '');
    if (!negated && containers.has(address)) {
      needs.addresses.push(address);
      needs.sides.push(name === '-s' ? 'from' : 'to');
    } else {
      needs.blocks.push(value);
      if (!negated) needs.only.push(value);
    }
  }
  for (const match of matches) {
    if (WITH_PORTS.has(match.name)) isOpaque = !readPorts(match, needs) || isOpaque;
    else if (match.name === 'conntrack')
      isOpaque ||= match.options.some(({ name }) => !TELLS_NOTHING.has(name));
    else isOpaque ||= !INDIFFERENT.has(match.name);
  }
  isOpaque ||= target?.name === 'SET' || target?.name === 'NETMAP';
  const given = target === undefined ? [] : givenBy(target, containers);
  return {
    ...needs,
    gives: given.flatMap(({ isContainers, ports }) => (isContainers ? [] : ports)),
    leadsAt: given.flatMap(({ isContainers, ports }) => (isContainers ? ports : [])),
    leadsTo: target === undefined ? [] : ledTo(target, containers),
    leads: target === undefined ? [] : givenBlocks(target),
    isOpaque,
  };
}

/** Conditions whose value may be a bridge's name or subnet. */
const BRIDGED: ReadonlySet<string> = new Set(['-i', '-o', '-s', '-d']);

/** @returns false for an option that is not foreseen */
function readPorts(
  { options }: Extension,
  needs: { readonly ports: { readonly port: number; readonly side: RuleSide }[]; readonly ranges: string[] },
): boolean {
  for (const { name, values, negated } of options) {
    const [text = ''] = values;
    if (/^--[ds]?ports?$/.test(name)) {
      if (!negated && /^\d+$/.test(text)) {
        const side = name.startsWith('--s') ? 'from' : name.startsWith('--d') ? 'to' : 'either';
        needs.ports.push({ port: Number(text), side });
      } else needs.ranges.push(text);
    } else if (!TELLS_NOTHING.has(name)) return false;
  }
  return true;
}

/** Ports in a target that translates, with the address of a container or not. */
function givenBy(
  { options }: Extension,
  containers: ReadonlySet<string>,
): readonly { readonly ports: readonly number[]; readonly isContainers: boolean }[] {
  return options.flatMap(({ name, values }) => {
    const [value = ''] = values;
    const [, address = '', ports = ''] = /^(?:\[?(.*?)\]?:)?([\d-]+)$/.exec(value) ?? [];
    if (!name.startsWith('--to') || ports === '') return [];
    return [{ ports: ports.split('-').map(Number), isContainers: containers.has(address) }];
  });
}

/** Addresses in a target that translates; a range of them may be any. */
const givenBlocks = ({ options }: Extension): readonly AddressBlock[] =>
  options.flatMap(({ name, values }) => {
    const [value = ''] = values;
    if (!name.startsWith('--to')) return [];
    const [, bracketed, plain = ''] =
      /^(?:\[(.*)\]|([\d.]+|[\da-f:]*:[\da-f:]*:[\da-f:]*))/i.exec(value) ?? [];
    const block = blockOf(bracketed ?? plain);
    if (block === undefined) return [];
    const isRange = /[\da-f]-[\d.a-f:]*[.:]/i.test(value);
    return [isRange ? { ...block, base: 0n, length: 0 } : block];
  });

/** Addresses of containers in a target that translates. */
const ledTo = ({ options }: Extension, containers: ReadonlySet<string>): readonly string[] =>
  options.flatMap(({ name, values }) => {
    const address = (values[0] ?? '').replace(/^\[(.*)\](?::\d+)?$/, '$1');
    const plain = containers.has(address) ? address : address.replace(/:\d+$/, '');
    return name.startsWith('--to') && containers.has(plain) ? [plain] : [];
  });
