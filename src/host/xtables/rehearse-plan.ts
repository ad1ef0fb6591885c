import type { Live } from '../../firewall/iptables/text/live.ts';
import { Fault } from '../../fault.ts';
import type { Plan } from '../../firewall/iptables/plan/plan.ts';
import { RuleRefused } from '../../firewall/iptables/plan/rule-refused.ts';
import {
  rehearsalDifference,
  savedOtherwise,
  stageRehearsal,
} from '../../firewall/iptables/simulate/rehearsal.ts';
import type { OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import { writtenRule } from '../../firewall/iptables/ownership/written.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import { EMPTY_RULESET, type Rule, type Variant } from '../../firewall/iptables/text/model.ts';
import {
  renderInput,
  renderStep,
  type RenderedInput,
  type RestoreInput,
} from '../../firewall/iptables/text/restore-input.ts';
import { run, type Runner } from '../command/command.ts';
import { restore, type RestoreOutcome } from './kernel.ts';
import { inNetns } from './netns.ts';

/** Live rules with the owner of each: what a plan is about to be applied to. */
export interface OwnedLive {
  readonly live: Live;
  readonly owned: OwnedHost;
}

const familiesOf = (plan: Plan): readonly Family[] =>
  FAMILIES.filter((family) => plan.families[family].tables.length > 0);

/**
 * Applies a plan in a network namespace of its own, to the tables it touches, and compares what the tool saves with what was simulated.
 * Rules the plan does not name are placeholders there.
 *
 * @throws Fault RG_REHEARSAL, {@link RuleRefused} where one rule is to blame
 */
export async function rehearsePlan(plan: Plan, { live, owned }: OwnedLive): Promise<void> {
  await inNetns(async (netns) => {
    await Promise.all(
      familiesOf(plan).map(async (family) => {
        const input = plan.families[family];
        const dockers = dockersIn(owned, family);
        const { stage, expected } = stageRehearsal(live.rules[family], input, (table, rule) =>
          dockers.has(keyOf(table, rule)),
        );
        const rehearsed = renderInput({ tables: [...stage.tables, ...input.tables] });
        if (/--(?:match|add|del)-set /.test(rehearsed.text))
          await netns.createSets((await run(['ipset', 'save'])).stdout);
        const outcome = await netns.restore(family, live.variant, rehearsed.text);
        const saved = outcome.applied ? await netns.save(family, live.variant) : undefined;
        const difference = outcome.applied
          ? rehearsalDifference(expected, saved ?? EMPTY_RULESET)
          : tellRefusal(outcome, rehearsed);
        if (difference === undefined) return;
        const fault = new Fault(
          'RG_REHEARSAL',
          1,
          `the ${family} plan failed its rehearsal in a network namespace of its own, so nothing was changed`,
          {
            details: [difference],
            hint: 'Look at the restore input: rulesguard restore --print',
          },
        );
        const otherwise = saved === undefined ? undefined : savedOtherwise(input, expected, saved);
        if (otherwise !== undefined)
          throw new RuleRefused(family, otherwise.table, otherwise.text, otherwise.said, fault);
        const origin = outcome.applied ? undefined : rehearsed.origins[(outcome.line ?? 0) - 1];
        const step = origin?.step;
        if (!outcome.applied && origin !== undefined && (step?.op === 'append' || step?.op === 'insert'))
          throw new RuleRefused(family, origin.table, step.rule.text, outcome.message, fault);
        throw fault;
      }),
    );
  });
}

function dockersIn(owned: OwnedHost, family: Family): ReadonlySet<string> {
  const texts = new Set<string>();
  for (const [table, chains] of owned.families[family]) {
    for (const { rules } of chains.values())
      for (const one of rules) if (one.owner === 'docker') texts.add(keyOf(table, writtenRule(one)));
  }
  return texts;
}

const keyOf = (table: string, rule: Rule): string => `${table} ${rule.text}`;

/** Names the step behind the line a tool blames. */
function tellRefusal(
  outcome: Extract<RestoreOutcome, { applied: false }>,
  { origins }: RenderedInput,
): string {
  const origin = outcome.line === undefined ? undefined : origins[outcome.line - 1];
  if (origin === undefined) return outcome.message;
  return `${outcome.message} (table ${origin.table}${origin.step === undefined ? '' : `, ${renderStep(origin.step)}`})`;
}

/**
 * Gives one family's tables to iptables-restore, in their order.
 *
 * @returns what the kernel refused, in words; undefined when every table was taken
 * @throws Fault RG_BUSY or RG_PRIVILEGE
 */
export async function writeRules(
  family: Family,
  variant: Variant,
  input: RestoreInput,
  waitSeconds: number,
  runner?: Runner,
): Promise<string | undefined> {
  const rendered = renderInput(input);
  const outcome = await restore(family, variant, rendered.text, waitSeconds, runner);
  return outcome.applied ? undefined : tellRefusal(outcome, rendered);
}
