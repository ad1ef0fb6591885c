import type { OwnedHost, Owner } from '../firewall/iptables/ownership/ownership.ts';
import { managerOf, managerOfNative } from '../firewall/iptables/ownership/managers.ts';
import { writtenChains } from '../firewall/iptables/ownership/written.ts';
import type { Rule } from '../firewall/iptables/text/model.ts';
import type { Family } from '../net/family.ts';
import type { Whose } from '../reach/judge/cause.ts';
import type { Decider, LaterPacket } from '../reach/judge/decider.ts';
import { whoseBy } from '../reach/judge/whose.ts';
import { memory } from '../trace/memory.ts';
import type { Hook, Stopped } from '../trace/path.ts';
import type { Facts } from './facts/facts.ts';
import type { PathRequest } from './paths/request.ts';

/** What tells whose a rule is. */
export type OwningFacts = Pick<
  Facts,
  'owned' | 'tables' | 'leftTables' | 'afterRestore' | 'stood' | 'variant' | 'netState'
>;

/** Whose a rule is; `foreign` for a policy, and in the variant that Docker does not write to. */
export function ownerOf(
  rule: Rule | undefined,
  table: string,
  family: Family,
  { variant, facts }: { readonly variant: string; readonly facts: Pick<Facts, 'owned' | 'variant'> },
): Owner {
  const chains = variant === facts.variant ? facts.owned?.families[family].get(table) : undefined;
  if (rule === undefined || chains === undefined) return 'foreign';
  const rules = writtenChains(chains).get(rule.chain)?.rules ?? [];
  return rules.find((one) => one.rule.text === rule.text)?.owner ?? 'foreign';
}

/** Where a path was stopped. */
export interface StopPlace {
  readonly end: Stopped;
  readonly family: Family;
  readonly hook: Hook;
  /** The kind of way it is, as `wayOf` names it. */
  readonly way: string;
  /** Of a packet of a connection whose first one was let through: an answer. */
  readonly later?: LaterPacket | undefined;
}

const judges = memory<Whose>();

/** Who decided that a path is stopped: Docker, this host's operator, or anybody else. Answers that an operator's rule ends he did not mean to. */
export const meansStop = (stop: StopPlace, facts: OwningFacts): ReturnType<Whose> =>
  whoseEnd(stop, facts, stop.later);

/** Whose it is that a path is stopped, whether it was meant or not. */
export const whoseStop = (stop: StopPlace, facts: OwningFacts): ReturnType<Whose> =>
  whoseEnd(stop, facts, undefined);

function whoseEnd(
  { end, family, hook, way }: StopPlace,
  facts: OwningFacts,
  later: StopPlace['later'],
): ReturnType<Whose> {
  const { variant, table, chain, rule, native, led, discovers } = end;
  // Docker's rules are of one variant; a text of the other that reads alike is not Docker's. Where they are in tables, neither is.
  const isOther = facts.tables === undefined && native === undefined && variant !== facts.variant;
  if (isOther && rule !== undefined) return 'other';
  const whose = judges(facts.netState.rulesets, '', () =>
    whoseBy({
      owned: [facts.owned, ownedAfter(facts)].filter((one) => one !== undefined),
      rulesets: facts.netState.rulesets,
      stood: facts.stood,
      isForeignInTables: facts.tables?.isForeign,
      leftTables: facts.leftTables,
    }),
  );
  const where = { family, hook, table, chain, led, later, discovers };
  const decider: Exclude<Decider, { by: 'kernel' }> =
    native !== undefined
      ? { by: 'native', ...where, rule: rule?.text ?? '', handle: native.handle }
      : rule === undefined
        ? { by: 'policy', ...where, variant }
        : { by: 'rule', ...where, variant, rule };
  const found = whose(decider, way);
  return isOther && found === 'docker' ? 'other' : found;
}

const ownedAfter = ({ afterRestore }: OwningFacts): OwnedHost | undefined =>
  afterRestore !== undefined && 'owned' in afterRestore ? afterRestore.owned : undefined;

/** Within a network only icc=false closes anything: a rule of that text where icc is on is not Docker's. */
export function mayBeDockers(
  { kind, subjects }: Pick<PathRequest, 'kind' | 'subjects'>,
  { networks }: Pick<Facts, 'networks'>,
): boolean {
  const network = networks.find(({ name }) => subjects.slice(2).includes(name));
  return kind !== 'same-network' || network?.icc === false;
}

/** The firewall manager that keeps what stops a path; undefined where none is known to. */
export function managerAt(
  { end: { variant, table, chain, rule, native }, family }: StopPlace,
  { netState }: Pick<Facts, 'netState'>,
): string | undefined {
  if (native !== undefined) return managerOfNative(table, chain);
  const held = netState.rulesets.find((one) => one.variant === variant)?.rules[family].tables.get(table);
  return managerOf({ chain, text: rule?.text ?? '' }, held);
}
