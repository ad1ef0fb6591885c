import { parseBlock } from '../../../net/address.ts';
import type { Family } from '../../../net/family.ts';
import { isBuiltin } from './model.ts';
import { TARGETS } from './targets.ts';

/** Where a rule is to go. */
export interface ChainPlace {
  readonly family: Family;
  readonly table: string;
  readonly chain: string;
}

/** The fields of the plain rules that are known here; save prints them in the order of FIELDS. */
interface Fields {
  source?: string;
  destination?: string;
  inInterface?: string;
  outInterface?: string;
  protocol?: string;
  match?: string;
  sourcePort?: string;
  destinationPort?: string;
  states?: string;
  target?: string;
}

interface OptionField {
  readonly field: keyof Fields;
  /** How save prints the option. */
  readonly option: string;
  /** The value as save prints it; undefined when that is not certain. */
  readonly saved: (value: string, place: ChainPlace, fields: Fields) => string | undefined;
}

const among =
  (...values: readonly string[]) =>
  (value: string): string | undefined =>
    values.includes(value) ? value : undefined;

/** An IPv4 address as save prints it; undefined for host bits (the tool cuts them), /0 (not printed) and IPv6 (many spellings). */
function address(value: string, { family }: ChainPlace): string | undefined {
  const block = /^[1-9]\d{0,2}(?:\.(?:0|[1-9]\d{0,2})){3}(?:\/[1-9]\d?)?$/.test(value)
    ? parseBlock(value)
    : undefined;
  if (block === undefined || family !== 'ipv4') return undefined;
  const [dotted = ''] = value.split('/');
  return parseBlock(dotted)?.base === block.base ? `${dotted}/${String(block.length)}` : undefined;
}

/** Packets have no such interface in these chains, and the tool refuses the option there. */
const LACKING = { inInterface: ['OUTPUT', 'POSTROUTING'], outInterface: ['INPUT', 'PREROUTING'] } as const;

const networkInterface =
  (which: keyof typeof LACKING) =>
  (value: string, { chain }: ChainPlace): string | undefined =>
    /^[A-Za-z][A-Za-z0-9._-]{0,14}$/.test(value) && !LACKING[which].some((lacking) => lacking === chain)
      ? value
      : undefined;

/** The option exists only once the protocol is read, and pulls its match in. */
function port(value: string, _: ChainPlace, fields: Fields): string | undefined {
  if (!/^[1-9]\d{0,4}$/.test(value) || Number(value) > 65_535) return undefined;
  if (fields.protocol === undefined || (fields.match ?? fields.protocol) !== fields.protocol)
    return undefined;
  fields.match = fields.protocol;
  return value;
}

function match(value: string, _: ChainPlace, { protocol, match: earlier }: Fields): string | undefined {
  return earlier === undefined && (value === 'conntrack' || value === protocol) ? value : undefined;
}

const STATES = 'RELATED,ESTABLISHED';

function states(value: string, _: ChainPlace, fields: Fields): string | undefined {
  if (fields.match !== 'conntrack') return undefined;
  if (value === STATES || value === 'ESTABLISHED,RELATED') return STATES;
  return among('NEW', 'ESTABLISHED', 'INVALID')(value);
}

/** The tool allows no DROP in nat, and the kernel masquerades only what leaves. */
function target(value: string, { table, chain }: ChainPlace): string | undefined {
  const verdict = table === 'nat' ? among('ACCEPT', 'RETURN') : among('ACCEPT', 'RETURN', 'DROP');
  return table === 'nat' && chain === 'POSTROUTING' && value === 'MASQUERADE' ? value : verdict(value);
}

const SOURCE: OptionField = { field: 'source', option: '-s', saved: address };
const DESTINATION: OptionField = { field: 'destination', option: '-d', saved: address };
const IN: OptionField = { field: 'inInterface', option: '-i', saved: networkInterface('inInterface') };
const OUT: OptionField = { field: 'outInterface', option: '-o', saved: networkInterface('outInterface') };
const PROTOCOL: OptionField = { field: 'protocol', option: '-p', saved: among('tcp', 'udp') };
const MATCH: OptionField = { field: 'match', option: '-m', saved: match };
const SPORT: OptionField = { field: 'sourcePort', option: '--sport', saved: port };
const DPORT: OptionField = { field: 'destinationPort', option: '--dport', saved: port };
const CTSTATE: OptionField = { field: 'states', option: '--ctstate', saved: states };
const TARGET: OptionField = { field: 'target', option: '-j', saved: target };

/** In save's order. Every row has its case in test/kernel/predict.test.ts. */
const FIELDS = [SOURCE, DESTINATION, IN, OUT, PROTOCOL, MATCH, SPORT, DPORT, CTSTATE, TARGET];

const LONG_NAMES: Readonly<Record<string, string>> = {
  '--source': '-s',
  '--src': '-s',
  '--destination': '-d',
  '--dst': '-d',
  '--in-interface': '-i',
  '--out-interface': '-o',
  '--protocol': '-p',
  '--match': '-m',
  '--source-port': '--sport',
  '--destination-port': '--dport',
  '--jump': '-j',
};

/**
 * How save will print a rule that somebody types, for the few plain shapes where that is certain: addresses,
 * interfaces, one port each way of tcp or udp, a connection's state; ACCEPT, DROP, RETURN or a bare MASQUERADE.
 *
 * @param words - the rulespec, each option followed by its value
 * @returns the rulespec in save's spelling; undefined for every other rule
 */
export function savedSpec(words: readonly string[], place: ChainPlace): string | undefined {
  if (place.table === 'security' || words.length % 2 !== 0) return undefined;
  const fields: Fields = {};
  for (let i = 0; i < words.length; i += 2) {
    const typed = words[i] ?? '';
    const option = LONG_NAMES[typed] ?? typed;
    const row = FIELDS.find((one) => one.option === option);
    if (row === undefined || (fields[row.field] !== undefined && row !== MATCH)) return undefined;
    const saved = row.saved(words[i + 1] ?? '', place, fields);
    if (saved === undefined) return undefined;
    fields[row.field] = saved;
  }
  if (fields.target === undefined || (fields.match === 'conntrack') !== (fields.states !== undefined))
    return undefined;
  return FIELDS.flatMap(({ field, option }) => {
    const value = fields[field];
    return value === undefined ? [] : [`${option} ${value}`];
  }).join(' ');
}

/**
 * Whether a chain of this name can be made (`-N`, `:NAME -`) in every release and variant, and no save of it can be
 * misread: plain ASCII, at most 28 bytes, no built-in chain of any table, no target.
 */
export function isPlainChainName(name: string): boolean {
  return (
    /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,27}$/.test(name) &&
    // All five are chains of mangle; `standard` is how the tool calls a verdict to itself.
    !isBuiltin('mangle', name) &&
    name !== 'standard' &&
    !TARGETS.has(name)
  );
}
