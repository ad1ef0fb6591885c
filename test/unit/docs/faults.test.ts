import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

/** The rows of docs/faults.md: each code with its exits, as `1` or `1, 3`. */
const documented = new Map(
  [...read('docs/faults.md').matchAll(/^\| `(RG_[A-Z_]+)` *\| ([\d, ]+?) *\|/gm)].map(
    ([, code = '', exits = '']) => [code, exits],
  ),
);

const codes = [...read('src/fault.ts').matchAll(/^ +\| '(RG_[A-Z_]+)'/gm)].map(([, code = '']) => code);

/** Every place of src that ends with a code, and the exit it ends with. */
function thrown(): ReadonlyMap<string, string> {
  const exits = new Map<string, Set<string>>();
  const sources = readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  for (const file of sources.filter((name) => name.endsWith('.ts') && !name.startsWith('generated'))) {
    const text = read(path.join('src', file));
    const faults = [...text.matchAll(/new Fault\(\s*'(RG_[A-Z_]+)',\s*(\d)/g)];
    const told = [...text.matchAll(/exit: (\d),\s*code: '(RG_[A-Z_]+)'/g)];
    for (const [code = '', exit = ''] of [
      ...faults.map(([, code, exit]) => [code, exit]),
      ...told.map(([, exit, code]) => [code, exit]),
    ])
      exits.set(code, (exits.get(code) ?? new Set()).add(exit));
  }
  return new Map([...exits].map(([code, all]) => [code, [...all].sort().join(', ')]));
}

test('docs/faults.md has one row for each fault code, and none for another', () => {
  expect([...documented.keys()].sort()).toEqual(codes.toSorted());
});

test('its exit codes are those the program ends with', () => {
  const used = thrown();
  expect(used.size).toBeGreaterThan(15);
  expect(Object.fromEntries([...documented].filter(([code]) => used.has(code)))).toEqual(
    Object.fromEntries(used),
  );
});
