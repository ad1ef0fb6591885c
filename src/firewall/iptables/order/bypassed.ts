import type { OwnedChain, OwnedRule } from '../ownership/ownership.ts';
import { endsChain, undeclarable } from '../ownership/undeclarable.ts';
import type { Rule } from '../text/model.ts';
import { viewRule, type RuleView } from '../text/view.ts';
import { couldShadow } from './shadow.ts';

/** Whether a chain of what should be there holds declared rules. */
export const holdsDeclared = ({ rules }: Pick<OwnedChain, 'rules'>): boolean =>
  rules.some(({ declared }) => declared === true);

const PASSES: ReadonlySet<string> = new Set(['ACCEPT', 'RETURN']);
const STOPS: ReadonlySet<string> = new Set(['DROP', 'REJECT']);

/** Whether a rule that is not declared lets packets through by itself. What a set or a chain of somebody's decides is theirs. */
const letsThrough = (rule: Rule, view: RuleView): boolean =>
  PASSES.has(verdictOf(view)) && (endsChain(rule.text) || undeclarable(rule) === undefined);

const verdictOf = ({ verdict }: RuleView): string => (verdict?.by === 'jump' ? verdict.target : '');

/**
 * Declared rules that are there and decide nothing for some of their packets: a rule that is not declared lets those through before, or a
 * declared one that comes later in the declaration stands in front.
 *
 * @param chain - as it should be
 * @returns for each, by its text, the rule that stands before it
 */
export function bypassedIn(
  chain: Pick<OwnedChain, 'rules'>,
  live: readonly OwnedRule[],
): ReadonlyMap<string, OwnedRule> {
  const places = new Map(
    chain.rules.flatMap(({ declared, rule }, place) =>
      declared === true ? [[rule.text, place] as const] : [],
    ),
  );
  const bypassed = new Map<string, OwnedRule>();
  if (places.size === 0) return bypassed;
  const before: { readonly owned: OwnedRule; readonly view: RuleView; readonly place: number }[] = [];
  for (const owned of live) {
    const { text } = owned.rule;
    const view = viewRule(owned.rule);
    const place = places.get(text);
    const mine = verdictOf(view);
    const decided = before.find(
      (one) =>
        (one.place === -1 ? STOPS.has(mine) : place !== undefined && one.place > place) &&
        verdictOf(one.view) !== mine &&
        couldShadow(one.view, view),
    );
    // Of several copies the first decides.
    if (place !== undefined && decided !== undefined && !bypassed.has(text))
      bypassed.set(text, decided.owned);
    places.delete(text);
    if (place !== undefined) before.push({ owned, view, place });
    else if (letsThrough(owned.rule, view)) before.push({ owned, view, place: -1 });
  }
  return bypassed;
}

/** The gap in front of the first rule that lets through what a declared one stops; undefined where there is none. */
export function gapOfDeclared(
  chain: Pick<OwnedChain, 'rules'>,
  present: readonly OwnedRule[],
): number | undefined {
  const stops = chain.rules
    .filter(({ declared }) => declared === true)
    .map(({ rule }) => viewRule(rule))
    .filter((view) => STOPS.has(verdictOf(view)));
  const gap = present.findIndex(({ rule }) => {
    const view = viewRule(rule);
    return letsThrough(rule, view) && stops.some((stop) => couldShadow(view, stop));
  });
  return gap === -1 ? undefined : gap;
}
