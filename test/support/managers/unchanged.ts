import type { Outcome } from '../program.ts';
import { rulesOf } from './cell.ts';
import { filesOf, rulesNow, type Site } from './site.ts';

/** How an outcome reads in a failed test. */
export const spoken = ({ code, stdout, stderr }: Outcome) =>
  `exit ${String(code)}\n--- stdout\n${stdout}\n--- stderr\n${stderr}`;

/** Runs something that must change neither rules nor files. @returns what is wrong, of `act` too */
export async function unchanged(
  site: Site,
  act: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const [rules, files] = [rulesOf(await rulesNow(site.engine)), await filesOf(site)];
  const wrong = await act();
  const now = rulesOf(await rulesNow(site.engine));
  return [
    ...wrong,
    ...(now.join('\n') === rules.join('\n') ? [] : ['it changed rules']),
    ...changedFiles(files, await filesOf(site)),
  ];
}

/** The files that others do not have, or have otherwise. */
export const without = (files: readonly string[], others: readonly string[]) =>
  files.filter((file) => !others.includes(file));

const changedFiles = (before: readonly string[], after: readonly string[]) => [
  ...without(after, before).map((file) => `new: ${file}`),
  ...without(before, after).map((file) => `gone: ${file}`),
];
