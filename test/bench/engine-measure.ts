import { interleave } from './clock.ts';
import { Installed, capture, must } from './program.ts';
import { besideFloor } from './tell.ts';
import { FAMILIES } from '../../src/iptables/model.ts';

/** Rounds of `check` and of `restore`. */
export type Rounds = readonly [check: number, restore: number];

/** Rows of both tables, without the columns that say of which Engine they are. */
export interface Measured {
  readonly check: readonly (readonly string[])[];
  readonly restore: readonly (readonly string[])[];
}

/** What takes Docker's rules away, in words for the shell's reader. */
const DAMAGES = [
  { told: 'iptables -t nat -F', words: ['iptables-nft', '-t', 'nat', '-F'] },
  { told: 'nft flush ruleset', words: ['nft', 'flush', 'ruleset'] },
] as const;

/**
 * `check` and `restore` beside their floors, in the network namespace of the Engine that DOCKER_HOST names. This process
 * is inside already, so that no `nsenter` is counted.
 */
export function measureHere([checks, restores]: Rounds): Measured {
  requireSameRules();
  const installed = new Installed('bare');
  try {
    installed.rulesguard(['snapshot']);
    const intact = interleave(
      {
        floor: () => installed.ask() + installed.saves(),
        both: () => installed.rulesguard(['check']),
        engine: () => installed.rulesguard(['check', '--source', 'engine']),
        deafFloor: () => installed.node() + installed.saves(),
        deaf: () => installed.rulesguard(['check'], { DOCKER_HOST: 'unix:///nonexistent' }),
      },
      checks,
    );
    return {
      check: [
        ['both', ...besideFloor(intact.floor, intact.both)],
        ['engine', ...besideFloor(intact.floor, intact.engine)],
        ['both, no Engine there', ...besideFloor(intact.deafFloor, intact.deaf)],
      ],
      restore: DAMAGES.map(({ told, words: [tool, ...args] }) => {
        const damage = (): void => {
          must(tool, args);
        };
        return [told, ...restoreRow(installed, damage, restores)];
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

/** The machine's own iptables stands in for the Engine's, which would have to be entered: both must read the same. */
function requireSameRules(): void {
  const suite = process.env['RULESGUARD_BENCH_SUITE'] ?? '';
  for (const tool of ['iptables-nft-save', 'ip6tables-nft-save'])
    if (rulesOf(tool) !== rulesOf(`${suite}/${tool}`))
      throw new Error(`${tool} of this machine reads other rules than the Engine's own`);
}

const rulesOf = (tool: string): string => capture(tool, []).replace(/^#.*\n/gm, '');
