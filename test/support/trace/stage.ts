import type { NetworkState } from '../../../src/trace/network-state.ts';
import type { Path } from '../../../src/trace/path.ts';
import { traceAnswer, tracePath } from '../../../src/trace/trace.ts';
import { VARIANTS } from '../kernel.ts';
import { tool } from '../netns.ts';
import type { Sighting } from './agent.ts';
import type { Dice } from './dice.ts';
import { explain, judge, type Verdict } from './judge.ts';
import { answerTo, entryOf, orderOf, throwShot, type Shot } from './packets.ts';
import { readNetworkState } from './read-network-state.ts';
import { SETS, type Scene } from './rulesets.ts';
import type { Town } from './town.ts';

/** How the answers of one scene were. */
export interface Tally {
  readonly counts: Readonly<Record<Verdict, number>>;
  /** How many paths end in which way. */
  readonly ends: Readonly<Record<string, number>>;
  readonly wrong: readonly string[];
  /** Reasons of the unknown answers. */
  readonly whys: readonly string[];
}

const QUIET = 60;

/** Numbers of answers begin here, above those of all first packets. */
const ANSWERS = 1_000_000;

/** Loads a scene into the host, emptying what was there. */
async function load(town: Town, { name, family, rules, natives, sysctls }: Scene): Promise<void> {
  const tools = VARIANTS.map((variant) => tool(family, variant));
  const clear = tools.flatMap((program) => [
    ...['raw', 'mangle', 'nat', 'filter', 'security'].map(
      (table) => `${program} -t ${table} -F; ${program} -t ${table} -X`,
    ),
    ...['INPUT', 'FORWARD', 'OUTPUT'].map((chain) => `${program} -P ${chain} ACCEPT`),
  ]);
  const script = [
    'nft flush ruleset 2>/dev/null',
    ...clear,
    'ipset flush',
    'ipset restore -exist',
    'cd /proc/sys/net',
    // Not every kernel has all of them.
    ...Object.entries(sysctls).map(([setting, value]) => `! [ -e ${setting} ] || echo ${value} > ${setting}`),
  ];
  const { stderr } = await town.host.exec('sh', ['-c', script.join('\n')], { input: SETS });
  if (stderr !== '' && !stderr.includes('warning')) throw new Error(stderr);
  for (const variant of VARIANTS) {
    const text = rules[variant];
    if (text === undefined) continue;
    const { code, stderr: refusal } = await town.host.restore(family, variant, text);
    if (code !== 0) throw new Error(`${name}: ${refusal}\n${text}`);
  }
  if (natives === undefined) return;
  const { code, stderr: refusal } = await town.host.exec('nft', ['-f', '-'], { input: natives });
  if (code !== 0) throw new Error(`${name}: ${refusal}\n${natives}`);
}

/** Sends shots and gathers who saw what, by the number of the packet. */
async function shoot(
  town: Town,
  shots: readonly Shot[],
  quiet: number,
): Promise<ReadonlyMap<number, readonly Sighting[]>> {
  for (const shot of shots) town.agents[shot.from].say(orderOf(shot));
  // A sender's drain ends only once it has sent: the others listen on until then.
  const agents = Object.values(town.agents);
  const early = await Promise.all(agents.map((agent) => agent.drain(quiet)));
  const late = await Promise.all(agents.map((agent) => agent.drain(quiet / 2)));
  const seen = new Map<number, Sighting[]>();
  for (const sighting of [...early, ...late].flat())
    seen.set(sighting.id, [...(seen.get(sighting.id) ?? []), sighting]);
  return seen;
}

/** What to play: a scene, and how many packets from which number on. */
export interface Play {
  readonly scene: Scene;
  readonly dice: Dice;
  readonly count: number;
  readonly firstId: number;
  /** Milliseconds without an arrival after which nothing more is waited for. */
  readonly quiet?: number;
  /** What is sent; thrown by the dice where absent. */
  readonly shots?: readonly Shot[];
}

/** Loads a scene, and plays it. */
export async function play(town: Town, played: Play): Promise<Tally> {
  await load(town, played.scene);
  return playLoaded(town, played, await readNetworkState(town.host));
}

/** Sends packets through a scene, has those answered that arrive, and compares every one with what the trace says of it. */
export async function playLoaded(
  town: Town,
  { scene, dice, count, firstId, quiet = QUIET, shots: chosen }: Play,
  netState: NetworkState,
): Promise<Tally> {
  const counts: Record<Verdict, number> = { right: 0, unknown: 0, nobody: 0, wrong: 0 };
  const ends: Record<string, number> = {};
  const wrong: string[] = [];
  const whys: string[] = [];
  const record = (path: Path, sightings: readonly Sighting[], first?: Path): Verdict => {
    const verdict = judge(path, sightings);
    counts[verdict]++;
    ends[path.end.at] = (ends[path.end.at] ?? 0) + 1;
    if (verdict === 'wrong')
      wrong.push(`${scene.name} ${JSON.stringify(scene.sysctls)}\n${explain(path, sightings)}`);
    if (verdict === 'wrong' && first !== undefined) wrong.push(`  which answers\n${explain(first, [])}`);
    if (path.end.at === 'unknown') whys.push(path.end.why);
    return verdict;
  };
  const shots = chosen ?? Array.from({ length: count }, (_, i) => throwShot(dice, firstId + i, scene));
  const seen = await shoot(town, shots, quiet);
  const answers: { shot: Shot; path: Path; first: Path }[] = [];
  for (const shot of shots) {
    const path = tracePath(shot.packet, netState, { neighbours: 'known' });
    const verdict = record(path, seen.get(shot.id) ?? []);
    const answer = verdict === 'right' ? answerTo(path, shot.id + ANSWERS, shot.number) : undefined;
    if (answer === undefined) continue;
    const { inInterface, inPort } = entryOf(answer.from, answer.device);
    const back = traceAnswer(path, netState, inInterface, inPort);
    answers.push({ shot: { ...answer, packet: back.packet }, path: back, first: path });
  }
  const heard = await shoot(
    town,
    answers.map(({ shot }) => shot),
    quiet,
  );
  for (const { shot, path, first } of answers) record(path, heard.get(shot.id) ?? [], first);
  return { counts, ends, wrong, whys };
}
