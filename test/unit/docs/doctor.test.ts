import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (file: string): string => readFileSync(path.join(ROOT, file), 'utf8');

/** The rows of docs/DOCTOR.md. */
const documented = new Set(
  [...read('docs/DOCTOR.md').matchAll(/^\| `([a-z][a-z0-9-]*)` +\|/gm)].map(([, code]) => code),
);

/** Every code a check is made with. */
const made = new Set(
  readdirSync(path.join(ROOT, 'src/doctor'))
    .flatMap((file) => [
      ...read(path.join('src/doctor', file)).matchAll(
        /(?:\b(?:ok|warn|fail|unknown)\(|\? fail : warn\)\(|\.unknown\()\s*(?:[\w.=! ?]*\? ')?'?([a-z]+(?:-[a-z]+)*)'(?: : '([a-z-]+)')?/g,
      ),
    ])
    .flatMap(([, code, other]) => [code, ...(other === undefined ? [] : [other])]),
);

const sources = readdirSync(path.join(ROOT, 'src/doctor'))
  .map((file) => read(path.join('src/doctor', file)))
  .join('\n');

test('docs/DOCTOR.md has a row for each code of a check', () => {
  expect(made.size).toBeGreaterThan(60);
  expect([...made].filter((code) => !documented.has(code))).toEqual([]);
});

test('and no row for a code that no check has', () => {
  expect(
    [...documented].filter((code = '') => !sources.includes(`'${code.replace(/^proof-/, '')}'`)),
  ).toEqual([]);
});
