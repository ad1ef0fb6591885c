import { expect, test } from 'vitest';
import { stripSave } from '../../../src/app/strip/strip-save.ts';
import { FAMILIES } from '../../../src/net/family.ts';
import { neighboursKept, populated } from '../../support/recorded/populated.ts';
import { recording, recordingNames } from '../../support/recorded/recordings.ts';

const strip = (input: string): Promise<string> =>
  stripSave(
    {
      readInput: () => Promise.resolve(input),
      readByTool: () => Promise.reject(new Error('the tool was asked needlessly')),
      write: () => Promise.reject(new Error('a file was written unasked')),
    },
    undefined,
    () => undefined,
  );

test.each(recordingNames())('%s: nothing of Docker’s is left, and every other byte', async (name) => {
  const { text, owned } = recording(name);
  for (const family of FAMILIES)
    for (const withCounters of [true, false]) {
      if (text[family] === '') continue;
      const save = populated(text[family], family, withCounters);
      const left = await strip(save);
      expect(left).toBe(neighboursKept(save, owned, family));
      expect(left).not.toContain('DOCKER');
      expect(await strip(left)).toBe(left);
    }
});
