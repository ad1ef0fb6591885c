import { overlap, parseBlock } from '../../../net/address.ts';
import { viewRule, type RuleCondition, type RuleView } from '../text/view.ts';

/** Targets after which the packet goes on to the next rule. */
const PASSES_ON: ReadonlySet<string> = new Set([
  'LOG',
  'NFLOG',
  'MARK',
  'CONNMARK',
  'TCPMSS',
  'CHECKSUM',
  'TRACE',
  'CT',
  'AUDIT',
  'CLASSIFY',
  'SET',
  'DSCP',
  'TOS',
  'TTL',
  'HL',
  'SECMARK',
  'CONNSECMARK',
  'NOTRACK',
]);

/** Whether a rule may end the chain for a packet it matches: by a verdict, or by a jump to a chain that may give one. */
export function takesPackets({ verdict }: RuleView): boolean {
  return verdict !== undefined && !PASSES_ON.has(verdict.target);
}

const NARROWED = / -[iosdp] /;

/** Whether a rule matches every interface, address and protocol; false if unsure. */
export function takesAnyPacket(rule: { readonly text: string }): boolean {
  return !NARROWED.test(rule.text) && takesPackets(viewRule(rule));
}

/**
 * Whether a packet that `later` is meant for could be taken by `earlier` first. True if unsure: an unknown match
 * narrows a rule, it never widens it, so only fields that exclude each other prove that the order is harmless.
 */
export function couldShadow(earlier: RuleView, later: RuleView): boolean {
  if (!takesPackets(earlier)) return false;
  if (earlier.verdict?.target === later.verdict?.target && earlier.verdict?.target === 'MASQUERADE')
    return false;
  return !disjoint(earlier, later);
}

/** Whether no packet can match both rules, as far as their common fields show. */
function disjoint(a: RuleView, b: RuleView): boolean {
  return (
    differ(a.inInterface, b.inInterface, sameInterface) ||
    differ(a.outInterface, b.outInterface, sameInterface) ||
    differ(a.protocol, b.protocol, (x, y) => x === y) ||
    differ(a.source, b.source, shareAddress) ||
    differ(a.destination, b.destination, shareAddress)
  );
}

function differ(
  a: RuleCondition | undefined,
  b: RuleCondition | undefined,
  meet: (a: string, b: string) => boolean,
): boolean {
  if (a === undefined || b === undefined) return false;
  if (!a.negated && !b.negated) return !meet(a.value, b.value);
  // `-i X` and `! -i X`: no packet matches both.
  return a.negated !== b.negated && a.value === b.value;
}

function sameInterface(a: string, b: string): boolean {
  const prefix = (pattern: string): string | undefined =>
    pattern.endsWith('+') ? pattern.slice(0, -1) : undefined;
  const [prefixA, prefixB] = [prefix(a), prefix(b)];
  if (prefixA !== undefined && prefixB !== undefined)
    return prefixA.startsWith(prefixB) || prefixB.startsWith(prefixA);
  if (prefixA !== undefined) return b.startsWith(prefixA);
  return prefixB === undefined ? a === b : a.startsWith(prefixB);
}

function shareAddress(a: string, b: string): boolean {
  const [blockA, blockB] = [parseBlock(a), parseBlock(b)];
  return blockA === undefined || blockB === undefined || overlap(blockA, blockB);
}
