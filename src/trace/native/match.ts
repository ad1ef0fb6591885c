import type {
  Element,
  Mapping,
  NativeCondition,
  NativeTable,
  NativeVerdict,
  VerdictMap,
} from '../../firewall/nftables/text/model.ts';
import { all, any, withSign, type MatchResult } from '../match-result.ts';
import type { MatchContext } from '../match-context.ts';
import { memory } from '../memory.ts';
import { isOld } from '../match/arrival.ts';
import { isRaw, rawIn } from './raw.ts';
import { areFlags, isAbout, isAnyFlag, isMark, isMaskedAddress, valueIn } from './values.ts';

/** The elements of a set of the table's own, or those a rule lists itself. */
function membersOf<Held>(
  among: readonly Held[] | string,
  sets: ReadonlyMap<string, readonly Held[] | undefined>,
): readonly Held[] | undefined {
  return typeof among === 'string' ? sets.get(among) : among;
}

/** Whether a packet meets a condition of one of nftables' own rules. */
export function meets(condition: NativeCondition, { sets }: NativeTable, facts: MatchContext): MatchResult {
  const { fields, negated, among, mask, flags } = condition;
  const [field = ''] = fields;
  // A field the packet does not have ends the rule, whatever it is compared with.
  if (!fields.every((one) => isAbout(one, facts))) return false;
  if (flags !== undefined)
    return withSign(
      flags.how === 'some' ? isAnyFlag(field, flags.wanted, facts) : areFlags(field, flags, facts),
      negated,
    );
  const elements = membersOf(among, sets);
  if (elements === undefined)
    return `nftables' set ${typeof among === 'string' ? among : fields.join(' . ')}`;
  if (negated && isNowhere(fields, facts)) return `nft: ${fields.join(' . ')} !=`;
  if (mask !== undefined)
    return withSign(any(elements.map((element) => masked(field, element, facts, mask))), negated);
  return withSign(isAmong(fields, elements, facts), negated);
}

/** Whether a packet has no interface of those asked for: kernels before 5.3 end the rule there (nft_meta.c). */
const isNowhere = (fields: readonly string[], facts: MatchContext): boolean =>
  isOld(facts) &&
  ((fields.some((field) => /^iif/.test(field)) && facts.packet.inInterface === '') ||
    (fields.some((field) => /^oif/.test(field)) && facts.packet.outInterface === ''));

function masked(field: string, [span]: Element, facts: MatchContext, mask: string): MatchResult {
  const { packet } = facts;
  if (span === undefined) return true;
  // Conntrack puts fragments together before any rule sees them, and a packet here is a whole one.
  if (field === 'ip frag-off') return Number(mask) === 0x1fff ? Number(span.first) === 0 : `nft: ${field}`;
  if (isRaw(field)) return rawIn(field, span, packet, mask);
  return field.endsWith(' mark')
    ? isMark(field, span, packet, Number(mask))
    : isMaskedAddress(field, span, packet, mask);
}

/** Whether an element holds the packet's values of the fields. */
const holds = (fields: readonly string[], element: Element, facts: MatchContext): MatchResult =>
  all(
    element.map((span, i) => {
      const field = fields[i];
      return field === undefined ? 'nft: a set of more values' : valueIn(field, span, facts);
    }),
  );

/** A block list may hold thousands; packets have few addresses. */
const located = memory<MatchResult>();

function isAmong(fields: readonly string[], elements: readonly Element[], facts: MatchContext): MatchResult {
  const [field = ''] = fields;
  const side = fields.length === 1 ? SIDES[field] : undefined;
  const answer = (): MatchResult => any(elements.map((element) => holds(fields, element, facts)));
  if (side === undefined || facts.packet.vague?.includes(side)) return answer();
  return located(elements, facts.packet[side], answer);
}

const SIDES: Readonly<Record<string, 'source' | 'destination'>> = {
  'ip saddr': 'source',
  'ip6 saddr': 'source',
  'ip daddr': 'destination',
  'ip6 daddr': 'destination',
};

/** What a map holds for the packet: undefined for nothing, and in words why that is not known. */
export function mappedBy(
  { fields, among }: VerdictMap,
  { maps }: NativeTable,
  facts: MatchContext,
): Mapping | string | undefined {
  if (!fields.every((field) => isAbout(field, facts))) return undefined;
  const mappings = membersOf(among, maps);
  if (mappings === undefined)
    return `nftables' map ${typeof among === 'string' ? among : fields.join(' . ')}`;
  for (const mapping of mappings) {
    const answer = holds(fields, mapping.key, facts);
    if (answer === true) return mapping;
    if (typeof answer === 'string') return answer;
  }
  return undefined;
}

/** The verdict that a map holds for the packet, as {@link mappedBy}. */
export function verdictIn(
  map: VerdictMap,
  table: NativeTable,
  facts: MatchContext,
): NativeVerdict | string | undefined {
  const mapping = mappedBy(map, table, facts);
  return typeof mapping === 'object' ? (mapping.verdict ?? 'a map without verdicts') : mapping;
}
