import type { OwnedChain, OwnedTables } from '../ownership/ownership.ts';

/** The same tables with each chain changed, or left out where `change` gives undefined. */
export const mapChains = (
  tables: OwnedTables,
  change: (chain: OwnedChain) => OwnedChain | undefined,
): OwnedTables =>
  new Map(
    [...tables].map(([table, chains]) => [
      table,
      new Map(
        [...chains].flatMap(([name, chain]): readonly (readonly [string, OwnedChain])[] => {
          const changed = change(chain);
          return changed === undefined ? [] : [[name, changed]];
        }),
      ),
    ]),
  );
