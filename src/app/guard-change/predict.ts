import { predictCommand } from '../../firewall/iptables/predict/predict.ts';
import { hiddenIn } from '../../firewall/iptables/text/hidden.ts';
import type { HostRules, Rule } from '../../firewall/iptables/text/model.ts';
import { FAMILIES } from '../../net/family.ts';
import { isBreaking } from '../../reconcile/impact.ts';
import type { Change, ChangeContext, ChangeHost, Forecast } from './change.ts';
import { impactIn, impactOn } from './impact-since.ts';

/**
 * Says what a change would do to Docker's rules, without touching them: computed in memory where that is certain, else
 * done for real in a sandbox.
 *
 * @param seconds - time limit of a rehearsal
 */
export async function predict(
  host: ChangeHost,
  change: Change,
  context: ChangeContext,
  seconds: number,
): Promise<Forecast> {
  const { live } = context;
  const variant = await host.variantOf(change.words[0]);
  const computed = variant === undefined ? undefined : predictCommand(change.words, live, variant);
  if (computed !== undefined)
    return { known: true, by: 'memory', impact: impactOn(context, computed), rules: computed };
  const rehearsal = { words: change.words, input: change.input, seconds };
  const rehearsed = await host.rehearse(rehearsal, live, context.other);
  const { rules, other } = rehearsed;
  const blind = rules === undefined ? [] : newlyHidden(context, rules);
  if (rehearsed.known && blind.length > 0)
    return {
      ...{ known: false, details: blind.map(printedRule), impact: undefined },
      reason:
        'it leaves rules in chains of Docker that iptables cannot read in full: what they do is not known',
    };
  if (rehearsed.known)
    return {
      known: true,
      by: 'rehearsal',
      impact: impactIn(context, rehearsed.rules, other),
      rules: rehearsed.rules,
    };
  const impact = rules === undefined ? undefined : impactIn(context, rules, other);
  return {
    known: false,
    reason: rehearsed.reason,
    details: rehearsed.details,
    impact: impact !== undefined && isBreaking(impact) ? impact : undefined,
  };
}

/** Rules that nft wrote into chains of Docker's, or before its rules, and that were not there. */
function newlyHidden({ before, live }: ChangeContext, after: HostRules): readonly Rule[] {
  return FAMILIES.flatMap((family) => {
    const known = new Set([...hiddenIn(live.rules[family])].map(({ rule }) => rule.text));
    return [...hiddenIn(after[family])].flatMap(({ table, rule }) =>
      !known.has(rule.text) && before.families[family].get(table)?.has(rule.chain) === true ? [rule] : [],
    );
  });
}

const printedRule = ({ text }: Rule): string => text;
