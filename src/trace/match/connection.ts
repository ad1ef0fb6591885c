import { blockOf } from '../../net/address.ts';
import { all, any, withSign, type MatchResult } from '../match-result.ts';
import { inBlock } from '../routing/addresses.ts';
import type { MatchContext, Test } from '../match-context.ts';
import { portRange } from './ports.ts';
import { STATES } from '../packet.ts';
import { protocolNumber } from './protocols.ts';
import type { RuleOption } from '../../firewall/iptables/text/view.ts';
import type { Extension } from './rule-parts.ts';

/** What conntrack makes of the packet at this point: nothing before it has seen it, so INVALID (xt_conntrack.c). */
const stateAt = ({ packet, tracked }: MatchContext): string =>
  tracked || packet.state === 'UNTRACKED' ? packet.state : 'INVALID';

/** Whether the packet is in a state, in the words of `--ctstate`; `SNAT` and `DNAT` are what became of its connection. */
export function inState(facts: MatchContext, state: string): MatchResult {
  const { packet, tracked } = facts;
  if (state !== 'SNAT' && state !== 'DNAT')
    return (STATES as readonly string[]).includes(state) ? stateAt(facts) === state : `state ${state}`;
  if (!tracked) return false;
  const fields =
    state === 'SNAT' ? (['source', 'sourcePort'] as const) : (['destination', 'destinationPort'] as const);
  const sure = packet.translated[state === 'SNAT' ? 'source' : 'destination'];
  return sure || (fields.some((field) => packet.vague?.includes(field)) ? `state ${state} after NAT` : false);
}

const inStates = (facts: MatchContext, list: string): MatchResult =>
  any(list.split(',').map((state) => inState(facts, state)));

function connection(facts: MatchContext, { name, values }: RuleOption): MatchResult {
  const { packet, direction } = facts;
  const value = values[0] ?? '';
  switch (name) {
    case '--ctproto': {
      const number = protocolNumber(value);
      return number === undefined ? `protocol ${value}` : number === protocolNumber(packet.protocol);
    }
    case '--ctorigsrc':
      return inBlock(packet.original.source, blockOf(value));
    case '--ctorigdst':
      return inBlock(packet.original.destination, blockOf(value));
    case '--ctorigdstport': {
      const range = portRange(value);
      const port = packet.original.destinationPort;
      return range === undefined ? `port ${value}` : range[0] <= port && port <= range[1];
    }
    case '--ctdir':
      return direction === undefined ? 'the direction of its connection' : value.toLowerCase() === direction;
    default:
      return `option ${name}`;
  }
}

/**
 * `-m conntrack`. A packet without a connection meets every condition but that of its state, as long as the rule asks for
 * a state, and none when it does not (xt_conntrack.c).
 */
export function conntrackTests({ options }: Extension): readonly Test[] {
  const states = options.filter(({ name }) => name === '--ctstate' || name === '--state');
  const others = options.filter(({ name }) => name !== '--ctstate' && name !== '--state');
  const stateTest: Test = (facts) =>
    all(states.map(({ values, negated }) => withSign(inStates(facts, values[0] ?? ''), negated)));
  const otherTest: Test = (facts) =>
    facts.tracked
      ? all(others.map((option) => withSign(connection(facts, option), option.negated)))
      : states.length > 0;
  return [stateTest, otherTest];
}

/** `0x1` or `0x1/0xff`. */
export function markAndMask(text: string): { readonly mark: number; readonly mask: number } | undefined {
  const [mark, mask = '0xffffffff', ...rest] = text.split('/').map((part) => (part === '' ? 'x' : part));
  if (rest.length > 0 || Number.isNaN(Number(mark)) || Number.isNaN(Number(mask))) return undefined;
  return { mark: Number(mark), mask: Number(mask) };
}

/** `-m mark` and `-m connmark`. */
export function markTests({ name: field, options }: Extension): readonly Test[] {
  return options.map(({ name, values, negated }) => ({ packet, tracked }) => {
    const wanted = markAndMask(values[0] ?? '');
    if (name !== '--mark' || wanted === undefined || (field !== 'mark' && field !== 'connmark'))
      return `option ${name}`;
    // Without a connection there is no mark to compare, and a `!` does not turn that round (xt_connmark.c).
    if (field === 'connmark' && !tracked) return false;
    if (packet.vague?.includes(field)) return `the ${field}`;
    return withSign((packet[field] & wanted.mask) >>> 0 === wanted.mark >>> 0, negated);
  });
}
