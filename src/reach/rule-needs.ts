import type { Rule } from '../firewall/iptables/text/model.ts';
import { partsOf, type Extension } from '../trace/match/rule-parts.ts';

/** What of a rule depends on which of several like packets it is asked about. */
export interface RuleNeeds {
  /** Addresses of containers, one of which a packet must have at an end: the rule concerns no packet without it. */
  readonly addresses: readonly string[];
  /** Ports of which the same holds. */
  readonly ports: readonly number[];
  /** Blocks of addresses it asks for, and lists and ranges of ports. */
  readonly blocks: readonly string[];
  readonly ranges: readonly string[];
  /** It asks for what is not foreseen here: then no two packets are known to fare alike. */
  readonly isOpaque: boolean;
  /** A port that its target gives packets, which others may then ask for; undefined for none. */
  readonly gives: readonly number[];
}

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
  ],
  ...['addrtype', 'length', 'ttl', 'hl'],
]);
const WITH_PORTS: ReadonlySet<string> = new Set(['tcp', 'udp', 'sctp', 'dccp', 'udplite', 'multiport']);
const TELLS_NOTHING: ReadonlySet<string> = new Set(['--ctstate', '--ctdir', '--tcp-flags', '--tcp-option']);

/**
 * Reads what a rule asks of the two ends of a packet.
 *
 * @param containers - addresses of containers: a rule for one of them alone concerns nobody else
 */
export function needsOf(rule: Rule, containers: ReadonlySet<string>): RuleNeeds {
  const needs = {
    addresses: [] as string[],
    ports: [] as number[],
    blocks: [] as string[],
    ranges: [] as string[],
  };
  if (rule.printed !== undefined) return { ...needs, gives: [], isOpaque: true };
  const { base, matches, target } = partsOf(rule);
  let isOpaque = false;
  for (const { name, values, negated } of base) {
    if (name !== '-s' && name !== '-d') continue;
    const [block = ''] = values;
    const address = block.replace(/\/(?:32|128)$/, '');
    if (!negated && containers.has(address)) needs.addresses.push(address);
    else needs.blocks.push(block);
  }
  for (const match of matches) {
    if (WITH_PORTS.has(match.name)) isOpaque = !readPorts(match, needs) || isOpaque;
    else if (match.name === 'conntrack')
      isOpaque ||= match.options.some(({ name }) => !TELLS_NOTHING.has(name));
    else isOpaque ||= !INDIFFERENT.has(match.name);
  }
  isOpaque ||= target?.name === 'SET' || target?.name === 'NETMAP';
  return { ...needs, gives: target === undefined ? [] : givenBy(target, containers), isOpaque };
}

/** @returns false for an option that is not foreseen */
function readPorts({ options }: Extension, needs: { ports: number[]; ranges: string[] }): boolean {
  for (const { name, values, negated } of options) {
    const [text = ''] = values;
    if (/^--[ds]?ports?$/.test(name)) {
      if (!negated && /^\d+$/.test(text)) needs.ports.push(Number(text));
      else needs.ranges.push(text);
    } else if (!TELLS_NOTHING.has(name)) return false;
  }
  return true;
}

/** Ports in a target that translates; what leads to a container is that container's own. */
function givenBy({ options }: Extension, containers: ReadonlySet<string>): readonly number[] {
  return options.flatMap(({ name, values }) => {
    const [value = ''] = values;
    const [, address = '', ports = ''] = /^(?:\[?(.*?)\]?:)?([\d-]+)$/.exec(value) ?? [];
    if (!name.startsWith('--to') || ports === '' || containers.has(address)) return [];
    return ports.split('-').map(Number);
  });
}

/** Options whose value is an address or a port, so that it stands for whoever is asked about. */
const NAMING: ReadonlySet<string> = new Set(['-s', '-d', '--dport', '--sport', '--to-destination']);

/** A rule as it reads of anybody: the address and the ports asked about are left open. */
export function opened(
  rule: Rule,
  { address, port, hostPort }: { readonly address: string; readonly port: number; readonly hostPort: number },
): string {
  const forms = new Map([
    [address, 'A'],
    [`${address}/32`, 'A'],
    [`${address}/128`, 'A'],
    [`${address}:${String(port)}`, 'A:P'],
    [`[${address}]:${String(port)}`, 'A:P'],
    [String(hostPort), 'H'],
    [String(port), 'P'],
  ]);
  const words = rule.text.split(' ');
  return words
    .map((word, i) => (NAMING.has(words[i - 1] ?? '') ? (forms.get(word) ?? word) : word))
    .join(' ');
}
