import { interleave } from './clock.ts';
import { ANY_VERDICT, Installed, capture, must } from './program.ts';
import { besideFloor } from './tables.ts';
import { FAMILIES } from '../../src/net/family.ts';

/** Rounds of `check` and of `restore`. */
export type Rounds = readonly [check: number, restore: number];

/** Rows of both tables, without the columns that say of which Engine they are. */
export interface Measured {
  readonly check: readonly (readonly string[])[];
  readonly restore: readonly (readonly string[])[];
}

/** Commands that delete Docker's rules, with their label in the table. */
const DAMAGES = [
  { label: 'iptables -t nat -F', words: ['iptables-nft', '-t', 'nat', '-F'] },
  { label: 'nft flush ruleset', words: ['nft', 'flush', 'ruleset'] },
] as const;

/**
 * `check` and `restore` beside their floors, in the network namespace of the Engine that DOCKER_HOST names. This process
 * is already inside, so that no `nsenter` is counted.
 */
export function measureHere([checks, restores]: Rounds): Measured {
  requireSameRules();
  const installed = new Installed('bare');
  try {
    installed.rulesguard(['snapshot']);
    const intact = interleave(
      {
        floor: () => installed.ask() + installed.saves(),
        both: () => installed.rulesguard(['check'], {}, ANY_VERDICT),
        engine: () => installed.rulesguard(['check', '--source', 'engine'], {}, ANY_VERDICT),
        absentFloor: () => installed.node() + installed.saves(),
        absent: () => installed.rulesguard(['check'], { DOCKER_HOST: 'unix:///nonexistent' }),
      },
      checks,
    );
    return {
      check: [
        ['both', ...besideFloor(intact.floor, intact.both)],
        ['engine', ...besideFloor(intact.floor, intact.engine)],
        ['both, no Engine there', ...besideFloor(intact.absentFloor, intact.absent)],
      ],
      restore: DAMAGES.map(({ label, words: [tool, ...args] }) => {
        const damage = (): void => {
          must(tool, args);
        };
        return [label, ...restoreRow(installed, damage, restores)];
      }),
    };
  } finally {
    installed.dispose();
  }
}

function restoreRow(installed: Installed, damage: () => void, rounds: number): readonly string[] {
  damage();
  const inputs = FAMILIES.map((family) => ({
    family,
    text: installed.output(['restore', '--policies', '--print', '--family', family]),
  })).filter(({ text }) => text !== '');
  const floor = (): number => {
    damage();
    const writing = inputs.reduce((sum, { family, text }) => sum + installed.restore(text, family), 0);
    return installed.ask() + installed.saves() + writing + installed.saves();
  };
  const restore = (): number => {
    damage();
    return installed.rulesguard(['restore', '--policies']);
  };
  const samples = interleave({ floor, restore }, rounds);
  return besideFloor(samples.floor, samples.restore);
}

/** This machine's own iptables is used, because the Engine's would need an `nsenter`: both must read the same rules. */
function requireSameRules(): void {
  const suite = process.env['RULESGUARD_BENCH_SUITE'] ?? '';
  for (const tool of ['iptables-nft-save', 'ip6tables-nft-save'])
    if (rulesOf(tool) !== rulesOf(`${suite}/${tool}`))
      throw new Error(`${tool} of this machine reads other rules than the Engine's own`);
}

const rulesOf = (tool: string): string => capture(tool, []).replace(/^#.*\n/gm, '');
