import { describe } from 'vitest';
import type { Era } from '../lab/eras.ts';
import { labUnavailable } from '../lab/requirement.ts';
import { enginesFor } from './share.ts';

/** `describe` for tests on one era's Engine: skips with the reason where none can be brought up, fails under CI. */
export function describeEngine(title: string, era: Era, body: () => void): void {
  const reason = labUnavailable(era);
  const name = `${title} · Engine ${era}`;
  describe.skipIf(reason !== undefined)(reason === undefined ? name : `${name} (skipped: ${reason})`, body);
}

/** The same body for each Engine that the group runs on ({@link enginesFor}). */
export function describeEngines(title: string, body: (era: Era) => void): void {
  for (const era of enginesFor(title))
    describeEngine(title, era, () => {
      body(era);
    });
}
