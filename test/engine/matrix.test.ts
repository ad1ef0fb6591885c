import { SOURCES } from '../../src/reconcile/reference.ts';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALL_ERAS, type Era } from '../support/lab/eras.ts';
import { labUnavailable } from '../support/lab/requirement.ts';
import { enginesFor, oneIn, shareOf } from '../support/incident/share.ts';
import { hurt, judgeCell, type Hurt } from '../support/matrix/cell.ts';
import { SOUND } from '../support/matrix/pairs.ts';
import { NO_HALF_REPAIR, chaptersOf } from '../support/matrix/scenes.ts';
import { settleCity, survey, type City, type Stage } from '../support/matrix/stage.ts';
import { countLine, tableOf, type Row } from '../support/matrix/table.ts';

const RESULTS = path.resolve(import.meta.dirname, '../../test-results');
const seed = Number(process.env['MATRIX_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const tables = new Map<Era, string>();
const allRows: Row[] = [];

afterAll(() => {
  if (allRows.length === 0) return;
  const total = `All Engines: ${countLine(allRows)}. Seed ${String(seed)} (MATRIX_SEED).`;
  console.log(total);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(
    path.join(RESULTS, 'matrix.md'),
    `${[...ALL_ERAS].map((era) => tables.get(era) ?? '').join('\n')}\n${total}\n`,
  );
});

/** All of the matrix on one Engine, in order. */
function matrixOf(era: Era): void {
  const rows: Row[] = [];
  const deleted: string[] = [];
  let city: City;

  beforeAll(async () => {
    city = await settleCity(era);
  });
  afterAll(async () => {
    allRows.push(...rows);
    const random = deleted.map((rule) => `- \`${rule}\``);
    const table = [tableOf(`Engine ${era}`, rows), 'Deleted at random:', '', ...random, ''];
    tables.set(era, table.join('\n'));
    console.log(table.join('\n'));
    await city.leave();
  });

  for (const chapter of chaptersOf(seed + ALL_ERAS.indexOf(era), (rule) => deleted.push(rule)))
    describe(chapter.name, { concurrent: false }, () => {
      let stage: Stage;

      beforeAll(async () => {
        await chapter.enter(city);
        stage = await survey(city);
      });

      test('packets pass and are stopped before the damage', () => {
        expect(Object.fromEntries(stage.known)).toMatchObject(SOUND);
      });

      const scenes = chapter.scenes.flatMap(({ damage, halfRepairs }) =>
        [NO_HALF_REPAIR, ...halfRepairs].map((half) => ({ damage, half })),
      );
      for (const { damage, half } of oneIn(6, shareOf(era, scenes))) {
        const row: Row = { damage: `${chapter.name}: ${damage.name}`, half: half.name, cells: {} };
        rows.push(row);

        describe(`${damage.name}; ${half.name}`, () => {
          let state: Hurt;

          beforeAll(async () => {
            state = await hurt(city, chapter, stage, damage, half);
            row.hurt = state;
            expect(state.lost).toBeGreaterThan(0);
          });
          afterAll(async () => {
            await half.undo(city);
            await stage.town.reset();
          });

          test.each(SOURCES)('--source %s', async (source) => {
            const verdict = await judgeCell(city, state, source);
            row.cells[source] = verdict;
            expect(verdict.wrong).toEqual([]);
          });
        });
      }
    });
}

const TITLE = 'matrix';

// Most of a cell is waiting, for packets that must not come and for dockerd: the Engines wait at the same time.
for (const era of enginesFor(TITLE)) {
  const reason = labUnavailable(era);
  const name = `${TITLE} · Engine ${era}${reason === undefined ? '' : ` (skipped: ${reason})`}`;
  describe(name, { concurrent: true, skip: reason !== undefined }, () => {
    matrixOf(era);
  });
}
