import { type HostRules, rulesOf } from '../../../src/firewall/iptables/text/model.ts';
import { compare, ownLive } from '../../../src/firewall/iptables/compare/compare.ts';
import { isDamage, type Finding } from '../../../src/reconcile/finding.ts';
import { findingsOf } from '../../../src/reconcile/findings.ts';
import { planRepair, type Plan } from '../../../src/firewall/iptables/plan/plan.ts';
import { simulate } from '../../../src/firewall/iptables/simulate/simulate.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { renderInput } from '../../../src/firewall/iptables/text/restore-input.ts';
import { restoreCommand } from '../../../src/host/xtables/kernel.ts';
import { mutated, mutationInput, type Mutation } from './mutate.ts';
import { findingTroubles, nameOf, planTroubles } from './expect.ts';
import type { Settled } from './samples.ts';
import { bare, bareOf, differences, expectedAfter, ordered, withoutHeader } from './text.ts';
import { tool } from '../netns.ts';

/** What became of one mutation. */
export interface Verdict {
  /** Whether it was called damage; if not, nothing was done about it. */
  readonly found: boolean;
  /** Everything that is not as it should be; empty when all is well. */
  readonly troubles: readonly string[];
}

interface Judged {
  readonly plan: Plan;
  readonly damage: readonly Finding[];
  /** What is worth knowing, but no damage. */
  readonly notices: string;
}

/** What the program makes of live rules. No Engine answers here, as after a flush that took dockerd down too. */
function judge({ base, networks }: Settled, live: HostRules): Judged {
  const liveOwned = ownLive(base, live, { networks, settled: false });
  const sides = { desired: base, live, liveOwned };
  const drift = compare(sides);
  const findings = findingsOf(drift, { networks, containers: [], userlandProxy: true });
  const harmless = findings.filter((finding) => !isDamage(finding));
  return {
    plan: planRepair(drift, sides, { policies: 'leave' }),
    damage: findings.filter(isDamage),
    notices: harmless.map(nameOf).join('\n'),
  };
}

const noticesWhenSound = new WeakMap<Settled, string>();

/** Feeds restore input to the kernel and saves, in one go: half the time of a mutation is the starting of processes. */
async function apply(text: string, { family }: Mutation, { ns, variant }: Settled): Promise<string> {
  const restore = restoreCommand(family, variant, 5);
  const words = ['-c', '"$@" && exec "$0" -c', tool(family, variant, 'save'), ...restore];
  const { code, stdout, stderr } = await ns.exec('sh', words, { input: text });
  if (code !== 0) throw new Error(`refused: ${stderr}\n${text}`);
  return stdout;
}

/** Does one mutation to the kernel's rules, has the program find and repair it, and leaves the rules sound again. */
export async function survive(mutation: Mutation, settled: Settled): Promise<Verdict> {
  try {
    return await attempt(mutation, settled);
  } catch (error) {
    await reset(mutation, settled);
    return { found: false, troubles: [error instanceof Error ? error.message : String(error)] };
  }
}

async function attempt(mutation: Mutation, settled: Settled): Promise<Verdict> {
  const { base, rules } = settled;
  const { family } = mutation;
  const after = await apply(mutationInput(mutation, base, rules), mutation, settled);
  if (bare(after) !== bareOf(mutated(mutation, base, rules))) throw new Error(`not what was meant\n${after}`);
  const live: HostRules = { ...rules, [family]: parseSave(after).ruleset };
  const { plan, damage, notices } = judge(settled, live);
  const sound = noticesWhenSound.get(settled) ?? judge(settled, rules).notices;
  noticesWhenSound.set(settled, sound);
  const other = renderInput(plan.families[family === 'ipv4' ? 'ipv6' : 'ipv4']).text;
  const troubles = [
    ...findingTroubles(mutation, settled, damage),
    ...planTroubles(mutation, plan),
    ...(notices === sound ? [] : [`other notices than before: ${notices}`]),
    ...(other === '' ? [] : [`the other family is touched: ${other}`]),
  ];
  const input = renderInput(plan.families[family]).text;
  if (damage.length > 0) {
    troubles.push(...(await repairTroubles(mutation, settled, live, plan)));
    return { found: true, troubles };
  }
  if (input !== '') troubles.push(`nothing found, yet planned: ${input}`);
  await moveBack(mutation, settled, live);
  return { found: false, troubles };
}

/** Applies the plan, and compares what is there then with what there was. */
async function repairTroubles(
  mutation: Mutation,
  settled: Settled,
  live: HostRules,
  plan: Plan,
): Promise<readonly string[]> {
  const { family, what } = mutation;
  const before = settled.saves[family];
  const input = renderInput(plan.families[family]).text;
  const repaired = await apply(input, mutation, settled);
  const simulated = simulate(live[family], plan.families[family]).ruleset;
  const expected = expectedAfter(mutation, before);
  const troubles: string[] = [];
  if (ordered(simulated) !== ordered(parseSave(repaired).ruleset))
    troubles.push(`simulated otherwise: ${input}`);
  if (bare(repaired) !== expected) troubles.push(`not as before\n${input}${differences(before, repaired)}`);
  const isSame = expected === bare(before);
  // Only a copy can leave the counters of the wrong one behind.
  const countersMatter = isSame && !what.startsWith('double');
  if (troubles.length === 0 && countersMatter && withoutHeader(repaired) !== withoutHeader(before))
    troubles.push(`counters are not as before${differences(before, repaired)}`);
  if (troubles.length > 0 || !isSame) await reset(mutation, settled);
  return troubles;
}

/** Undoes a move that did no harm, by hand: loading everything anew takes nft ten times as long. */
async function moveBack(mutation: Mutation, settled: Settled, live: HostRules): Promise<void> {
  const { what, family, table, chain, rule } = mutation;
  const from = rulesOf(settled.rules[family], table, chain).findIndex(({ text }) => text === rule?.text);
  if (what !== 'move') await reset(mutation, settled);
  else await apply(mutationInput({ ...mutation, to: from }, settled.base, live), mutation, settled);
}

/** Loads the sound state of one family anew. */
export async function reset(
  { family }: Pick<Mutation, 'family'>,
  { ns, variant, saves }: Settled,
): Promise<void> {
  const { code, stderr } = await ns.restore(family, variant, saves[family], ['--counters']);
  if (code !== 0) throw new Error(stderr);
}
