import type { EngineReply } from '../../docker/engine-reply.ts';
import type { NftTable } from '../../firewall/nftables/tables/model.ts';
import { isDamage, worstFirst, type Finding } from '../finding.ts';
import type { StoredBaseline } from '../stored-baseline.ts';
import { tableFindings } from './findings.ts';
import { goesByRecordedTables } from './recorded.ts';
import { compareDockerTables, compareRecordedTables, type ComparedTables } from './side.ts';

/**
 * What a change loses of Docker's own tables, without damage that was there before; the worst first.
 *
 * @param before - Docker's tables before it; they also show how dockerd is set, which the change may have made invisible
 * @param by - what says what they should hold: the Engine, else a baseline; nothing is found where neither does
 */
export function tableLossesSince(
  before: readonly NftTable[],
  after: readonly NftTable[],
  { engine, stored }: { readonly engine: EngineReply; readonly stored: StoredBaseline | undefined },
): readonly Finding[] {
  const compared = (tables: readonly NftTable[]): Omit<ComparedTables, 'intent'> | undefined => {
    if (engine.answered) return compareDockerTables(tables, engine, undefined, before);
    return goesByRecordedTables(stored, engine) ? compareRecordedTables(tables, stored) : undefined;
  };
  const damageIn = (tables: readonly NftTable[]): readonly Finding[] => {
    const found = compared(tables);
    return found === undefined
      ? []
      : found.side.drifts.flatMap((drift) => tableFindings(drift, found.surroundings)).filter(isDamage);
  };
  const known = new Set(damageIn(before).map(keyOf));
  return damageIn(after)
    .filter((finding) => !known.has(keyOf(finding)))
    .sort(worstFirst);
}

const keyOf = ({ kind, family, table, chain, rule = '' }: Finding): string =>
  `${kind} ${family} ${table} ${chain} ${rule}`;
