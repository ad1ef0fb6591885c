import { matchRule, shapesOf } from '../../src/firewall/iptables/ownership/match.ts';
import type { OwnedRule } from '../../src/firewall/iptables/ownership/ownership.ts';
import { makeRule } from '../../src/firewall/iptables/text/model.ts';

/** A rule as Docker's, by its words alone; throws for words that no Engine writes there. */
export function ownRule(table: string, text: string): OwnedRule {
  const rule = makeRule(text);
  const shapes = shapesOf(table, rule.chain);
  const match = shapes === undefined ? undefined : matchRule(shapes, rule);
  if (match === undefined) throw new Error(`no shape: ${table} ${text}`);
  return { rule, owner: 'docker', level: match.shape.level, ...match };
}
