import type {
  Mapping,
  MarkChange,
  NativeCondition,
  NativeRule,
  NativeVerdict,
  Span,
  VerdictMap,
} from './model.ts';
import { RuleReader } from './rule-reader.ts';
import { readMarkChange, readMask, readNat } from './statements.ts';
import type { Token } from './tokens.ts';

/** Elements of a set, as they are listed behind `elements =`; undefined where they are not plain values. */
export function readElements(tokens: readonly Token[]): readonly Span[] | undefined {
  const reader = new RuleReader(tokens);
  const values = reader.values();
  return reader.isDone && typeof values === 'object' ? values : undefined;
}

/** As {@link readElements}, of a map of verdicts. */
export function readMappings(tokens: readonly Token[]): readonly Mapping[] | undefined {
  const reader = new RuleReader(tokens);
  const found = reader.mappings();
  return reader.isDone && typeof found === 'object' ? found : undefined;
}

/** Reads one rule. What is not understood is its doubt, never left out. */
export function readRule(tokens: readonly Token[], text: string, handle: string): NativeRule {
  const reader = new RuleReader(tokens);
  const conditions: NativeCondition[] = [];
  const marks: MarkChange[] = [];
  let verdict: NativeVerdict | VerdictMap | undefined;
  const doubtful = (): NativeRule => ({
    ...{ text, handle, conditions, doubt: `nft: ${text}` },
    // What it writes before the words that are not understood, it may write.
    verdict: marks.length > 0 ? { is: 'unknown' } : reader.lastVerdict(),
  });
  while (!reader.isDone && verdict === undefined) {
    if (reader.harmless()) continue;
    const mark = readMarkChange(reader);
    const nat = mark === undefined ? readNat(reader) : undefined;
    if (mark === 'unknown' || nat === 'unknown')
      return { text, handle, conditions, doubt: `nft: ${text}`, verdict: { is: 'unknown' } };
    if (mark !== undefined) {
      marks.push(mark);
      continue;
    }
    if (nat !== undefined) {
      verdict = { is: 'nat', nat };
      break;
    }
    verdict = reader.verdict();
    if (verdict?.is === 'reject') conditions.push(...reader.rejected());
    if (verdict !== undefined) break;
    const field = marks.length > 0 ? undefined : reader.field();
    const mapped = field !== undefined && reader.takes('vmap') ? reader.mappings() : undefined;
    if (field !== undefined && mapped !== undefined) {
      verdict = { field, among: mapped };
      break;
    }
    const mask = field?.endsWith(' mark') === true ? readMask(reader) : undefined;
    const negated = reader.takes('!=');
    const among = field === undefined ? undefined : reader.values();
    if (field === undefined || among === undefined) return doubtful();
    conditions.push({ field, negated, among, ...(mask !== undefined && { mask }) });
  }
  while (reader.harmless());
  const read = { text, handle, conditions, ...(marks.length > 0 && { marks }) };
  if (reader.isDone) return { ...read, verdict };
  const isNat = verdict !== undefined && 'is' in verdict && verdict.is === 'nat';
  return { ...read, doubt: `nft: ${text}`, verdict: isNat ? { is: 'unknown' } : verdict };
}
