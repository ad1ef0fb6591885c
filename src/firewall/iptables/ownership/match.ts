import { rulespecOf, type Rule } from '../text/model.ts';
import { targetOf } from '../text/view.ts';
import { CHAIN_SHAPES } from './chain-shapes.ts';
import { ENTRY_SHAPES } from './entry-shapes.ts';
import { levelOf, type PurposeId } from './purpose.ts';
import type { Captures, Pattern, Shape, ShapeWords } from './shape.ts';

/** A rule recognised by its text alone, before any other evidence was considered. */
export interface Match {
  readonly shape: Shape;
  readonly captures: Captures;
}

/** The shapes that one chain may hold, by the target of a rule. */
export type ShapesByTarget = ReadonlyMap<string, readonly Shape[]>;

/** The text that Engines write for each purpose. */
const SHAPE_WORDS: Readonly<Record<PurposeId, ShapeWords>> = { ...ENTRY_SHAPES, ...CHAIN_SHAPES };

/** Every kind of rule that a Docker Engine writes. */
export const SHAPES: readonly Shape[] = Object.entries(SHAPE_WORDS).map(([id, words]) => ({
  ...words,
  id: id as PurposeId,
  level: levelOf(id as PurposeId),
}));

const index = (): ReadonlyMap<string, ShapesByTarget> => {
  const byChain = new Map<string, Map<string, Shape[]>>();
  for (const shape of SHAPES) {
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

/** The shapes of a chain; undefined for a chain Docker never writes to. */
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
  // No Engine writes with nft's sets and maps, whatever a save makes of such a rule.
  if (rule.printed !== undefined) return undefined;
  const target = targetOf(rule.text);
  const candidates = target === undefined ? undefined : shapes.get(target);
  if (candidates === undefined) return undefined;
  const rulespec = rulespecOf(rule);
  for (const shape of candidates) {
    const captures = capture(shape.pattern, rulespec);
    if (captures !== undefined) return { shape, captures };
  }
  return undefined;
}

/**
 * The same for a whole chain. A rule with the text of the next one in `recorded` is that rule and is not matched again: on a
 * second reading that is nearly all of the chain.
 *
 * @param recorded - the chain as it was read before, with what its rules were recognised as
 */
export function matchRules(
  shapes: ShapesByTarget,
  rules: readonly Rule[],
  recorded: readonly RecordedRule[] = [],
): readonly (Match | undefined)[] {
  let next = 0;
  return rules.map((rule) => {
    const known = recorded[next];
    if (known?.rule.text !== rule.text) return matchRule(shapes, rule);
    next++;
    return known.shape === undefined ? matchRule(shapes, rule) : (known as Match);
  });
}

/** A rule of an earlier reading; without a shape it was not Docker's then, which says nothing of now. */
export type RecordedRule = Partial<Match> & { readonly rule: Rule };

function capture({ expression, names }: Pattern, rulespec: string): Captures | undefined {
  const found = expression.exec(rulespec);
  if (found === null) return undefined;
  if (names.length === 0) return NO_CAPTURES;
  const captures: Record<string, string> = {};
  for (let i = 0; i < names.length; i++) {
    const value = found[i + 1];
    if (value !== undefined) captures[names[i] as string] = value;
  }
  return captures;
}
