import { expect, test } from 'vitest';
import yargs from 'yargs';
import { completions, type HostWords } from '../../../src/commands/completion/words.ts';
import { globalOptions } from '../../../src/commands/verbs/globals.ts';
import { VERBS } from '../../../src/commands/verbs/verbs.ts';
import { grammarIn } from '../../../src/commands/verbs/yargs-untyped.ts';

const HOST: HostWords = {
  baselines: () => Promise.resolve(['000001-x', '000002-x']),
  targets: () => Promise.resolve(['web', 'app', 'front_net']),
  interfaces: () => Promise.resolve(['eth0', 'lo']),
  pending: (verb) => Promise.resolve([`000003-${verb}`]),
  hookTargets: ['ufw', 'ferm'],
  recipes: ['ansible', 'puppet'],
  findings: () => Promise.resolve(['77aa01']),
  accepted: () => Promise.resolve(['3f9a1c']),
};
const verbs = VERBS.map(({ command }) => command.split(' ')[0] ?? '');

/** Completes what is behind `rulesguard`; the last word is the one being typed. */
const complete = (...typed: readonly string[]) =>
  completions(
    typed,
    verbs,
    (verb) => {
      const found = VERBS.find(({ command }) => command.split(' ')[0] === verb);
      const made = globalOptions(yargs([]));
      found?.builder(made);
      return grammarIn(made, found?.command ?? '');
    },
    HOST,
  );

test.each<readonly [typed: readonly string[], words: readonly string[]]>([
  [[''], verbs],
  [['re'], ['restore', 'reach']],
  [['check', '--ba'], ['--baseline']],
  [
    ['check', '--baseline', ''],
    ['000001-x', '000002-x'],
  ],
  [
    ['check', '--source', 'b'],
    ['baseline', 'both'],
  ],
  // As bash hands it over, and as zsh does.
  [['check', '--source', '=', 'e'], ['engine']],
  [
    ['check', '--source', '='],
    ['baseline', 'engine', 'both'],
  ],
  [['check', '--source=e'], ['--source=engine']],
  [['restore', '--no'], ['--no-rehearse']],
  [['restore', '--dry-run', '--dry'], []],
  [['rollback', '--when'], []],
  [['baseline', 'sh'], ['show']],
  [
    ['accept', ''],
    ['list', 'remove', '77aa01'],
  ],
  [['accept', '77'], ['77aa01']],
  [['reach', 'web', '--from', 'h'], ['host']],
  [
    ['baseline', 'show', ''],
    ['000001-x', '000002-x', 'latest'],
  ],
  [['baseline', 'diff', '1', 'la'], ['latest']],
  [['baseline', '--keep', '3', 'pr'], ['prune']],
  [['baseline', 'prune', ''], []],
  [
    ['hook', ''],
    ['install', 'remove', 'status', 'list', 'recipe', 'pre', 'post'],
  ],
  [
    ['hook', 'install', ''],
    ['ufw', 'ferm'],
  ],
  [['hook', '--dry-run', 'remove', 'u'], ['ufw']],
  [
    ['hook', 'recipe', ''],
    ['ansible', 'puppet'],
  ],
  [['hook', 'pre', ''], []],
  [
    ['doctor', ''],
    ['web', 'app', 'front_net'],
  ],
  [['doctor', 'w'], ['web']],
  [
    ['doctor', 'web', '--from', ''],
    ['host', 'outside', 'eth0', 'lo', 'web', 'app', 'front_net'],
  ],
  [['doctor', 'web', '--to', 'a'], ['app']],
  [['reach', 'fr'], ['front_net']],
  [['confirm', '0'], ['000003-confirm']],
  [['rollback', ''], ['000003-rollback']],
  [['completion', 'z'], ['zsh']],
  [['--wait', '5', 'sn'], ['snapshot']],
  // A file's name is the shell's to complete, and so is another program's command line.
  [['check', '--candidate', ''], []],
  [['run', '--', 'ip'], []],
  [['run', '--', 'rulesguard', 'ch'], []],
  [['run', '--', 'ip', '--'], []],
])('%j', async (typed, words) => {
  expect(await complete(...typed)).toEqual(words);
});

test('options of a verb are its own and the global ones, each once', async () => {
  const words = await complete('strip', '--');
  expect(words).toContain('--output');
  expect(words).toContain('--state-dir');
  expect(words).not.toContain('--baseline');
  expect(words).toEqual([...new Set(words)]);
});
