import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { ALL_ERAS, type Era } from '../support/lab/eras.ts';
import { labUnavailable } from '../support/lab/requirement.ts';
import { consult, judgePlant, settleDoctor, type Doctor, type Verdict } from '../support/doctor/judge.ts';
import { flowNames } from '../support/doctor/flows.ts';
import type { Plant } from '../support/doctor/plant.ts';
import { PLANTS } from '../support/doctor/plants.ts';
import { plantIt, takeOut, unsound } from '../support/doctor/prove.ts';
import { raiseScene, type Scene } from '../support/doctor/scene.ts';
import { reportOf, type Row } from '../support/doctor/table.ts';
import { VARIANTS, type Variant } from '../support/doctor/variants.ts';

const RESULTS = path.resolve(import.meta.dirname, '../../test-results');
/** Proves that the faults are faults and the healthy machines are healthy, and asks nobody about them. */
const plantsOnly = process.env['DOCTOR_PLANTS_ONLY'] === '1';

const rowOf = ({
  name,
  code = '',
  target = '',
}: Partial<Pick<Plant, 'code' | 'target'>> & { name: string }): Row => ({
  name,
  code,
  target,
  cells: new Map(),
});
const faults = PLANTS.map((plant) => rowOf(plant));
const healthy = VARIANTS.map((variant) => rowOf(variant));

afterAll(() => {
  if (plantsOnly || [...faults, ...healthy].every(({ cells }) => cells.size === 0)) return;
  const report = reportOf(faults, healthy, ALL_ERAS);
  console.log(report);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(path.join(RESULTS, 'doctor.md'), report);
});

const WELL: Verdict = { named: 'hit', falseAlarms: [], passes: 'yes', wrong: [] };

async function judgeVariant(doctor: Doctor, { target, untold }: Variant): Promise<Verdict> {
  const { diagnosis, wrong } = await consult(doctor, target === undefined ? {} : { target }, untold ? 3 : 0);
  const causes = diagnosis?.causes ?? [];
  const said = causes.map(
    ({ code, about, title, evidence }) => `false alarm: ${code} (${about}): ${title}: ${evidence.join('; ')}`,
  );
  return { ...WELL, falseAlarms: causes.map(({ code }) => code), wrong: [...wrong, ...said] };
}

/** All faults and all healthy machines on one Engine, in order. */
function consultationsOf(era: Era): void {
  let scene: Scene | undefined;
  let doctor: Doctor | undefined;

  const leave = async () => {
    doctor?.host.dispose();
    await scene?.leave();
    scene = doctor = undefined;
  };
  /** The scene; a new one where the last could not be put back. */
  const settle = async () => {
    scene ??= await raiseScene(era);
    doctor ??= settleDoctor(scene);
    return { scene, doctor };
  };
  /** Puts the scene back, or gives it up: what one fault leaves behind must not be taken for the next. */
  const putBack = async (undo: Plant['undo'], on: Scene) => {
    const left = await takeOut(on, { undo }).catch((error: unknown) => [String(error)]);
    if (left.length > 0) await leave();
    return left;
  };

  beforeAll(settle);
  afterAll(leave);

  test.for(PLANTS.map((plant, index) => ({ plant, row: faults[index] })))(
    '$plant.name',
    async ({ plant, row }, { expect }) => {
      if (plant.only?.eras.includes(era) === false) {
        row?.cells.set(era, `not here: ${plant.only.reason}`);
        return;
      }
      const on = await settle();
      try {
        expect(await plantIt(on.scene, plant), 'what the fault breaks').toEqual([]);
        if (plantsOnly) return;
        const verdict = await judgePlant(on.doctor, on.scene, plant);
        row?.cells.set(era, verdict);
        expect(verdict.wrong).toEqual([]);
      } finally {
        expect.soft(await putBack(plant.undo, on.scene), 'what it leaves').toEqual([]);
      }
    },
  );

  test.for(VARIANTS.map((variant, index) => ({ variant, row: healthy[index] })))(
    'healthy: $variant.name',
    async ({ variant, row }, { expect }) => {
      if (variant.only?.eras.includes(era) === false) {
        row?.cells.set(era, `not here: ${variant.only.reason}`);
        return;
      }
      const on = await settle();
      const { extra = [], otherwise = [] } = variant;
      try {
        await variant.make(on.scene);
        const except = flowNames([...on.scene.flows, ...extra], otherwise);
        expect(await unsound(on.scene, extra, except), 'what is not healthy').toEqual([]);
        if (plantsOnly) return;
        const verdict = await judgeVariant(on.doctor, variant);
        row?.cells.set(era, verdict);
        expect(verdict.wrong).toEqual([]);
      } finally {
        expect.soft(await putBack(variant.undo, on.scene), 'what it leaves').toEqual([]);
      }
    },
  );
}

// Much of it is waiting, for packets that must not come and for dockerd: the Engines wait at the same time.
for (const era of ALL_ERAS) {
  const reason = labUnavailable(era);
  const name = `doctor · Engine ${era}${reason === undefined ? '' : ` (skipped: ${reason})`}`;
  describe(name, { concurrent: true, skip: reason !== undefined }, () => {
    describe('in turn', { concurrent: false }, () => {
      consultationsOf(era);
    });
  });
}
