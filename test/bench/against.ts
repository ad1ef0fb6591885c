import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { interleave, least, median, type Samples } from './clock.ts';
import { ANY_VERDICT, HERE, Installed, must } from './program.ts';
import { dockerHost } from './ruleset.ts';
import { tableOf } from './tables.ts';

/** What is compared: a command line of rulesguard, whether the rules are damaged before it, and its allowed exit codes. */
const CASES = [
  { label: 'check', words: ['check'], exits: ANY_VERDICT },
  { label: 'restore after iptables -F', words: ['restore'], damage: true },
  { label: 'snapshot', words: ['snapshot'] },
  { label: 'doctor', words: ['doctor'], exits: ANY_VERDICT },
  { label: 'run, predicted', words: ['run', '--dry-run', '--', 'iptables', '-t', 'nat', '-F'], exits: [1] },
  {
    label: 'run, rehearsed',
    words: ['run', '--dry-run', '--', 'env', 'iptables', '-t', 'nat', '-F'],
    exits: [1],
  },
] as const;

/** Rules of the host, and rounds. */
const SIZES = [
  [100, 25],
  [5_000, 9],
] as const;

/** Processor time shows how much work a program does; wall clock also contains what else the machine does. */
const HEAD = [
  ...['rules', 'what', 'before, median ms', 'now, median ms'],
  ...['ratio of bests', 'ratio of medians', 'ratio of processor time'],
];

/**
 * This program compared with that of another state of the project: both are built, and run alternately on the same rules, each
 * with its own state folder and Engine. Ratios are now to before: above 1 is slower.
 *
 * @param other - a folder that holds the project, with its packages installed, or a commit of this one
 * @param only - sizes, in rules; all where there are none
 */
export function againstTable(other: string, only: readonly number[]): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-against-'));
  try {
    const before = existsSync(path.join(other, 'package.json'))
      ? path.resolve(other)
      : checkout(other, folder);
    for (const project of [before, HERE])
      for (const step of ['generate', 'build'])
        execFileSync(process.execPath, [`packaging/${step}.mjs`], { cwd: project, stdio: 'ignore' });
    const sizes = SIZES.filter(([rules]) => only.length === 0 || only.includes(rules));
    return tableOf(
      HEAD,
      sizes.flatMap(([rules, rounds]) => rowsOf(before, rules, rounds)),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The files of a commit, with the packages of this folder. */
function checkout(commit: string, folder: string): string {
  const archive = path.join(folder, 'project.tar');
  execFileSync('git', ['archive', '--output', archive, commit], { cwd: HERE });
  must('tar', ['-xf', archive, '-C', folder]);
  symlinkSync(path.join(HERE, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
}

function rowsOf(project: string, rules: number, rounds: number): readonly (readonly string[])[] {
  const host = dockerHost(rules);
  const [before, now] = [new Installed('bare', project), new Installed('bare')];
  try {
    for (const installed of [before, now]) installed.load(host);
    return CASES.map((one) => {
      const run = (installed: Installed) => (): number => {
        if ('damage' in one) installed.flush();
        return installed.rulesguard(one.words, {}, 'exits' in one ? one.exits : [0]);
      };
      const samples = interleave({ before: run(before), now: run(now) }, rounds);
      for (const installed of [before, now]) installed.requireIntact();
      return row(rules, one.label, samples);
    });
  } finally {
    for (const installed of [before, now]) installed.dispose();
  }
}

const row = (
  rules: number,
  label: string,
  { before, now }: Readonly<Record<'before' | 'now', Samples>>,
): readonly string[] => [
  String(rules),
  label,
  median(before.wall).toFixed(0),
  median(now.wall).toFixed(0),
  ...[least(now.wall) / least(before.wall), median(now.wall) / median(before.wall), now.cpu / before.cpu].map(
    (ratio) => ratio.toFixed(2),
  ),
];
