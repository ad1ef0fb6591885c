import type { Inventory } from '../../../src/docker/inventory/inventory.ts';
import { simulate } from '../../../src/firewall/iptables/simulate/simulate.ts';
import { EMPTY_RULESET, rulesOf, type HostRules } from '../../../src/firewall/iptables/text/model.ts';
import type { Step, TableInput } from '../../../src/firewall/iptables/text/restore-input.ts';
import type { JournalEntry } from '../../../src/reconcile/journal.ts';

/*
 * One host in the model: its rules of IPv4, what its Engine says, and how far dockerd and a second writer have come with what they do. A value.
 */

export type Actor = 'restore' | 'dockerd' | 'writer';

/** The state of everything but the restore at work. */
export interface World {
  readonly rules: HostRules;
  readonly engine: Inventory;
  /** How many steps dockerd, and the second writer, have made. */
  readonly dockerd: number;
  readonly writer: number;
  /** Whether something dockerd does has failed, for a chain was gone: it takes back what it did. */
  readonly failed: boolean;
  /** What it has found there already, and does not write again. */
  readonly found: ReadonlySet<string>;
  /** Who last wrote, or took out, each rule, by `TABLE TEXT`. */
  readonly authors: ReadonlyMap<string, Actor>;
  readonly journal: ReadonlyMap<string, JournalEntry>;
  /** How far the second writer had come, and what was listed, when a restore last looked. */
  readonly looked: { readonly writer: number; readonly listed: readonly string[] };
}

/** By what a rule of a listed container or network can be known: its address, its bridge. */
export const namesIn = ({ endpoints, networks }: Inventory): readonly string[] => [
  ...endpoints.map(({ ipv4 }) => ipv4),
  ...networks.map(({ bridge }) => bridge),
];

/** What somebody does in one step that nobody can come between. */
export type Act = (world: World) => World;

/** A host on which nothing has happened yet. */
export const quietWorld = (rules: HostRules, engine: Inventory): World => ({
  ...{ rules: { ipv4: rules.ipv4, ipv6: EMPTY_RULESET }, engine, dockerd: 0, writer: 0 },
  ...{ failed: false, found: new Set(), authors: new Map(), journal: new Map() },
  looked: { writer: 0, listed: [] },
});

/** Each rule with how many copies of it there are, by `TABLE TEXT`. */
export function copiesIn(host: HostRules): ReadonlyMap<string, number> {
  const known = COPIES.get(host);
  if (known !== undefined) return known;
  const { ipv4 } = host;
  const copies = new Map<string, number>();
  for (const { name, chains } of ipv4.tables.values())
    for (const { rules } of chains.values())
      for (const { text } of rules) copies.set(`${name} ${text}`, (copies.get(`${name} ${text}`) ?? 0) + 1);
  COPIES.set(host, copies);
  return copies;
}

const COPIES = new WeakMap<HostRules, ReadonlyMap<string, number>>();
const KEYS = new WeakMap<HostRules, string>();

/** The host with other rules, each difference put down to who made it. */
export function changedBy(world: World, actor: Actor, rules: HostRules): World {
  const [before, after] = [copiesIn(world.rules), copiesIn(rules)];
  const authors = new Map(world.authors);
  for (const key of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(key) ?? 0, after.get(key) ?? 0];
    // Who takes one of two copies away has not written the other.
    if (is > was || (is === 0 && was > 0)) authors.set(key, actor);
  }
  return { ...world, rules, authors };
}

/** Gives the kernel one table's steps: all or none. @returns undefined where it refuses */
export function given(world: World, actor: Actor, input: TableInput): World | undefined {
  const { ruleset, refusal } = simulate(world.rules.ipv4, { tables: [input] });
  return refusal === undefined ? changedBy(world, actor, { ...world.rules, ipv4: ruleset }) : undefined;
}

/** One step in one table. */
export const step = (world: World, actor: Actor, table: string, one: Step): World | undefined =>
  given(world, actor, { table, steps: [one] });

/** Whether a rule is there. @param text - `-A CHAIN …` */
export const holds = ({ rules }: World, table: string, text: string): boolean =>
  rulesOf(rules.ipv4, table, text.split(' ')[1] ?? '').some((rule) => rule.text === text);

/** What distinguishes two sets of rules. */
export function keyOfRules({ rules }: World): string {
  const key =
    KEYS.get(rules) ??
    [...rules.ipv4.tables.values()]
      .flatMap(({ name, chains }) =>
        [...chains.values()].flatMap((chain) => [
          `*${name}:${chain.name}`,
          ...chain.rules.map(({ text }) => text),
        ]),
      )
      .join('\n');
  KEYS.set(rules, key);
  return key;
}

/** What distinguishes two replies of its Engine. */
export const keyOfEngine = ({ engine }: World): string =>
  JSON.stringify([
    engine.ports.map(({ hostPort, endpoint }) => [hostPort, endpoint?.ipv4]),
    engine.networks.map(({ name }) => name),
  ]);

/** What distinguishes two hosts. */
export function keyOfWorld(world: World): string {
  const { dockerd, writer, failed, found, authors, journal, looked } = world;
  const entries = [...journal.values()].map(({ outcome, plan }) => [
    outcome,
    ...(outcome === 'begun' ? [plan.families.ipv4] : []),
  ]);
  return [
    ...[keyOfRules(world), keyOfEngine(world)],
    JSON.stringify([dockerd, writer, failed, [...found].sort(), [...authors].sort(), entries, looked]),
  ].join('\n');
}
