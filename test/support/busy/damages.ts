import {
  FAMILIES,
  isBuiltinChain,
  isRule,
  keyOf,
  linesOf,
  savesOf,
  toolOf,
  type Line,
  type Saves,
} from '../incident/rules.ts';
import type { Engine } from '../lab/engine.ts';
import type { Family } from '../netns.ts';
import type { Dice } from './dice.ts';

/** What a damage is done to, and with. */
export interface Victim {
  readonly engine: Engine;
  readonly dice: Dice;
  /** Saves of earlier, any of which somebody may load again. */
  readonly saves: readonly Saves[];
}

/** What somebody did to the rules. */
export interface Done {
  readonly what: string;
  /** Keys of the rules it wrote itself, none of which Docker or rulesguard answers for. */
  readonly wrote: readonly string[];
}

/** Undefined when it did not take: dockerd changed the rule in question a moment before. */
type Damage = (victim: Victim) => Promise<Done | undefined>;

const done = (what: string, wrote: readonly Line[] = []): Done => ({ what, wrote: wrote.map(keyOf) });

async function command({ engine }: Victim, line: string): Promise<boolean> {
  const [file = '', ...args] = line.split(' ');
  return (await engine.execInside(file, args)).code === 0;
}

/** Gives one table's lines to restore, all or none. */
async function edit(
  { engine }: Victim,
  family: Family,
  table: string,
  lines: readonly string[],
): Promise<boolean> {
  const input = [`*${table}`, ...lines, 'COMMIT', ''].join('\n');
  return (await engine.execInside(toolOf(family, '-restore'), ['--noflush'], { input })).code === 0;
}

/** The rules of some chain that has any, as a save of just now shows it. */
async function someChain({ engine, dice }: Victim): Promise<readonly Line[]> {
  const rules = linesOf(await savesOf(engine)).filter(isRule);
  const placeOf = ({ family, table, chain }: Line): string => `${family} ${table} ${chain}`;
  const place = dice.pick([...new Set(rules.map(placeOf))]);
  return rules.filter((rule) => placeOf(rule) === place);
}

const asDelete = ({ text }: Line): string => text.replace(/^-A/, '-D');
const asInsert = ({ text, chain }: Line, position: number): string =>
  text.replace(/^-A \S+/, `-I ${chain} ${String(position)}`);

const flushTable: Damage = async (victim) => {
  const family = victim.dice.pick(FAMILIES) ?? 'ipv4';
  const table = victim.dice.pick(['nat', 'nat', 'filter', 'filter', 'raw']);
  const line = `${toolOf(family)} -t ${table} -F`;
  return (await command(victim, line)) ? done(line) : undefined;
};

const flushChain: Damage = async (victim) => {
  const [first] = await someChain(victim);
  if (first === undefined) return undefined;
  const { family, table, chain } = first;
  return (await command(victim, `${toolOf(family)} -t ${table} -F ${chain}`))
    ? done('-F of one chain')
    : undefined;
};

const removeChains: Damage = async (victim) => {
  const family = victim.dice.pick(FAMILIES) ?? 'ipv4';
  const table = victim.dice.pick(['nat', 'filter']);
  const tool = `${toolOf(family)} -t ${table}`;
  const took = (await command(victim, `${tool} -F`)) && (await command(victim, `${tool} -X`));
  return took ? done(`${tool} -F; -X`) : undefined;
};

const flushRuleset: Damage = async (victim) =>
  (await command(victim, 'nft flush ruleset')) ? done('nft flush ruleset') : undefined;

const deleteOne: Damage = async (victim) => {
  const rule = victim.dice.pick(await someChain(victim));
  if (rule === undefined) return undefined;
  return (await edit(victim, rule.family, rule.table, [asDelete(rule)])) ? done('-D of one rule') : undefined;
};

const deleteHalf: Damage = async (victim) => {
  const rules = await someChain(victim);
  const half = rules.filter(() => victim.dice.oneIn(2));
  const [first] = half;
  if (first === undefined) return undefined;
  return (await edit(victim, first.family, first.table, half.map(asDelete)))
    ? done('-D of half a chain')
    : undefined;
};

const double: Damage = async (victim) => {
  const rules = await someChain(victim);
  const rule = victim.dice.pick(rules);
  if (rule === undefined) return undefined;
  const line = asInsert(rule, 1 + victim.dice.below(rules.length));
  return (await edit(victim, rule.family, rule.table, [line]))
    ? done('a rule written twice', [rule])
    : undefined;
};

const move: Damage = async (victim) => {
  const rules = await someChain(victim);
  const rule = victim.dice.pick(rules);
  if (rule === undefined) return undefined;
  const lines = [asDelete(rule), asInsert(rule, 1 + victim.dice.below(rules.length))];
  return (await edit(victim, rule.family, rule.table, lines)) ? done('a rule moved', [rule]) : undefined;
};

/** Loads an older save of this very host over what is there: containers may have come, gone and moved since. */
const reload: Damage = async (victim) => {
  const saves = victim.dice.pick(victim.saves);
  if (saves === undefined) return undefined;
  const families = victim.dice.pick([FAMILIES, ['ipv4'], ['ipv6']] as const);
  for (const family of families) {
    const { code } = await victim.engine.execInside(toolOf(family, '-restore'), [], { input: saves[family] });
    if (code !== 0) return undefined;
  }
  const wrote = linesOf(saves).filter((line) => families.includes(line.family) && !isBuiltinChain(line));
  return done(`${families.length === 2 ? 'both families' : 'one family'} loaded from an older save`, wrote);
};

const DAMAGES: readonly [Damage, ...Damage[]] = [
  ...[flushTable, flushTable, flushTable, flushChain, flushChain, removeChains, flushRuleset],
  ...[deleteOne, deleteOne, deleteOne, deleteHalf, deleteHalf, double, double, move, reload, reload],
] as [Damage, ...Damage[]];

/** Does one random damage that took. */
export async function someDamage(victim: Victim): Promise<Done> {
  for (;;) {
    const taken = await victim.dice.pick(DAMAGES)(victim);
    if (taken !== undefined) return taken;
  }
}
