import { BRIDGES_TABLE } from '../../firewall/nftables/tables/names.ts';
import { NFT_FAMILY, type Family } from '../../net/family.ts';
import { readNatives } from '../../trace/native/tables.ts';
import { knownNames } from '../names.ts';
import type { Terrain } from '../terrain.ts';
import { namesAskedBy } from './asked-names.ts';
import { wordedTables } from './docker-tables.ts';

/** Packets that nothing is known to fare alike are followed one by one: through so many rules that takes a minute on a busy machine. */
const MOST_ALONE = 500;

/**
 * Why packets of a family are not followed: a table of nftables' asks for what is not foreseen, such as a hash of addresses, so that no two
 * are known to fare alike, and Docker's own table is too large to follow each by itself.
 *
 * @returns undefined where they are
 */
export function tooManyAlone(terrain: Terrain, family: Family): string | undefined {
  const { netState } = terrain;
  const name = `${NFT_FAMILY[family]} ${BRIDGES_TABLE}`;
  const read = readNatives(netState).find(({ table }) => table === name)?.read;
  const rules = [...(read?.chains.values() ?? [])].reduce((sum, chain) => sum + chain.rules.length, 0);
  if (rules <= MOST_ALONE) return undefined;
  const worded = wordedTables(netState, family);
  const isOpaque =
    worded.rules.length === 0 ||
    namesAskedBy(netState, worded.others, family, knownNames(terrain, family)).isOpaque;
  return isOpaque
    ? `a table of nftables' asks for what tells no packets apart in advance, and through more than ${String(MOST_ALONE)} rules of Docker's own (here ${String(rules)}) they are not followed one by one`
    : undefined;
}
