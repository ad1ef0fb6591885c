import { readComparison } from './conditions.ts';
import type {
  Element,
  Mapping,
  NativeCondition,
  NativeEffect,
  NativeRule,
  NativeVerdict,
  VerdictMap,
} from './model.ts';
import { RuleReader, type MakeChain } from './rule-reader.ts';
import { readEffect, readLimit, readNat, takesIdle } from './statements.ts';
import type { Token } from './tokens.ts';

/** Elements of a set, as they are listed behind `elements =`; undefined where they are not plain values. */
export function readElements(tokens: readonly Token[]): readonly Element[] | undefined {
  const reader = new RuleReader(tokens);
  const values = reader.values();
  return reader.isDone && typeof values === 'object' ? values : undefined;
}

/** As {@link readElements}, of a map. */
export function readMappings(tokens: readonly Token[]): readonly Mapping[] | undefined {
  const reader = new RuleReader(tokens);
  const found = reader.mappings();
  return reader.isDone && typeof found === 'object' ? found : undefined;
}

/** The words of one rule. */
export interface RuleWords {
  readonly tokens: readonly Token[];
  readonly text: string;
  readonly handle: string;
  /** For rules in braces behind a jump. */
  readonly makeChain: MakeChain;
}

/** Reads one rule. What is not understood is its doubt, never left out. */
export function readRule({ tokens, text, handle, makeChain }: RuleWords): NativeRule {
  const reader = new RuleReader(tokens, makeChain);
  const conditions: NativeCondition[] = [];
  const effects: NativeEffect[] = [];
  let verdict: NativeVerdict | VerdictMap | undefined;
  const doubtful = (): NativeRule => ({
    ...{ text, handle, conditions, doubt: `nft: ${text}` },
    // What it changes before the words that are not understood, it may change.
    verdict: effects.length > 0 ? { is: 'unknown' } : reader.lastVerdict(),
  });
  while (!reader.isDone && verdict === undefined) {
    if (reader.harmless() || takesIdle(reader)) continue;
    const effect = readEffect(reader);
    const nat = effect === undefined ? readNat(reader) : undefined;
    if (effect === 'unknown' || nat === 'unknown')
      return { text, handle, conditions, doubt: `nft: ${text}`, verdict: { is: 'unknown' } };
    if (effect !== undefined) {
      effects.push(effect);
      continue;
    }
    if (nat !== undefined) {
      verdict = { is: 'nat', nat };
      break;
    }
    verdict = reader.verdict();
    if (verdict?.is === 'reject') conditions.push(...reader.rejected());
    if (verdict !== undefined) break;
    // A rule that changes something and then asks is not followed.
    const limit = effects.length > 0 ? undefined : readLimit(reader);
    if (limit !== undefined) {
      conditions.push(limit);
      continue;
    }
    const fields = effects.length > 0 ? undefined : reader.fields();
    const mapped = fields !== undefined && reader.takes('vmap') ? reader.mappings() : undefined;
    if (fields !== undefined && mapped !== undefined) {
      verdict = { fields, among: mapped };
      break;
    }
    const condition = fields === undefined ? undefined : readComparison(reader, fields);
    if (condition === undefined) return doubtful();
    conditions.push(condition);
  }
  while (reader.harmless());
  const read = { text, handle, conditions, ...(effects.length > 0 && { effects }) };
  if (reader.isDone) return { ...read, verdict };
  const isNat = verdict !== undefined && 'is' in verdict && verdict.is === 'nat';
  return { ...read, doubt: `nft: ${text}`, verdict: isNat ? { is: 'unknown' } : verdict };
}
