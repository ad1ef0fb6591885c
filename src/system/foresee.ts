import type { OwnedHost, HostRules } from '../docker/ownership.ts';
import { ownHost } from '../docker/ownership.ts';
import { ownLive } from '../guard/compare.ts';
import { foretellCommand } from '../guard/foretell.ts';
import { harmOf, isHurt, shadowsOfOther, type Harm } from '../guard/harm.ts';
import type { Surroundings } from '../guard/told.ts';
import type { Answer } from './engine.ts';
import { beginReading, type Live } from './kernel.ts';
import { surroundingsOf } from './look.ts';
import type { Input } from './stdin.ts';
import type { StoredBaseline } from './store.ts';
import { xtablesBackend } from './which.ts';
import { askWord } from './word.ts';
import { rehearse, type Rehearsed } from './world/rehearse.ts';

/** A firewall change, as it is asked for. */
export interface Change {
  readonly words: readonly [string, ...string[]];
  readonly input: Input;
}

/** What a change is held against: Docker's rules as they stand, and names to tell with. */
export interface Ground {
  readonly live: Live;
  readonly word: Answer;
  readonly before: OwnedHost;
  readonly surroundings: Surroundings;
}

/** What a change would do to Docker's rules. */
export type Forecast =
  | {
      readonly told: true;
      /** `memory`: computed, as the kernel would; `rehearsal`: done for real in a scratch world. */
      readonly by: 'memory' | 'rehearsal';
      readonly harm: Harm;
      readonly rules: HostRules;
    }
  | {
      readonly told: false;
      /** Why nobody can tell, in one sentence. */
      readonly reason: string;
      readonly details: readonly string[];
      /** What it would do all the same, where that much is known: enough to refuse, not to let through. */
      readonly harm: Harm | undefined;
    };

export interface ForesightOptions {
  /** Time limit of a rehearsal, in seconds. */
  readonly seconds: number;
}

/**
 * Reads what a change is held against. Without an Engine the names are the baseline's; without either there are none.
 *
 * @throws Fault when the rules cannot be read, or the Engine keeps none in iptables
 */
export async function takeGround(stored: StoredBaseline | undefined): Promise<Ground> {
  const reading = beginReading();
  const [live, word] = await Promise.all([reading(stored?.baseline.backend), askWord()]);
  return groundOf(live, word, stored);
}

/** As {@link takeGround}, of rules already read. */
export function groundOf(live: Live, word: Answer, stored: StoredBaseline | undefined): Ground {
  const networks = word.answered ? word.inventory.networks : stored?.baseline.engine?.networks;
  const known = { networks, settled: word.answered };
  const before = stored === undefined ? ownHost(live.rules, known) : ownLive(stored.owned, live.rules, known);
  return { live, word, before, surroundings: surroundingsOf(word, stored, before) };
}

/**
 * Says what a change would do to Docker's rules, without touching them: computed in memory where that is certain, else
 * done for real in a scratch world.
 */
export async function foresee(change: Change, ground: Ground, options: ForesightOptions): Promise<Forecast> {
  const { live } = ground;
  const backend = await xtablesBackend(change.words[0]);
  const computed = backend === undefined ? undefined : foretellCommand(change.words, live, backend);
  if (computed !== undefined)
    return { told: true, by: 'memory', harm: harmOn(ground, computed), rules: computed };
  const rehearsed = await rehearse(
    {
      words: change.words,
      cwd: process.cwd(),
      env: process.env,
      seconds: options.seconds,
      input: change.input,
    },
    live,
  );
  const { rules, other } = rehearsed;
  if (rehearsed.told)
    return {
      told: true,
      by: 'rehearsal',
      harm: harmIn(ground, rehearsed.rules, other),
      rules: rehearsed.rules,
    };
  const harm = rules === undefined ? undefined : harmIn(ground, rules, other);
  return {
    told: false,
    reason: rehearsed.reason,
    details: rehearsed.details,
    harm: harm !== undefined && isHurt(harm) ? harm : undefined,
  };
}

/** As {@link harmOn}, with what came to stand in the other backend. */
function harmIn(ground: Ground, rules: HostRules, other: Rehearsed['other']): Harm {
  const { findings, shadows } = harmOn(ground, rules);
  if (other === undefined) return { findings, shadows };
  return { findings, shadows: [...shadows, ...shadowsOfOther(other.backend, other.before, other.after)] };
}

/** What became of Docker's rules, told from the rules as they are afterwards. */
export function harmOn({ before, surroundings, word }: Ground, after: HostRules): Harm {
  return harmOf(before, after, surroundings, word.answered);
}
