import { beforeAll, expect, test } from 'vitest';
import { manualPages } from '../../../packaging/linux/manual.mjs';
import { complete } from '../../../src/commands/verbs/complete.ts';
import { GLOBALS } from '../../../src/commands/verbs/globals.ts';
import { VERBS } from '../../../src/commands/verbs/verbs.ts';

/** Every verb as it is declared, by what is typed. */
const NAMES = VERBS.map(({ command }) => command.split(' ')[0] ?? '');

let pages: ReadonlyMap<string, string>;
beforeAll(async () => {
  pages = await manualPages(new Date(0));
});

/** The options that a page describes, as they are typed. */
const toldIn = (page: string): readonly string[] =>
  [...page.matchAll(/^\.It .*Fl \\-(\S+)/gm)].map(([, name = '']) => `--${name.replaceAll('\\-', '-')}`);

const isGlobal = (option: string): boolean => GLOBALS.includes(option.replace(/^--(?:no-)?/, ''));

test('every verb is completed and has a manual page, and no page is of anything else', async () => {
  expect([...(await complete(['']))].sort()).toEqual([...NAMES].sort());
  const verbs = NAMES.map((name) => `man8/rulesguard-${name}.8`);
  expect([...pages.keys()].sort()).toEqual(
    ['man8/rulesguard.8', 'man5/rulesguard-config.5', ...verbs].sort(),
  );
});

test.each(NAMES)('%s: its manual page has the options that are completed, and those alone', async (verb) => {
  const completed = await complete([verb, '--']);
  const own = completed.filter((option) => !isGlobal(option));
  const told = toldIn(pages.get(`man8/rulesguard-${verb}.8`) ?? '');
  // A switch that is on is taken back by a second name, which its own description has.
  const names = own.filter(
    (option) => !completed.includes(option.replace(/^--no-/, '--')) || told.includes(option),
  );
  expect([...told].sort()).toEqual([...names].sort());
  for (const name of GLOBALS) expect(completed).toContain(`--${name}`);
});

test('the options of every command are on the page of the program', () => {
  expect(toldIn(pages.get('man8/rulesguard.8') ?? '')).toEqual(
    expect.arrayContaining(GLOBALS.map((name) => `--${name}`)),
  );
});
