import type { Family } from '../../net/family.ts';
import type { Observer } from '../ports.ts';
import type { TerrainReader } from '../reach/ports.ts';

/** What a migration is worked out with. Changes nothing of the host. */
export interface MigrateHost extends Observer, TerrainReader {
  /** What a save says in nft's words. @throws Fault RG_MISSING_TOOL or RG_COMMAND */
  readonly translate: (save: string, family: Family) => Promise<string>;
  /**
   * Loads tables in a network namespace of its own.
   *
   * @param names - `ip docker-user`
   * @returns how nft lists them there
   * @throws Fault RG_REHEARSAL where nft does not take them
   */
  readonly listInScratch: (
    text: string,
    names: readonly string[],
  ) => Promise<readonly { readonly table: string; readonly text: string }[]>;
}
