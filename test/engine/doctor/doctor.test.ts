import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { ALL_ERAS, type Era } from '../../support/lab/eras.ts';
import { labUnavailable } from '../../support/lab/requirement.ts';
import { enginesFor, oneIn, shareOf } from '../../support/incident/share.ts';
import { consult, judgePlant, settleDoctor, type Doctor, type Verdict } from '../../support/doctor/judge.ts';
import { flowNames } from '../../support/doctor/flows.ts';
import type { Plant } from '../../support/doctor/plants/plant.ts';
import { PLANTS } from '../../support/doctor/plants/plants.ts';
import { plantIt, takeOut, unsound } from '../../support/doctor/probes/prove.ts';
import { raiseScene, type Scene } from '../../support/doctor/scene.ts';
import { reportOf, type Row } from '../../support/doctor/table.ts';
import type { HealthyScene } from '../../support/doctor/healthy-scene.ts';
import { HEALTHY_SCENES } from '../../support/doctor/variants.ts';

const RESULTS = path.resolve(import.meta.dirname, '../../../test-results');
/** Proves that the faults are faults and the healthy machines are healthy, and asks nobody about them. */
const plantsOnly = process.env['DOCTOR_PLANTS_ONLY'] === '1';

const rowOf = ({
  name,
  code,
  target = '',
}: Partial<Pick<Plant, 'code' | 'target'>> & { name: string }): Row => ({
  name,
  code: code ?? '',
  target,
  cells: new Map(),
});
const FAULTS = PLANTS.map((plant) => ({ plant, only: plant.only, row: rowOf(plant) }));
const HEALTHY = HEALTHY_SCENES.map((scene) => ({ scene, only: scene.only, row: rowOf(scene) }));

afterAll(() => {
  if (plantsOnly || [...FAULTS, ...HEALTHY].every(({ row }) => row.cells.size === 0)) return;
  for (const { only, row } of [...FAULTS, ...HEALTHY])
    for (const era of ALL_ERAS)
      if (only?.eras.includes(era) === false) row.cells.set(era, `not here: ${only.reason}`);
  const report = reportOf(
    FAULTS.map(({ row }) => row),
    HEALTHY.map(({ row }) => row),
    ALL_ERAS,
  );
  console.log(report);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(path.join(RESULTS, 'doctor.md'), report);
});

const WELL: Verdict = { named: 'hit', falseAlarms: [], passes: 'yes', wrong: [] };

async function judgeScene(doctor: Doctor, { target, unavailable }: HealthyScene): Promise<Verdict> {
  const { diagnosis, wrong } = await consult(
    doctor,
    target === undefined ? {} : { target },
    unavailable ? 3 : 0,
  );
  const causes = diagnosis?.causes ?? [];
  const lines = causes.map(
    ({ code, about, title, evidence }) => `false alarm: ${code} (${about}): ${title}: ${evidence.join('; ')}`,
  );
  return { ...WELL, falseAlarms: causes.map(({ code }) => code), wrong: [...wrong, ...lines] };
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

  test.for(
    oneIn(
      4,
      shareOf(era, FAULTS, ({ only }) => only?.eras),
    ),
  )('$plant.name', async ({ plant, row }, { expect }) => {
    const on = await settle();
    try {
      expect(await plantIt(on.scene, plant), 'what the fault breaks').toEqual([]);
      if (plantsOnly) return;
      const verdict = await judgePlant(on.doctor, on.scene, plant);
      row.cells.set(era, verdict);
      expect(verdict.wrong).toEqual([]);
    } finally {
      expect.soft(await putBack(plant.undo, on.scene), 'what it leaves').toEqual([]);
    }
  });

  test.for(
    oneIn(
      3,
      shareOf(era, HEALTHY, ({ only }) => only?.eras),
    ),
  )('healthy: $scene.name', async ({ scene, row }, { expect }) => {
    const on = await settle();
    const { extra = [], otherwise = [] } = scene;
    try {
      await scene.make(on.scene);
      const except = flowNames([...on.scene.flows, ...extra], otherwise);
      expect(await unsound(on.scene, extra, except), 'what is not healthy').toEqual([]);
      if (plantsOnly) return;
      const verdict = await judgeScene(on.doctor, scene);
      row.cells.set(era, verdict);
      expect(verdict.wrong).toEqual([]);
    } finally {
      expect.soft(await putBack(scene.undo, on.scene), 'what it leaves').toEqual([]);
    }
  });
}

const TITLE = 'doctor names the cause';

// Much of it is waiting, for packets that must not come and for dockerd: the Engines wait at the same time.
for (const era of enginesFor(TITLE)) {
  const reason = labUnavailable(era);
  const name = `${TITLE} · Engine ${era}${reason === undefined ? '' : ` (skipped: ${reason})`}`;
  describe(name, { concurrent: true, skip: reason !== undefined }, () => {
    describe('in turn', { concurrent: false }, () => {
      consultationsOf(era);
    });
  });
}
