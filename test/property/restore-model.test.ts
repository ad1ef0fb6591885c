import { describe, expect, test } from 'vitest';
import { dice } from '../support/busy/dice.ts';
import { explore, wander } from '../support/model/explore.ts';
import { soundAtTheEnd } from '../support/model/judge.ts';
import { allScenarios } from '../support/model/scenarios.ts';

/*
 * A restore beside dockerd and a second writer (docs/evidence/restore-model.md): the shipped loop, on a host in memory on which their steps come in
 * every order. A test run explores small combinations whole and plays some orders of all; `RULESGUARD_CAMPAIGN=1` explores more of them whole and plays
 * 100,000 restores that are killed.
 */
const IS_CAMPAIGN = process.env['RULESGUARD_CAMPAIGN'] === '1';
const SEED = Number(process.env['RULESGUARD_MODEL_SEED'] ?? Date.now() % 2 ** 32);
const PLAYED = IS_CAMPAIGN ? 100_000 : 300;

const ALL = allScenarios(['28.5.2', '26.1.5']);
const SMALL =
  /: (?:nat is lost|nothing is lost), (?:nothing happens, (?:nobody writes|nat is flushed|rules are doubled)|a container stops, nobody writes)$/;
const WHOLE = ALL.filter(({ name }) => IS_CAMPAIGN || (name.startsWith('Engine 28.5') && SMALL.test(name)));

/** More than any restore took; what never came to its end would be past it. */
const MOST_ROUNDS = 12;
const LONG = IS_CAMPAIGN ? 24 * 3_600_000 : undefined;

describe('a restore beside dockerd and a second writer', () => {
  test.each(WHOLE.map((scenario) => [scenario.name, scenario] as const))(
    'ends well in every order, and after a kill at any instant: %s',
    async (name, scenario) => {
      const { faults, rounds, ...counts } = await explore(scenario, soundAtTheEnd, { kills: 1 });
      if (IS_CAMPAIGN) console.info(`model: ${name}: ${JSON.stringify({ ...counts, rounds })}`);
      expect(faults).toEqual([]);
      expect(rounds).toBeLessThan(MOST_ROUNDS);
    },
    LONG,
  );

  test(
    `ends well in ${String(PLAYED)} orders out of all, most with a kill at some instant`,
    async () => {
      const chance = dice(SEED);
      let [steps, kills] = [0, 0];
      for (let played = 0; IS_CAMPAIGN ? kills < PLAYED : played < PLAYED; played++) {
        const scenario = chance.pick(ALL);
        if (scenario === undefined) continue;
        const one = await wander(scenario, soundAtTheEnd, chance, 2);
        expect({ name: scenario.name, seed: SEED, played, faults: one.faults }).toMatchObject({ faults: [] });
        steps += one.steps;
        kills += one.kills;
        if (IS_CAMPAIGN && played % 1_000 === 0)
          console.info(
            `model: seed ${String(SEED)}: ${String(played)} played, ${String(kills)} kills, ${String(steps)} steps`,
          );
      }
    },
    LONG,
  );
});
