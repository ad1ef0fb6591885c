import { ownLines, sorted } from '../incident/judge.ts';
import {
  difference,
  forwardPolicies,
  isRule,
  keyOf,
  linesOf,
  savesOf,
  toolOf,
  type Line,
  type Saves,
} from '../incident/rules.ts';
import { told } from '../host.ts';
import { must } from '../lab/run.ts';
import { LATECOMER, placesOf } from './city.ts';
import { glance, isReached, measureAgain, type Answers } from './packets.ts';
import { pairsOf, type Pair } from './pairs.ts';
import { NO_HALF_REPAIR, type Chapter, type HalfRepair } from './scenes.ts';
import { load, type City, type Stage } from './stage.ts';
import type { Damage } from '../incident/damages.ts';

export const SOURCES = ['baseline', 'engine', 'both'] as const;
export type Source = (typeof SOURCES)[number];

/** A city whose rules were hurt and perhaps half repaired by Docker, and what it must be again. */
export interface Hurt {
  readonly stage: Stage;
  readonly saves: Saves;
  /** Docker's rules as they would stand had nobody touched them. */
  readonly dockers: readonly Line[];
  /** Rules that the baseline has never seen and that are lost. */
  readonly unseen: readonly Line[];
  readonly unseenContainers: readonly string[];
  readonly pairs: readonly Pair[];
  readonly known: Answers;
  /** How many of Docker's rules the damage took. */
  readonly lost: number;
  /** How many pairs answered differently after it; counted before the first half-repair only. */
  readonly broken: number | undefined;
}

/** What a cell came to. */
export interface Verdict {
  /** All that is not as it was; empty when the cell holds. */
  readonly wrong: readonly string[];
  /** What the source cannot know and was put back by hand. */
  readonly byHand: readonly string[];
  /** Rules that stayed out because the baseline has never seen them. */
  readonly unseen: number;
  readonly passed: number;
  readonly dropped: number;
}

const differing = (pairs: readonly Pair[], known: Answers, now: Answers) =>
  pairs.filter(({ name }) => known.get(name) !== now.get(name));

async function brokenPairs({ engine }: City, stage: Stage): Promise<number> {
  const seen = await glance(engine, stage.pairs);
  return differing(stage.pairs, stage.known, seen).length;
}

/** Does the damage to the city of `stage`, lets Docker half repair it, and notes how things stand. */
export async function hurt(
  city: City,
  chapter: Chapter,
  stage: Stage,
  damage: Damage,
  half: HalfRepair,
): Promise<Hurt> {
  const { engine } = city;
  await load(engine, stage.town.golden);
  await damage.run(stage.town);
  const damaged = linesOf(await savesOf(engine));
  const lost = difference(stage.town.dockers, damaged).length;
  const broken = half === NO_HALF_REPAIR ? await brokenPairs(city, stage) : undefined;
  await half.run(city);
  const saves = await savesOf(engine);
  const arrival = half.brings === undefined ? undefined : city.arrivals[half.brings];
  const news = [
    { containers: chapter.unseen, rules: stage.unseen },
    { containers: [LATECOMER.name], rules: arrival?.rules ?? [] },
  ].map(({ containers, rules }) => ({ containers, rules: difference(rules, linesOf(saves)) }));
  return {
    stage,
    saves,
    dockers: [...stage.town.dockers, ...(arrival?.rules ?? [])],
    unseen: news.flatMap(({ rules }) => rules),
    unseenContainers: news.flatMap(({ containers, rules }) => (rules.length === 0 ? [] : containers)),
    pairs: pairsOf(await placesOf(engine)),
    known: new Map([...stage.known, ...(arrival?.known ?? [])]),
    lost,
    broken,
  };
}

const isContent = (line: Line) => line.chain === 'DOCKER-USER' && isRule(line);

/** What only a baseline knows: FORWARD's policy and the user's rules in DOCKER-USER. */
async function putBackByHand(city: City, { stage }: Hurt): Promise<readonly string[]> {
  const { golden } = stage.town;
  const now = await savesOf(city.engine);
  const byHand: string[] = [];
  for (const policy of forwardPolicies(golden).filter((line) => !forwardPolicies(now).includes(line))) {
    const [family, verdict] = policy.split(' ') as ['ipv4' | 'ipv6', string];
    await must(city.engine.execInside, toolOf(family), ['-P', 'FORWARD', verdict]);
    byHand.push('policy');
  }
  const content = difference(city.neighbours.filter(isContent), linesOf(now));
  for (const { family, table, text } of content.toReversed()) {
    const input = `*${table}\n${text.replace('-A', '-I')}\nCOMMIT\n`;
    await must(city.engine.execInside, toolOf(family, '-restore'), ['--noflush'], { input });
    byHand.push('DOCKER-USER');
  }
  return [...new Set(byHand)];
}

/** The rules that must stand: Docker's, and everyone else's as the damage left them. */
function rulesWanted(city: City, state: Hurt, source: Source): readonly Line[] {
  const { dockers, unseen } = state;
  const dockersKeys = new Set(dockers.map(keyOf));
  const others = ownLines(state.saves).filter((line) => !dockersKeys.has(keyOf(line)) && !isContent(line));
  const content = city.neighbours.filter(isContent);
  return [...(source === 'baseline' ? difference(dockers, unseen) : dockers), ...others, ...content];
}

function wrongRules(wanted: readonly Line[], city: City, state: Hurt, now: Saves): readonly string[] {
  const there = ownLines(now);
  const [policiesWere, policies] = [forwardPolicies(state.stage.town.golden), forwardPolicies(now)];
  const foreign = new Set(city.neighbours.map(keyOf));
  const order = (saves: Saves) =>
    ownLines(saves)
      .filter((line) => foreign.has(keyOf(line)) && !isContent(line))
      .map(keyOf)
      .join('\n');
  return [
    ...sorted(difference(wanted, there)).map((line) => `lacking: ${line}`),
    ...sorted(difference(there, wanted)).map((line) => `too much: ${line}`),
    ...policies.filter((policy) => !policiesWere.includes(policy)).map((policy) => `FORWARD is ${policy}`),
    ...(order(now) === order(state.saves) ? [] : ["others' rules stand in another order"]),
  ];
}

/** Whether an answer comes from a container that was not asked: a stale translation leads there. */
function isAstray({ about, from }: Pair, answer: string | undefined): boolean {
  const [, who] = /^(\S+) saw /.exec(answer ?? '') ?? [];
  return who !== undefined && who !== from && !about.includes(who);
}

function wrongPackets({ pairs, known }: Hurt, skipped: ReadonlySet<string>, now: Answers): readonly string[] {
  return differing(pairs, known, now)
    .filter(({ name }) => !skipped.has(name))
    .map(({ name }) => `${name}: was "${known.get(name) ?? ''}", is "${now.get(name) ?? ''}"`);
}

/** Repairs a hurt city from one source, and judges everything that a user would notice. */
export async function judgeCell(city: City, state: Hurt, source: Source): Promise<Verdict> {
  const { engine } = city;
  await load(engine, state.saves);
  const host = source === 'engine' ? city.bare : city.host;
  const words = ['restore', '--source', source, ...(source === 'engine' ? [] : ['--policies'])];
  const restored = await host.attempt(words);
  const byHand = source === 'engine' ? await putBackByHand(city, state) : [];
  const now = await savesOf(engine);
  const again = ['check', '--source', source];
  const [answers, checked] = await Promise.all([
    measureAgain(engine, state.pairs, state.known),
    host.attempt(again),
  ]);

  const unseen = source === 'baseline' ? state.unseen.length : 0;
  const aside = state.pairs.filter(({ about }) =>
    about.some((name) => state.unseenContainers.includes(name)),
  );
  const skipped = new Set(unseen === 0 ? [] : aside.map(({ name }) => name));
  const judged = state.pairs.filter(({ name }) => !skipped.has(name));
  const passed = judged.filter(({ name }) => isReached(state.known.get(name))).length;
  return {
    wrong: [
      ...(restored.code === 0 ? [] : [told(words, restored)]),
      ...wrongRules(rulesWanted(city, state, source), city, state, now),
      ...wrongPackets(state, skipped, answers),
      ...aside
        .filter((pair) => isAstray(pair, answers.get(pair.name)))
        .map(({ name }) => `${name}: leads astray, "${answers.get(name) ?? ''}"`),
      ...(checked.code === 0 ? [] : [told(again, checked)]),
    ],
    byHand,
    unseen,
    passed,
    dropped: judged.length - passed,
  };
}
