import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Host } from '../host.ts';

interface Step {
  readonly op: string;
  readonly rule?: { readonly text: string };
}

interface Entry {
  readonly continues: string | null;
  readonly plan: {
    readonly families: Readonly<
      Record<
        string,
        { readonly tables: readonly { readonly table: string; readonly steps: readonly Step[] }[] }
      >
    >;
  };
}

type Writer = 'rulesguard' | 'the damage';

/** Who, other than dockerd, wrote which rule last. */
export class Diary {
  private readonly writers = new Map<string, Writer>();
  private readonly folder: string;
  private last = '';

  constructor({ stateDir }: Host) {
    this.folder = path.join(stateDir, 'journal');
  }

  note(keys: readonly string[], writer: Writer): void {
    for (const key of keys) this.writers.set(key, writer);
  }

  /**
   * Reads what rulesguard has journaled since, which keeps its newest hundred entries.
   * @returns how many applies there were, and how many of them mended what had changed under the one before
   */
  readJournal(): { readonly applies: number; readonly again: number } {
    const all = existsSync(this.folder) ? readdirSync(this.folder).sort() : [];
    const fresh = all.filter((name) => name > this.last);
    this.last = fresh.at(-1) ?? this.last;
    const entries = fresh.map(
      (name) => JSON.parse(readFileSync(path.join(this.folder, name), 'utf8')) as Entry,
    );
    for (const { plan } of entries) {
      for (const [family, { tables }] of Object.entries(plan.families))
        for (const { table, steps } of tables)
          for (const { op, rule } of steps)
            if (rule !== undefined && op !== 'delete')
              this.note([`${family} ${table} ${rule.text}`], 'rulesguard');
    }
    return {
      applies: entries.length,
      again: entries.filter(({ continues }) => continues !== null).length,
    };
  }

  wrote(key: string): Writer | undefined {
    return this.writers.get(key);
  }
}
