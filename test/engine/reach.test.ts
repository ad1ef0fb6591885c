import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { enginesFor, ERAS_HERE, IS_CAMPAIGN, shareOf } from '../support/incident/share.ts';
import { ALL_ERAS, type Era } from '../support/lab/eras.ts';
import { labUnavailable } from '../support/lab/requirement.ts';
import { tryState, type Effort, type StateResult } from '../support/reach/campaign.ts';
import { judge, read, type Reading } from '../support/reach/judge.ts';
import { SAMPLE, campaignStates } from '../support/reach/states/all.ts';
import type { ReachState } from '../support/reach/states/state.ts';
import { reportOf } from '../support/reach/table.ts';
import { raiseReachTown, type ReachTown } from '../support/reach/measured-town.ts';

const RESULTS = path.resolve(import.meta.dirname, '../../test-results');
const SEED = Number(process.env['REACH_SEED'] ?? 1);
const RANDOM = Number(process.env['REACH_RANDOM'] ?? 100);
const ONLY = new RegExp(process.env['REACH_ONLY'] ?? '');
const IS_SHARED = process.env['REACH_SHARED'] === '1';

/** A campaign asks and executes all; a test run asks doctor about one state in four, and executes a remedy of it. */
const effortOf = ({ always }: ReachState, index: number): Effort =>
  IS_CAMPAIGN
    ? { isDoctorAsked: true, remedies: Number(process.env['REACH_REMEDIES'] ?? Infinity) }
    : { isDoctorAsked: always === true || index % 4 === 0, remedies: index % 2 === 0 ? 1 : 0 };

/** Of 100 cells so many may be unknown, and of 100 states so many must change a cell. */
const UNKNOWN_PERCENT = 3;
const CHANGING_PERCENT = 50;

/** In a campaign that is shared, neighbours are tried on every Engine, and each other state that is made by hand on one. */
const isTriedOn = (era: Era, { kind }: ReachState, index: number): boolean =>
  !IS_SHARED ||
  kind === 'neighbours' ||
  kind === 'at random' ||
  index % ERAS_HERE.length === ERAS_HERE.indexOf(era);

/** The states of an Engine: in a campaign each Engine throws dice of its own, and `REACH_ONLY` says which are tried. */
const statesOf = (era: Era): readonly ReachState[] =>
  IS_CAMPAIGN
    ? campaignStates(
        SEED * 10 + ALL_ERAS.indexOf(era),
        RANDOM,
        (state, index) => isTriedOn(era, state, index) && ONLY.test(`${state.kind}: ${state.name}`),
      )
    : shareOf(era, SAMPLE);

const results: StateResult[] = [];

afterAll(() => {
  if (results.length === 0) return;
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(path.join(RESULTS, 'reachability.md'), reportOf(results));
  // Shares of a few states tell nothing.
  if (!IS_CAMPAIGN) return;
  const count = (of: (one: StateResult) => number): number =>
    results.reduce((total, one) => total + of(one), 0);
  const changing = results.filter(({ opened, cut, hidden }) => opened + cut + hidden > 0).length;
  const cells = count((one) => one.cells);
  expect(count(({ unknown }) => unknown)).toBeLessThanOrEqual((cells * UNKNOWN_PERCENT) / 100);
  expect(changing).toBeGreaterThanOrEqual((results.length * CHANGING_PERCENT) / 100);
  expect(count(({ opened }) => opened)).toBeGreaterThan(0);
  expect(count(({ cut }) => cut)).toBeGreaterThan(0);
});

/** All states on one Engine, in order. */
function tryStatesOf(era: Era): void {
  let town: ReachTown | undefined;
  let before: Reading | undefined;

  const leave = async () => {
    await town?.leave();
    town = before = undefined;
  };
  /** The town; a new one where the last could not be put back. */
  const settle = async () => {
    town ??= await raiseReachTown(era);
    before ??= await read(town, [], true);
    return { town, before };
  };

  beforeAll(settle);
  afterAll(leave);

  test('intact: every cell is as Docker means it, by packets', async () => {
    const on = await settle();
    const judged = judge(on.before, on.town);
    expect(judged.length).toBe(on.before.cells.length);
    expect(judged.flatMap(({ refuted }) => refuted ?? [])).toEqual([]);
    expect(judged.filter(({ effect }) => effect !== 'same')).toEqual([]);
  });

  test.for(statesOf(era).map((state, index) => ({ ...state, index })))('$kind: $name', async (state) => {
    const on = await settle();
    try {
      const result = await tryState(on.town, on.before, state, effortOf(state, state.index));
      results.push(result);
      mkdirSync(RESULTS, { recursive: true });
      appendFileSync(
        path.join(RESULTS, 'reachability.jsonl'),
        `${JSON.stringify({ ...result, script: state.script })}\n`,
      );
      expect(result.refuted).toEqual([]);
      expect(result.verdicts.wrong).toEqual([]);
      expect(result.remedies.tried.flatMap(({ wrong }) => wrong)).toEqual([]);
      expect(result.remedies.advice.wrong).toEqual([]);
    } finally {
      const left = await on.town.back();
      if (left !== '') await leave();
    }
  });
}

const TITLE = 'reach against packets';

// Much of it is waiting for packets that must not come: the Engines wait at the same time.
for (const era of enginesFor(TITLE)) {
  const reason = labUnavailable(era);
  const name = `${TITLE} · Engine ${era}${reason === undefined ? '' : ` (skipped: ${reason})`}`;
  describe(name, { concurrent: true, skip: reason !== undefined }, () => {
    describe('in turn', { concurrent: false }, () => {
      tryStatesOf(era);
    });
  });
}
