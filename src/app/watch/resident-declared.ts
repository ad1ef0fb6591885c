import { Fault } from '../../fault.ts';
import type { Declaration, DeclaredFamily } from '../../firewall/iptables/desired/declared.ts';
import { FAMILIES, type Family } from '../../net/family.ts';

/** What is declared, for whoever must go on though a file of it cannot be used. */
export interface ResidentDeclared {
  /** What is declared; of a file that cannot be used, what it said when it last could be. Never a fault. */
  readonly read: () => Promise<Declaration>;
  /** Which files could not be used last time, and why, for people; undefined where all could. */
  readonly fault: () => string | undefined;
}

/**
 * Reads declarations again and again. A file that is wrong must not keep watch from bringing back what Docker requires, nor open what it held
 * until then.
 *
 * @param readOf - of one family. @throws Fault of its file
 */
export function residentDeclared(
  readOf: (family: Family) => Promise<DeclaredFamily | undefined>,
): ResidentDeclared {
  const last = new Map<Family, DeclaredFamily | undefined>();
  let faults: ReadonlyMap<Family, Fault> = new Map();
  return {
    read: async () => {
      const failed = new Map<Family, Fault>();
      await Promise.all(
        FAMILIES.map(async (family) => {
          try {
            last.set(family, await readOf(family));
          } catch (error) {
            if (!(error instanceof Fault)) throw error;
            failed.set(family, error);
          }
        }),
      );
      faults = failed;
      return Object.fromEntries(
        FAMILIES.flatMap((family) => {
          const declared = last.get(family);
          return declared === undefined ? [] : [[family, declared] as const];
        }),
      );
    },
    fault: () => {
      const said = FAMILIES.flatMap((family) => {
        const fault = faults.get(family);
        if (fault === undefined) return [];
        const held = last.get(family) === undefined ? 'nothing of it is held' : 'what it said before is held';
        return [[fault.message, ...fault.details, held, fault.hint ?? ''].filter(Boolean).join('. ')];
      });
      return said.length === 0 ? undefined : said.join('; ');
    },
  };
}
