import type { HostRules } from '../../../src/firewall/iptables/text/model.ts';
import type { StoodRule } from '../../../src/reach/judge/foreign.ts';
import { judgedTable, type JudgedCell, type JudgedTable } from '../../../src/reach/judge/judge.ts';
import type { Terrain } from '../../../src/reach/terrain.ts';
import { observationOf } from '../../../src/reconcile/observation.ts';
import { judgingBasis } from '../../../src/reconcile/judging.ts';
import { liveOf, recordedHost } from '../recorded/observation.ts';
import { rulesOf, withRules } from './terrain.ts';

/**
 * Judges a recorded host whose rules were changed, against its own baseline, as `check` does.
 *
 * @param terrain - made of the recording, and perhaps changed otherwise
 */
export function judgedHost(
  name: string,
  terrain: Terrain,
  change: (rules: HostRules) => HostRules = (rules) => rules,
  stood: readonly StoodRule[] = [],
): JudgedTable {
  const { reply, stored } = recordedHost(name);
  const changed = withRules(terrain, change(rulesOf(terrain)));
  const observation = observationOf({ source: 'both', stored }, liveOf(rulesOf(changed)), reply);
  return judgedTable(changed, judgingBasis(observation, changed.netState.rulesets, stood));
}

/** What a judged table says, shortly: `effect cause, by what` and how many cells, most first. */
export function judgements({ cells }: JudgedTable): readonly string[] {
  const counted = new Map<string, number>();
  for (const cell of cells) {
    const line = judgement(cell);
    counted.set(line, (counted.get(line) ?? 0) + 1);
  }
  return [...counted].sort((a, b) => b[1] - a[1]).map(([line, cellCount]) => `${String(cellCount)} ${line}`);
}

function judgement({ effect, differs, cause, decider }: JudgedCell): string {
  const what = effect === differs ? effect : `${effect} (${differs})`;
  switch (decider?.by) {
    case 'rule':
      return `${what} ${cause ?? ''}: ${decider.table} ${decider.rule.text}`;
    case 'policy':
      return `${what} ${cause ?? ''}: policy of ${decider.table} ${decider.chain}`;
    case 'native':
      return `${what} ${cause ?? ''}: ${decider.table} ${decider.chain} ${decider.rule}`.trim();
    case 'kernel':
      return `${what} ${cause ?? ''}: ${decider.routedBy === undefined ? decider.why : decider.detail}`;
    case undefined:
      return `${what} ${cause ?? ''}`;
  }
}
