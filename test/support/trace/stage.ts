import { tracePath } from '../../../src/trace/trace.ts';
import type { Backend } from '../netns.ts';
import type { Sighting } from './agent.ts';
import type { Dice } from './dice.ts';
import { explain, judge, type Verdict } from './judge.ts';
import { orderOf, throwShot, type Shot } from './packets.ts';
import { readTerrain } from './read-terrain.ts';
import { SETS, type Scene } from './rulesets.ts';
import type { Town } from './town.ts';

/** How the answers of one scene were. */
export interface Tally {
  readonly counts: Readonly<Record<Verdict, number>>;
  readonly wrong: readonly string[];
  /** Reasons of the unknown answers. */
  readonly whys: readonly string[];
}

const QUIET = 60;

/** Loads a scene into the host, emptying what was there. */
export async function load(town: Town, backends: readonly Backend[], scene: Scene): Promise<void> {
  const clear = ['nft', 'legacy'].flatMap((backend) =>
    ['raw', 'mangle', 'nat', 'filter'].map(
      (table) => `iptables-${backend} -t ${table} -F; iptables-${backend} -t ${table} -X`,
    ),
  );
  const policies = ['nft', 'legacy'].flatMap((backend) =>
    ['INPUT', 'FORWARD', 'OUTPUT'].map((chain) => `iptables-${backend} -P ${chain} ACCEPT`),
  );
  const sysctls = Object.entries(scene.sysctls).map(
    ([name, value]) => `echo ${value} > /proc/sys/net/${name}`,
  );
  const script = [
    'nft flush ruleset 2>/dev/null',
    ...clear,
    ...policies,
    'ipset flush',
    'ipset restore -exist',
    ...sysctls,
  ];
  const { stderr } = await town.host.exec('sh', ['-c', script.join('\n')], { input: SETS });
  if (stderr !== '' && !stderr.includes('warning')) throw new Error(stderr);
  for (const backend of backends) {
    const { code, stderr: refusal } = await town.host.restore('ipv4', backend, scene.rules);
    if (code !== 0) throw new Error(`${scene.name}: ${refusal}\n${scene.rules}`);
  }
}

/** Sends shots and gathers who saw what, by the number of the packet. */
export async function shoot(
  town: Town,
  shots: readonly Shot[],
): Promise<ReadonlyMap<number, readonly Sighting[]>> {
  for (const shot of shots) town.agents[shot.from].say(orderOf(shot));
  // A sender's drain ends only once it has sent: the others listen on until then.
  const agents = Object.values(town.agents);
  const early = await Promise.all(agents.map((agent) => agent.drain(QUIET)));
  const late = await Promise.all(agents.map((agent) => agent.drain(QUIET / 2)));
  const seen = new Map<number, Sighting[]>();
  for (const sighting of [...early, ...late].flat())
    seen.set(sighting.id, [...(seen.get(sighting.id) ?? []), sighting]);
  return seen;
}

/** Sends packets through a scene and compares every one with what the trace says of it. */
export async function play(
  town: Town,
  {
    backends,
    scene,
    dice,
    count,
    firstId,
  }: { backends: readonly Backend[]; scene: Scene; dice: Dice; count: number; firstId: number },
): Promise<Tally> {
  await load(town, backends, scene);
  const terrain = await readTerrain(town.host);
  const shots = Array.from({ length: count }, (_, i) => throwShot(dice, firstId + i, scene));
  const seen = await shoot(town, shots);
  const counts: Record<Verdict, number> = { right: 0, unknown: 0, nobody: 0, wrong: 0 };
  const wrong: string[] = [];
  const whys: string[] = [];
  for (const shot of shots) {
    const path = tracePath(shot.packet, terrain);
    const sightings = seen.get(shot.id) ?? [];
    const verdict = judge(path, sightings);
    counts[verdict]++;
    if (verdict === 'wrong') wrong.push(`${scene.name}\n${explain(path, sightings)}`);
    if (path.end.at === 'unknown') whys.push(path.end.why);
  }
  return { counts, wrong, whys };
}
