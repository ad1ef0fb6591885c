import {
  difference,
  forwardPolicies,
  isBuiltinChain,
  keyOf,
  linesOf,
  type Saves,
} from '../incident/rules.ts';
import { ownLines } from '../incident/judge.ts';
import { glance, isReached, type Answers } from '../matrix/packets.ts';
import type { Outcome } from '../program.ts';
import type { Change } from './managers.ts';
import { settled, type Rest, type Site } from './site.ts';

/** What a change did, without us. */
export interface Deed {
  readonly outcome: Outcome;
  readonly saves: Saves;
  /** Docker's rules and chains that are gone, and rules of DOCKER-USER. */
  readonly lost: number;
  /** `ipv4 DROP → ACCEPT`, where FORWARD's policy is another one now. */
  readonly policies: readonly string[];
  /** Ways that answer differently now: packets that no longer pass, pass with another sender, or pass and must not. */
  readonly broken: readonly string[];
  /** Of those: which pass although Docker stopped them. */
  readonly open: readonly string[];
}

/**
 * Rules as they can be compared: chain by chain in order, without counters. A built-in chain that accepts and is empty
 * is as good as none, and where a chain stands among others means nothing.
 */
export function rulesOf(saves: Saves): readonly string[] {
  const told = linesOf(saves).filter((line) => !(isBuiltinChain(line) && line.text.endsWith(' ACCEPT')));
  const place = ({ family, table, chain }: (typeof told)[number]) => `${family} ${table} ${chain}`;
  return told
    .map((line, index) => ({ key: keyOf(line), place: place(line), index }))
    .sort((a, b) => (a.place === b.place ? a.index - b.index : a.place < b.place ? -1 : 1))
    .map(({ key }) => key);
}

/** FORWARD's policies that are others now, as `ipv4 DROP → ACCEPT`. */
export const policiesChanged = (before: Saves, after: Saves) => {
  const now = forwardPolicies(after);
  return forwardPolicies(before).flatMap((policy, index) =>
    policy === now[index] ? [] : [`${policy} → ${now[index]?.split(' ')[1] ?? ''}`],
  );
};

/** The ways that answer differently, with both answers. */
export const differing = ({ pairs }: Site, known: Answers, now: Answers): readonly string[] =>
  pairs
    .filter(({ name }) => known.get(name) !== now.get(name))
    .map(({ name }) => `${name}: was "${known.get(name) ?? ''}", is "${now.get(name) ?? ''}"`);

/** Runs a change as it stands, and looks what it does to Docker. */
export async function perform(
  site: Site,
  rest: Rest,
  { typed, until = 'true', isNotified }: Change,
): Promise<Deed> {
  await rest.again();
  const outcome = await site.typed(typed);
  await site.mustType(until);
  const saves = await settled(site.engine, isNotified);
  const answers = await glance(site.engine, site.pairs);
  const broken = differing(site, rest.known, answers);
  return {
    outcome,
    saves,
    lost: difference(site.dockers, ownLines(saves)).length,
    policies: policiesChanged(rest.saves, saves),
    broken,
    open: site.pairs
      .map(({ name }) => name)
      .filter((name) => isReached(answers.get(name)) && !isReached(rest.known.get(name))),
  };
}
