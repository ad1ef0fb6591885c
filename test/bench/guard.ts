import { IS_SHORT } from './self.ts';
import { interleave, type Samples } from './clock.ts';
import { Installed, must } from './program.ts';
import { dockerHost } from './ruleset.ts';
import { BESIDE_FLOOR, besideFloor, tableOf } from './tables.ts';

const ROUNDS = IS_SHORT ? 1 : 40;
/** Rules of the host, all Docker's. */
const RULES: readonly number[] = IS_SHORT ? [100] : [100, 1_000];
const FLUSH = ['iptables', '-t', 'nat', '-F'];

/** Whole runs of `hook post` and `run --dry-run`, each with its floor. */
export function guardTable(): string {
  const rows = RULES.flatMap((rules) => {
    const installed = new Installed('bare');
    try {
      installed.load(dockerHost(rules));
      must('iptables-nft', ['-N', 'MINE']);
      const hook = (phase: string): readonly string[] => ['hook', phase, '--target', 'bench'];
      installed.rulesguard(hook('pre'));
      const post = interleave(
        {
          floor: () => installed.ask() + installed.saves(),
          whole: () => installed.rulesguard(hook('post')),
        },
        ROUNDS,
      );
      const run = (words: readonly string[], exits: readonly number[]) =>
        interleave(
          {
            floor: () => installed.node() + installed.node(),
            whole: () => installed.rulesguard(['run', '--dry-run', '--', ...words], {}, exits),
          },
          ROUNDS,
        );
      return [
        row(rules, '`hook post`, intact', 'one Node process that asks the Engine, the two saves', post),
        row(rules, '`run --dry-run`, computed', 'two empty Node processes', run(FLUSH, [1])),
        row(rules, '`run --dry-run`, rehearsed', 'two empty Node processes', run(['env', ...FLUSH], [1])),
      ];
    } finally {
      installed.dispose();
    }
  });
  return tableOf(['rules', 'what', 'floor', ...BESIDE_FLOOR], rows);
}

const row = (
  rules: number,
  what: string,
  floor: string,
  samples: Readonly<Record<'floor' | 'whole', Samples>>,
): readonly string[] => [String(rules), what, floor, ...besideFloor(samples.floor, samples.whole)];
