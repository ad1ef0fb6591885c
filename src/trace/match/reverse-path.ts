import type { RuleOption } from '../../firewall/iptables/text/view.ts';
import type { MatchContext, Test } from '../match-context.ts';
import { withSign, type MatchResult } from '../match-result.ts';
import { leadsBack } from '../native/fib.ts';
import type { Extension } from './rule-parts.ts';

const KNOWN: ReadonlySet<string> = new Set(['--loose', '--validmark', '--invert']);

function isBack(facts: MatchContext, options: readonly RuleOption[]): MatchResult {
  const has = (wanted: string): boolean => options.some(({ name }) => name === wanted);
  const strange = options.find(({ name }) => !KNOWN.has(name));
  if (strange !== undefined) return `option ${strange.name}`;
  const leads =
    facts.packet.inInterface === 'lo'
      ? true
      : leadsBack(facts, { marked: has('--validmark'), loose: has('--loose') });
  return leads === undefined ? 'match rpfilter' : withSign(leads, has('--invert'));
}

/** `-m rpfilter`: whether a route leads back to the sender. */
export const rpfilterTests = ({ options }: Extension): readonly Test[] => [(facts) => isBack(facts, options)];
