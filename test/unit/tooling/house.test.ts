import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = path.join(import.meta.dirname, '../../..');

/** Every folder beneath one, itself included; recordings and what is generated are no part of the house. */
function folders(folder: string): string[] {
  const inner = readdirSync(path.join(root, folder), { withFileTypes: true });
  const below = inner.filter((entry) => entry.isDirectory() && !/^(fixtures|generated)$/.test(entry.name));
  return [folder, ...below.flatMap(({ name }) => folders(path.join(folder, name)))];
}

const filesIn = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => path.join(folder, name));

/** Names of types that a file declares outside every function. */
function typesOf(file: string): string[] {
  const source = ts.createSourceFile(
    file,
    readFileSync(path.join(root, file), 'utf8'),
    ts.ScriptTarget.Latest,
  );
  return source.statements.flatMap((node) =>
    (ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isClassDeclaration(node)) &&
    node.name
      ? [node.name.text]
      : [],
  );
}

test('a name of a type means one thing in the whole of src', () => {
  const places = new Map<string, string[]>();
  for (const file of folders('src')
    .flatMap(filesIn)
    .filter((name) => name.endsWith('.ts')))
    for (const name of typesOf(file)) places.set(name, [...(places.get(name) ?? []), file]);
  expect([...places].filter(([, files]) => files.length > 1)).toEqual([]);
});

test('no folder holds more than 20 files', () => {
  const full = [...folders('src'), ...folders('test')].filter((folder) => filesIn(folder).length > 20);
  expect(full).toEqual([]);
});
