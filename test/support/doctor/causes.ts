import { describe, expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import { healthyFacts, type Change } from './host-facts.ts';

/** What is changed, the codes of the causes reported, what the first remedy's commands hold, and what was asked. */
export type Row = readonly [
  name: string,
  change: Change,
  causes: readonly string[],
  remedy?: string | undefined,
  about?: string,
  from?: string,
];

/** One change after another. */
export const all =
  (...changes: readonly Change[]): Change =>
  (facts) =>
    changes.reduce((now, change) => change(now), facts);

/** A test for each row: the causes that are reported, and nothing beside them. */
export function describeCauses(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    test.each(rows.map((row) => ({ row, name: row[0] })))(
      '$name',
      ({ row: [, change, causes, remedy, about, from = ''] }) => {
        const diagnosis = diagnose(change(healthyFacts()), { about, from });
        expect(diagnosis.causes.map(({ code }) => code)).toEqual(causes);
        if (remedy !== undefined)
          expect(diagnosis.causes[0]?.remedies[0]?.commands.join(' && ')).toContain(remedy);
      },
    );
  });
}
