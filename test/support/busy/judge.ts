import { setTimeout as sleep } from 'node:timers/promises';
import {
  FAMILIES,
  difference,
  forwardPolicies,
  isBuiltinChain,
  keyOf,
  linesOf,
  savesOf,
  toolOf,
  type Line,
  type Saves,
} from '../incident/rules.ts';
import type { Engine } from '../lab/engine.ts';
import { must } from '../lab/run.ts';
import type { Diary } from './diary.ts';

/** How the rules differ from those that dockerd would have written had nobody touched them. */
export interface Verdict {
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  /** Rules nothing calls for that rulesguard, and nobody after it, wrote. */
  readonly stale: readonly string[];
  /** Rules nothing calls for that came with a damage, or that dockerd left behind itself. */
  readonly leftovers: readonly string[];
}

const ours = (saves: Saves): readonly Line[] => linesOf(saves).filter((line) => !isBuiltinChain(line));

/** Waits until three saves in a row, a fifth of a second apart, are equal. */
export async function untilQuiet(engine: Engine): Promise<Saves> {
  const read = async () => {
    const saves = await savesOf(engine);
    return { saves, text: ours(saves).map(keyOf).join('\n') };
  };
  let before = await read();
  for (let equal = 1; equal < 3;) {
    await sleep(200);
    const now = await read();
    equal = now.text === before.text ? equal + 1 : 1;
    before = now;
  }
  return before.saves;
}

/**
 * What dockerd itself writes for what exists now: it is stopped, every rule is taken away, and it is started again, its
 * containers running on. FORWARD's policies, which it does not set a second time, are those of `golden` again.
 */
export async function rewritten(engine: Engine, golden: Saves): Promise<Saves> {
  const policies = forwardPolicies(golden);
  await engine.daemon.stop();
  await must(engine.execInside, 'nft', ['flush', 'ruleset']);
  await engine.daemon.start();
  // Up to 27 only a new network brings DOCKER-USER and its jump back while containers run
  // (docs/reference/docker-iptables.md#what-docker-restores).
  await engine.docker(['network', 'create', 'truth']);
  await engine.docker(['network', 'rm', 'truth']);
  for (const [i, family] of FAMILIES.entries())
    await must(engine.execInside, toolOf(family), ['-P', 'FORWARD', policies[i]?.replace(/^\S+ /, '') ?? '']);
  return untilQuiet(engine);
}

/** Holds the rules as they were left against those that dockerd writes. */
export function judge(left: Saves, truth: Saves, diary: Diary): Verdict {
  const wanted = new Set(ours(truth).map(keyOf));
  const beyond = difference(ours(left), ours(truth)).map(keyOf);
  const strays = beyond.filter((key) => !wanted.has(key));
  return {
    lost: difference(ours(truth), ours(left)).map(keyOf),
    // The first of two is the user's by definition (docs/reference/docker-iptables.md#ownership), whoever wrote it.
    doubled: beyond.filter((key) => wanted.has(key) && !key.endsWith(' -A DOCKER-USER -j RETURN')),
    stale: strays.filter((key) => diary.wrote(key) === 'rulesguard'),
    leftovers: strays.filter((key) => diary.wrote(key) !== 'rulesguard'),
  };
}
