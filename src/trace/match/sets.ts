import { withSign, type MatchResult } from '../match-result.ts';
import type { MatchContext, Test } from '../match-context.ts';
import type { Extension } from './rule-parts.ts';
import { inSet } from './set-contents.ts';

/** Options of `-m set` that only leave the set's counters alone. */
const HARMLESS: ReadonlySet<string> = new Set(['--update-counters', '--update-subcounters']);

/** A set that a rule on the way has changed no longer holds what was read of it. */
const isChanged = ({ netState: { sets }, changedSets }: MatchContext, name: string): boolean =>
  changedSets.has(name) ||
  (sets?.get(name)?.type === 'list:set' &&
    sets.get(name)?.members.some((member) => changedSets.has(member.split(' ')[0] ?? '')) === true);

function membership(facts: MatchContext, name: string, sides: string): MatchResult {
  const { sets } = facts.netState;
  const set = sets?.get(name);
  if (sets === undefined || set === undefined) return `set ${name}`;
  if (isChanged(facts, name)) return `set ${name}, which a rule before it changes`;
  return inSet(sets, set, sides.split(','), facts.packet);
}

/** `-m set`. */
export function setTests({ options }: Extension): readonly Test[] {
  return options
    .filter(({ name }) => !HARMLESS.has(name))
    .map(({ name, values: [set = '', sides = ''], negated }): Test => {
      if (name !== '--match-set') return () => `option ${name}`;
      return (facts) => withSign(membership(facts, set, sides), negated);
    });
}
