import { IS_SHORT } from './self.ts';
import { interleave, least, median, type Samples } from './clock.ts';
import { ANY_VERDICT, Installed, type Environment } from './program.ts';
import { dockerHost, mixedHost, type BenchHost } from './ruleset.ts';
import { BESIDE_FLOOR, besideFloor, tableOf } from './tables.ts';

/** Sizes, and how often each is run: a round of the largest takes as long as hundreds of the smallest. */
const SIZES: readonly (readonly [rules: number, rounds: number])[] = IS_SHORT
  ? [[100, 1]]
  : [
      [100, 40],
      [10_000, 12],
      [100_000, 5],
    ];

const HEAD = ['rules', 'of them', ...BESIDE_FLOOR];

/** Whole `check` processes of intact rules against their floor: a Node process that asks the Engine, and the two saves. */
export function checkTable(environment: Environment): string {
  return eachHost(environment, (host, installed, rounds) => {
    const { floor, check } = interleave(
      {
        floor: () => installed.ask() + installed.saves(),
        check: () => installed.rulesguard(['check'], {}, ANY_VERDICT),
      },
      rounds,
    );
    return row(host, floor, check);
  });
}

/**
 * Whole `restore` processes after `iptables -F` against their floor: a Node process that asks the Engine, the two saves, one
 * restore of the same input, the two verifying saves.
 *
 * @throws Error where the rules are not repaired at the end
 */
export function restoreTable(environment: Environment): string {
  return eachHost(environment, (host, installed, rounds) => {
    installed.flush();
    const input = installed.output(['restore', '--print']);
    const floor = (): number => {
      installed.flush();
      return installed.ask() + installed.saves() + installed.restore(input) + installed.saves();
    };
    const restore = (): number => {
      installed.flush();
      return installed.rulesguard(['restore']);
    };
    const samples = interleave({ floor, restore }, rounds);
    installed.requireIntact();
    return row(host, samples.floor, samples.restore);
  });
}

/** Peak memory of a check at 100,000 rules. */
export async function memoryTable(): Promise<string> {
  const rows: string[][] = [];
  const rules = IS_SHORT ? 1_000 : 100_000;
  for (const host of [dockerHost(rules), mixedHost(rules)]) {
    const installed = new Installed('bare');
    installed.load(host);
    const peaks: number[] = [];
    for (let run = 0; run < (IS_SHORT ? 1 : 5); run++) peaks.push(await installed.peak(['check']));
    installed.dispose();
    rows.push([host.name, least(peaks).toFixed(0), median(peaks).toFixed(0), Math.max(...peaks).toFixed(0)]);
  }
  return tableOf([`${String(rules)} rules`, 'lowest, MB', 'median, MB', 'highest, MB'], rows);
}

function eachHost(
  environment: Environment,
  measure: (host: BenchHost, installed: Installed, rounds: number) => readonly string[],
): string {
  // The variable costs every run the same, so only small rulesets show it.
  const sizes = SIZES.filter(([rules]) => environment === 'bare' || rules === 100);
  const rows = sizes.flatMap(([rules, rounds]) =>
    [dockerHost(rules), mixedHost(rules)].map((host) => {
      const installed = new Installed(environment);
      try {
        installed.load(host);
        return measure(host, installed, rounds);
      } finally {
        installed.dispose();
      }
    }),
  );
  return tableOf(HEAD, rows);
}

const row = (host: BenchHost, floor: Samples, whole: Samples): readonly string[] => [
  String(host.rules),
  host.name,
  ...besideFloor(floor, whole),
];
