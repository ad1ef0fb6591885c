import { rulespecOf, type Rule } from '../iptables/model.ts';
import { targetOf } from '../iptables/view.ts';
import { CHAIN_SHAPES } from './chain-shapes.ts';
import { ENTRY_SHAPES } from './entry-shapes.ts';
import type { Captures, Shape } from './shape.ts';

/** A rule recognised by its words, before anything beside the text was asked. */
export interface Match {
  readonly shape: Shape;
  readonly captures: Captures;
}

type ShapesByTarget = ReadonlyMap<string, readonly Shape[]>;

const index = (): ReadonlyMap<string, ShapesByTarget> => {
  const byChain = new Map<string, Map<string, Shape[]>>();
  for (const shape of [...ENTRY_SHAPES, ...CHAIN_SHAPES]) {
    for (const chain of shape.chains) {
      const key = `${shape.table} ${chain}`;
      const byTarget = byChain.get(key) ?? new Map<string, Shape[]>();
      byChain.set(key, byTarget);
      for (const target of shape.targets) byTarget.set(target, [...(byTarget.get(target) ?? []), shape]);
    }
  }
  return byChain;
};

const SHAPES_BY_CHAIN = index();

/** The shapes a chain may hold, by the target of a rule; undefined for a chain Docker never writes to. */
export function shapesOf(table: string, chain: string): ShapesByTarget | undefined {
  return SHAPES_BY_CHAIN.get(`${table} ${chain}`);
}

const NO_CAPTURES: Captures = {};

/**
 * The shape of one rule, or undefined when no Engine writes such a rule there.
 *
 * @param shapes - {@link shapesOf} its table and chain
 */
export function matchRule(shapes: ShapesByTarget, rule: Rule): Match | undefined {
  const target = targetOf(rule.text);
  const candidates = target === undefined ? undefined : shapes.get(target);
  if (candidates === undefined) return undefined;
  const rulespec = rulespecOf(rule);
  for (const shape of candidates) {
    const groups = shape.pattern.exec(rulespec);
    if (groups !== null)
      return { shape, captures: groups.groups === undefined ? NO_CAPTURES : capturesFrom(groups.groups) };
  }
  return undefined;
}

const capturesFrom = (groups: Readonly<Record<string, string | undefined>>): Captures => {
  const captures: Record<string, string> = {};
  for (const [name, value] of Object.entries(groups)) {
    if (value !== undefined) captures[name.startsWith('vni') ? 'vni' : name] = value;
  }
  return captures;
};
