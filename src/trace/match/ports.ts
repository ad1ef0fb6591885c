import { any, withSign, type MatchResult } from '../match-result.ts';
import type { MatchContext, Test } from '../match-context.ts';
import type { Packet } from '../packet.ts';
import { hasPorts } from './protocols.ts';
import type { RuleOption } from '../../firewall/iptables/text/view.ts';
import type { Extension } from './rule-parts.ts';

export type PortField = 'sourcePort' | 'destinationPort';

/** `80`, `1000:2000`, `:1023`, `1024:`; undefined for a name. */
export function portRange(text: string): readonly [number, number] | undefined {
  const [, first = '', colon, last = ''] = /^(\d*)(:)?(\d*)$/.exec(text) ?? [];
  if (text === '' || (first === '' && colon === undefined)) return undefined;
  const low = first === '' ? 0 : Number(first);
  return [low, colon === undefined ? low : last === '' ? 65_535 : Number(last)];
}

interface Ports {
  readonly text: string;
  readonly range: ReturnType<typeof portRange>;
}

function portIn(packet: Packet, field: PortField, { text, range }: Ports): MatchResult {
  if (packet.vague?.includes(field))
    return `the ${field === 'sourcePort' ? 'source' : 'destination'} port after NAT`;
  if (range === undefined) return `port ${text}`;
  return range[0] <= packet[field] && packet[field] <= range[1];
}

const FIELDS: Readonly<Record<string, readonly PortField[]>> = {
  '--sport': ['sourcePort'],
  '--dport': ['destinationPort'],
  '--sports': ['sourcePort'],
  '--dports': ['destinationPort'],
  '--ports': ['sourcePort', 'destinationPort'],
};

function portsTest({ name, values, negated }: RuleOption): Test {
  const fields = FIELDS[name];
  if (fields === undefined) return () => `option ${name}`;
  const ranges = (values[0] ?? '').split(',').map((text): Ports => ({ text, range: portRange(text) }));
  return ({ packet }) =>
    hasPorts(packet.protocol) &&
    withSign(any(fields.flatMap((field) => ranges.map((range) => portIn(packet, field, range)))), negated);
}

const EVERY_FLAG = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'];
const flagsOf = (text: string): readonly string[] =>
  text === 'ALL' ? EVERY_FLAG : text === 'NONE' ? [] : text.split(',');

function flagsTest({ name, values, negated }: RuleOption): Test {
  const [mask = '', set = ''] = name === '--syn' ? ['FIN,SYN,RST,ACK', 'SYN'] : values;
  const wanted = flagsOf(set);
  return ({ packet: { tcpFlags } }) => {
    if (tcpFlags === undefined) return 'the TCP flags';
    const same = flagsOf(mask).every((flag) => tcpFlags.includes(flag) === wanted.includes(flag));
    return withSign(same && wanted.every((flag) => flagsOf(mask).includes(flag)), negated);
  };
}

/** `-m tcp`, `-m udp`, `-m sctp`, `-m multiport`: ports, and TCP's flags. */
export function portTests({ options }: Extension): readonly Test[] {
  return options.map((option) =>
    option.name === '--tcp-flags' || option.name === '--syn' ? flagsTest(option) : portsTest(option),
  );
}

function icmpAnswer({ packet: { family, icmp } }: MatchContext, text: string): MatchResult {
  if (text === 'any') return true;
  const [, type, code] = /^(\d+)(?:\/(\d+))?$/.exec(text) ?? [];
  if (type === undefined || icmp === undefined) return `ICMP type ${text}`;
  // 255 is how the kernel spells any type, of IPv4 alone (ip6_tables.c, icmp6_type_code_match).
  if (type === '255' && family === 'ipv4') return true;
  return Number(type) === icmp.type && (code === undefined || Number(code) === icmp.code);
}

/** `-m icmp`, `-m icmp6`. */
export function icmpTests({ options }: Extension): readonly Test[] {
  return options.map(
    ({ name, values, negated }) =>
      (facts) =>
        name === '--icmp-type' || name === '--icmpv6-type'
          ? withSign(icmpAnswer(facts, values[0] ?? ''), negated)
          : `option ${name}`,
  );
}
