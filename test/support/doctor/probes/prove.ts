import { setTimeout as sleep } from 'node:timers/promises';
import type { Flow } from '../flows.ts';
import { brokenNames, type Plant } from '../plants/plant.ts';
import { isAsWanted, flowText, type Scene } from '../scene.ts';

/** How often flows are tried again that should be back: a route or a neighbour takes a moment to be found again. */
const TRIES = 4;

/** Flows that are not as they should be, one line each, after some patience. */
export async function unsound(
  scene: Scene,
  more: readonly Flow[] = [],
  except: ReadonlySet<string> = new Set(),
): Promise<readonly string[]> {
  for (let tries = 1; ; tries++) {
    const measured = await scene.measure(more, except);
    const wrong = measured.filter((one) => !isAsWanted(one) && !except.has(one.flow.name));
    if (wrong.length === 0 || tries === TRIES) return wrong.map(flowText);
    await sleep(300);
  }
}

/** The flows that a plant brings along. */
export const extraOf = (scene: Scene, plant: Plant): readonly Flow[] => plant.extra?.(scene.places) ?? [];

/**
 * Plants a fault and proves that it is one.
 * @returns what is otherwise than the plant says: flows that pass and should not, and flows it broke besides
 */
export async function plantIt(scene: Scene, plant: Plant): Promise<readonly string[]> {
  await plant.plant(scene);
  const extra = extraOf(scene, plant);
  const broken = brokenNames(plant, scene.era, [...scene.flows, ...extra]);
  const measured = await scene.measure(extra, broken);
  return measured.flatMap((one) => {
    const works = isAsWanted(one);
    if (works && broken.has(one.flow.name)) return [`works all the same: ${one.flow.name}`];
    return works || broken.has(one.flow.name) ? [] : [`broken besides: ${flowText(one)}`];
  });
}

/**
 * Takes a fault out.
 * @returns what is not as it was before, rules and links and packets
 */
export async function takeOut(scene: Scene, plant: Pick<Plant, 'undo'>): Promise<readonly string[]> {
  await plant.undo(scene);
  const [strange, wrong] = await Promise.all([scene.strangeness(), unsound(scene)]);
  return [...strange, ...wrong];
}
