import { Fault } from '../../fault.ts';
import type { Declaration } from '../../firewall/iptables/desired/declared.ts';
import { FAMILIES } from '../../net/family.ts';

/** What is declared, for whoever must go on though a file of it cannot be used. */
export interface ResidentDeclared {
  /** What is declared; of a file that cannot be used, what it said when it last could be. Never a fault. */
  readonly read: () => Promise<Declaration>;
  /** Which files could not be used last time, and why, for people; undefined where all could. */
  readonly fault: () => string | undefined;
}

/** How each file is read: a family's, and that of tables. @throws Fault of the file */
export type DeclaredReaders = {
  readonly [File in keyof Declaration]-?: () => Promise<Declaration[File]>;
};

/**
 * Reads declarations again and again. A file that is wrong must not keep watch from bringing back what Docker requires, nor open what it held
 * until then.
 */
export function residentDeclared(readers: DeclaredReaders): ResidentDeclared {
  const last = new Map<keyof Declaration, Declaration[keyof Declaration]>();
  let faults: ReadonlyMap<keyof Declaration, Fault> = new Map();
  return {
    read: async () => {
      const failed = new Map<keyof Declaration, Fault>();
      await Promise.all(
        FILES.map(async (file) => {
          try {
            last.set(file, await readers[file]());
          } catch (error) {
            if (!(error instanceof Fault)) throw error;
            failed.set(file, error);
          }
        }),
      );
      faults = failed;
      return Object.fromEntries(
        FILES.flatMap((file) => {
          const declared = last.get(file);
          return declared === undefined ? [] : [[file, declared] as const];
        }),
      );
    },
    fault: () => {
      const said = FILES.flatMap((file) => {
        const fault = faults.get(file);
        if (fault === undefined) return [];
        const held = last.get(file) === undefined ? 'nothing of it is held' : 'what it said before is held';
        return [[fault.message, ...fault.details, held, fault.hint ?? ''].filter(Boolean).join('. ')];
      });
      return said.length === 0 ? undefined : said.join('; ');
    },
  };
}

const FILES = [...FAMILIES, 'tables'] as const;
