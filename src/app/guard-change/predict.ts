import { predictCommand } from '../../firewall/iptables/predict/predict.ts';
import { hiddenIn } from '../../firewall/iptables/text/hidden.ts';
import type { HostRules, Rule } from '../../firewall/iptables/text/model.ts';
import { FAMILIES } from '../../net/family.ts';
import { isBreaking } from '../../reconcile/impact.ts';
import type { Change, ChangeContext, ChangeHost, Forecast } from './change.ts';
import { isUnavailable } from '../../doctor/facts/facts.ts';
import { asksSets } from '../../doctor/facts/rules-state.ts';
import { parseSets } from '../../trace/match/set-contents.ts';
import { readAllSets } from '../diagnose/read-network.ts';
import { besideRules, reachForecast } from './reach-forecast.ts';
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
  if (computed !== undefined) return predictedFrom(host, context, computed);
  const rehearsal = { words: change.words, input: change.input, seconds };
  const rehearsed = await host.rehearse(rehearsal, live, context.other);
  const { rules, tables, other, network } = rehearsed;
  if (rules === undefined)
    return rehearsed.known
      ? unknownFor('the rules the rehearsal left are not known', [])
      : unknownFor(rehearsed.reason, rehearsed.details);
  const impact = impactIn(context, { rules, tables }, other);
  const left = { rules, tables, network, other: other && { variant: other.variant, rules: other.after } };
  const reach = reachForecast(context, left, impact);
  const blind = newlyHidden(context, rules);
  const beside = reach === undefined ? besideRules(network) : [];
  if (rehearsed.known && beside.length > 0 && !isBreaking(impact))
    return unknownFor(
      'it changes more than rules, and no Engine answers to say which containers that affects',
      beside,
    );
  if (rehearsed.known && blind.length === 0) return { known: true, by: 'rehearsal', impact, reach, rules };
  const breaks = isBreaking(impact) || (reach?.change.worse.length ?? 0) > 0;
  return {
    known: false,
    ...(rehearsed.known
      ? {
          reason:
            'it leaves rules in chains of Docker that iptables cannot read in full: what they do is not known',
          details: blind.map(printedRule),
        }
      : { reason: rehearsed.reason, details: rehearsed.details }),
    impact: breaks ? impact : undefined,
    reach: breaks ? reach : undefined,
  };
}

const unknownFor = (reason: string, details: readonly string[]): Forecast => ({
  ...{ known: false, reason, details, impact: undefined, reach: undefined },
});

/** The forecast of rules that were computed in memory. Sets are read only where these rules ask any. */
export async function predictedFrom(
  host: Pick<ChangeHost, 'readSets'>,
  context: ChangeContext,
  rules: HostRules,
): Promise<Forecast> {
  const { variant } = context.live;
  const asks = asksSets([{ variant, rules }]);
  const read = asks && context.terrain?.netState.sets?.size === 0 ? await readAllSets(host) : undefined;
  const sets = read === undefined || isUnavailable(read) ? undefined : parseSets(read.saved ?? '');
  const impact = impactOn(context, { rules });
  const reach = reachForecast(context, { rules, ...(sets === undefined ? {} : { sets }) }, impact);
  return { known: true, by: 'memory', impact, reach, rules };
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
