import { afterAll, beforeAll, expect, test } from 'vitest';
import { runningAddresses, startedSince, unreachable } from '../../support/busy/churn.ts';
import { judge, rewritten, untilQuiet } from '../../support/busy/judge.ts';
import { assault, laySiege, type Siege } from '../../support/busy/siege.ts';
import { summary } from '../../support/busy/tally.ts';
import { describeEngines } from '../../support/incident/eras.ts';
import { savesOf } from '../../support/incident/rules.ts';
import { ERAS_HERE } from '../../support/incident/share.ts';

/** Damages over all Engines. `RULESGUARD_BUSY=1000` takes the better part of an hour (docs/evidence/busy-engine.md). */
const DAMAGES = Math.ceil(Number(process.env['RULESGUARD_BUSY'] ?? 12) / Math.max(1, ERAS_HERE.length));
const AT_A_TIME = 4;
/** A restore beside a flusher takes twenty seconds, until it leaves the rest to it: a sample has two of these. */
const MOST_BESIDE_A_FLUSHER = process.env['RULESGUARD_BUSY'] === undefined ? 2 : AT_A_TIME;
const SEED = Number(process.env['RULESGUARD_BUSY_SEED'] ?? Date.now() % 2 ** 32);

const NOTHING_LOST = { lost: [], doubled: [], stale: [] };

interface Report {
  readonly findings: readonly {
    readonly kind: string;
    readonly damage: boolean;
    readonly family: string;
    readonly table: string;
    readonly chain: string;
    readonly rule?: string;
  }[];
}

/** A rule of one address: of an endpoint, or a port of it. */
const ENDPOINT = /--to-destination |-[sd] \S+\/(?:32|128) /;

/** Whether a rule is about one of these addresses. */
const isAbout = (rule: string, addresses: readonly string[]): boolean =>
  addresses.some((address) => rule.split(/[\s/[\]]|:\d+$/).includes(address));

/**
 * Damage found at the end, without what no earlier restore could know of or was asked to repair.
 *
 * @param late - addresses of containers that started after the last restore had read the rules
 */
async function unforeseen({ host, diary }: Siege, late: readonly string[]): Promise<readonly string[]> {
  const { stdout } = await host.attempt(['check', '--json']);
  const { findings } = JSON.parse(stdout) as Report;
  return findings
    .filter(({ damage, kind, family, table, rule = '' }) => {
      // A restore with --source engine restores no policy.
      if (!damage || kind === 'policy' || (kind === 'missing' && isAbout(rule, late))) return false;
      // A leftover of a save that was loaded again, until a new container got its address.
      return kind !== 'diverted' || diary.wrote(`${family} ${table} ${rule}`) !== 'the damage';
    })
    .map(({ kind, family, table, chain, rule = '' }) => `${kind} ${family} ${table} ${chain} ${rule}`);
}

describeEngines('random damage while dockerd starts and stops containers', (era) => {
  let siege: Siege;

  beforeAll(async () => {
    siege = await laySiege(era, SEED);
  });
  afterAll(async () => {
    console.info(`busy, Engine ${era}, seed ${String(SEED)}: ${summary(siege)}`);
    await siege.leave();
  });

  for (let first = 1; first <= DAMAGES; first += AT_A_TIME) {
    const last = Math.min(DAMAGES, first + AT_A_TIME - 1);
    const isHostile = ((first - 1) / AT_A_TIME) % 2 === (SEED + ERAS_HERE.indexOf(era)) % 2;
    test(`no rule is lost, doubled or stale at the end: damages ${String(first)} to ${String(last)}${isHostile ? ', beside a flusher' : ''}`, async () => {
      const { engine, host, diary, tally, saves } = siege;
      const before = tally.failures.length;
      const damages = last - first + 1;
      await assault(siege, isHostile ? Math.min(damages, MOST_BESIDE_A_FLUSHER) : damages, isHostile);
      const left = await untilQuiet(engine);
      const late = await startedSince(engine, tally.lastRestore);
      expect(tally.failures.slice(before)).toEqual([]);
      expect((await unforeseen(siege, late)).filter((finding) => !finding.startsWith('diverted'))).toEqual(
        [],
      );

      await host.run(['restore', '--policies']);
      await host.run(['check']);
      diary.readJournal();
      const repaired = await savesOf(engine);
      expect(await unreachable(engine)).toEqual([]);

      const running = await runningAddresses(engine);
      const truth = await rewritten(engine, saves[0]);
      const verdict = judge(left, truth, diary);
      tally.leftovers += verdict.leftovers.length;
      const isServed = (rule: string): boolean => !ENDPOINT.test(rule) || isAbout(rule, running);
      const lost = verdict.lost.filter((rule) => isServed(rule) && !isAbout(rule, late));
      expect({ ...verdict, lost }).toMatchObject(NOTHING_LOST);
      const again = judge(repaired, truth, diary);
      expect({ ...again, lost: again.lost.filter(isServed) }).toMatchObject(NOTHING_LOST);
    });
  }
});
