import { Fault } from '../fault.ts';
import type { OwnedHost, HostRules } from '../docker/ownership.ts';
import { ownHost } from '../docker/ownership.ts';
import { ownLive } from '../guard/compare.ts';
import { isDamage, type Finding } from '../guard/finding.ts';
import { foretellCommand } from '../guard/foretell.ts';
import { harmOf, isHurt, shadowsOfOther, type Harm } from '../guard/harm.ts';
import type { Surroundings } from '../guard/told.ts';
import type { Answer } from './engine.ts';
import { beginReading, readBackend, readOther, type Live } from './kernel.ts';
import { lookTwice, surroundingsOf } from './look.ts';
import type { Input } from './stdin.ts';
import type { StoredBaseline } from './store.ts';
import { xtablesBackend } from './which.ts';
import { askWord } from './word.ts';
import { rehearse, type OtherBackend } from './world/rehearse.ts';

/** A firewall change, as it is asked for. */
export interface Change {
  readonly words: readonly [string, ...string[]];
  readonly input: Input;
}

/** What a change is held against: Docker's rules as they stand, and names to tell with. */
export interface Ground {
  readonly stored: StoredBaseline | undefined;
  readonly live: Live;
  /** The other backend's rules, where it holds any. */
  readonly other: Live | undefined;
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
  const other = await readOther(live.backend);
  const networks = word.answered ? word.inventory.networks : stored?.baseline.engine?.networks;
  const known = { networks, settled: word.answered };
  const before = stored === undefined ? ownHost(live.rules, known) : ownLive(stored.owned, live.rules, known);
  return { stored, live, other, word, before, surroundings: surroundingsOf(word, stored, before) };
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
      // A hook in there would ask the Engine, and mend what is to be shown.
      env: { ...process.env, RULESGUARD_HOOKS: 'off' },
      seconds: options.seconds,
      input: change.input,
    },
    live,
    ground.other,
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

/** What a change did, told from the rules as they are now. */
export async function harmDone(ground: Ground): Promise<Harm> {
  const { backend } = ground.live;
  const [after, other] = await Promise.all([readBackend(backend), readOther(backend)]);
  const changed = other && { backend: other.backend, before: ground.other?.rules, after: other.rules };
  const harm = harmIn(ground, after.rules, changed);
  return harm.findings.length === 0 || !ground.word.answered ? harm : withoutGone(harm, ground.stored);
}

/** A container may have stopped while the command ran: its rules are Docker's to take away, and no harm. */
async function withoutGone(harm: Harm, stored: StoredBaseline | undefined): Promise<Harm> {
  const seen = await lookTwice({ source: 'both', stored }).catch((error: unknown) => {
    if (error instanceof Fault) return undefined;
    throw error;
  });
  if (seen === undefined) return harm;
  const keyOf = ({ family, table, chain, rule = '' }: Finding): string =>
    `${family} ${table} ${chain} ${rule}`;
  const damage = new Set(seen.findings.filter(isDamage).map(keyOf));
  // No Engine knows a policy or what the user keeps in DOCKER-USER.
  const isKept = (finding: Finding): boolean =>
    finding.kind === 'policy' || finding.kind === 'content-lost' || damage.has(keyOf(finding));
  return { ...harm, findings: harm.findings.filter(isKept) };
}

/** As {@link harmOn}, with what came to stand in the other backend. */
function harmIn(ground: Ground, rules: HostRules, other: OtherBackend | undefined): Harm {
  const { findings, shadows } = harmOn(ground, rules);
  if (other === undefined) return { findings, shadows };
  return { findings, shadows: [...shadows, ...shadowsOfOther(other.backend, other.before, other.after)] };
}

/** What became of Docker's rules, told from the rules as they are afterwards. */
export function harmOn({ before, surroundings, word }: Ground, after: HostRules): Harm {
  return harmOf(before, after, surroundings, word.answered);
}
