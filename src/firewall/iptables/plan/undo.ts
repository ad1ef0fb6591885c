import type { OwnedChain, OwnedRule } from '../ownership/ownership.ts';
import { type HostRules, chainOf, isBuiltin, makeRule, type Ruleset } from '../text/model.ts';
import type { Family } from '../../../net/family.ts';
import type { Step, TableInput } from '../text/restore-input.ts';
import { textsByChain, type ChainState } from './chain-states.ts';
import { place, type Placement } from '../order/position.ts';
import type { Plan } from './plan.ts';
import { simulate } from '../simulate/simulate.ts';

/**
 * The plan that undoes an earlier one: rules it added are deleted by value, rules it deleted are inserted where they were,
 * chains it created are deleted if nothing uses them any more. What others changed since is left as it is.
 *
 * @param done - the plan that was applied
 * @param before - {@link statesOf} it, from before it was applied
 * @param live - the rules now
 */
export function planUndo(done: Plan, before: readonly ChainState[], live: HostRules): Plan {
  const undoFamily = (family: Family) => ({
    tables: done.families[family].tables.toReversed().flatMap(({ table, steps }): readonly TableInput[] => {
      const states = before.filter((state) => state.family === family && state.table === table);
      const texts = textsByChain(done, family, table);
      const edits = states.flatMap((state) => [
        ...policySteps(state, steps, live[family]),
        ...editSteps(
          state,
          texts.get(state.chain) ?? new Set(),
          movedTexts(steps, state.chain),
          live[family],
        ),
      ]);
      const removes = states.filter(
        ({ exists, chain }) =>
          !exists && !isBuiltin(table, chain) && chainOf(live[family], table, chain) !== undefined,
      );
      const undo = removable(
        live[family],
        table,
        edits,
        removes.map(({ chain }) => chain),
      );
      return undo.length === 0 ? [] : [{ table, steps: undo }];
    }),
  });
  return { families: { ipv4: undoFamily('ipv4'), ipv6: undoFamily('ipv6') }, leftOut: [] };
}

function policySteps(state: ChainState, done: readonly Step[], live: Ruleset): readonly Step[] {
  const changed = done.some((step) => step.op === 'policy' && step.chain === state.chain);
  const counters = chainOf(live, state.table, state.chain)?.counters ?? '';
  return changed ? [{ op: 'policy', chain: state.chain, policy: state.policy, counters }] : [];
}

/** The texts a plan deletes and inserts again elsewhere: moved rules. */
function movedTexts(done: readonly Step[], chain: string): ReadonlySet<string> {
  const there = done.filter((step) => step.chain === chain);
  const put = new Set(
    there.flatMap((step) => ('rule' in step && step.op !== 'delete' ? [step.rule.text] : [])),
  );
  return new Set(
    there.flatMap((step) => (step.op === 'delete' && put.has(step.rule.text) ? [step.rule.text] : [])),
  );
}

function editSteps(
  state: ChainState,
  texts: ReadonlySet<string>,
  moved: ReadonlySet<string>,
  live: Ruleset,
): readonly Step[] {
  const { table, chain } = state;
  const own = (rule: ReturnType<typeof makeRule>): OwnedRule => ({
    rule,
    owner: texts.has(rule.text) ? 'docker' : 'foreign',
  });
  const recorded = state.rules.map(({ text, counters }) => own(makeRule(text, counters)));
  const base: OwnedChain = {
    table,
    name: chain,
    builtin: isBuiltin(table, chain),
    owner: 'foreign',
    unknown: false,
    policy: state.policy,
    policyCounters: '',
    rules: recorded,
  };
  const wanted = new Map<string, number>();
  for (const { rule, owner } of recorded)
    if (owner === 'docker') wanted.set(rule.text, (wanted.get(rule.text) ?? 0) + 1);
  const deletes: Step[] = [];
  const present: OwnedRule[] = [];
  // From the end, because a delete by value takes the first copy: the copies that stay are the last ones.
  for (const rule of (chainOf(live, table, chain)?.rules ?? []).toReversed()) {
    const left = wanted.get(rule.text) ?? 0;
    if (moved.has(rule.text) || (texts.has(rule.text) && left === 0))
      deletes.push({ op: 'delete', chain, rule });
    else {
      if (texts.has(rule.text)) wanted.set(rule.text, left - 1);
      present.push(own(rule));
    }
  }
  present.reverse();
  const placements = recorded.flatMap((owned, baseIndex): readonly Placement[] => {
    const left = wanted.get(owned.rule.text) ?? 0;
    if (owned.owner !== 'docker' || left === 0) return [];
    wanted.set(owned.rule.text, left - 1);
    return [{ owned, baseIndex }];
  });
  const inserts = place(base, present, placements).map(({ owned, gap }, i): Step =>
    gap === present.length
      ? { op: 'append', chain, rule: owned.rule }
      : { op: 'insert', chain, position: gap + i + 1, rule: owned.rule },
  );
  return [...deletes, ...inserts];
}

/** The edits, and those of the removals the kernel would allow after them. */
function removable(
  live: Ruleset,
  table: string,
  edits: readonly Step[],
  chains: readonly string[],
): readonly Step[] {
  let removes: readonly Step[] = chains.map((chain) => ({ op: 'remove', chain }));
  for (;;) {
    const { refusal } = simulate(live, { tables: [{ table, steps: [...edits, ...removes] }] });
    if (refusal?.step.op !== 'remove') return [...edits, ...removes];
    removes = removes.filter((step) => step !== refusal.step);
  }
}
