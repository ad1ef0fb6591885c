import { placesIn, type RulePlace } from '../compare/order.ts';
import type { ElementsDrift, TableChainDrift, TableDrift } from '../compare/drift.ts';
import type { TableEdit } from '../tables/edit.ts';
import type { NftCount, NftRule, NftTable } from '../tables/model.ts';

/** How one of Docker's tables becomes what it should be. */
export interface TablePlan {
  readonly family: TableDrift['family'];
  readonly name: string;
  readonly edits: readonly TableEdit[];
  /** Undefined: the edits repair all that can be repaired. Otherwise why there are none. */
  readonly refused: string | undefined;
}

/** How many edits plans hold. */
export const countEdits = (plans: readonly TablePlan[]): number =>
  plans.reduce((sum, { edits }) => sum + edits.length, 0);

/** Whether something that nothing requires is what a repair itself wrote: what it is about has gone since. */
export interface Withdrawn {
  readonly rule: (chain: string, rule: NftRule) => boolean;
  readonly chain: (name: string) => boolean;
  readonly element: (of: string, key: string) => boolean;
}

/** For a repair that has written nothing yet. */
export const NONE_WITHDRAWN: Withdrawn = { rule: () => false, chain: () => false, element: () => false };

/**
 * The fewest edits that give a table what it should hold.
 *
 * Rules in place are not touched; what is misplaced keeps what it counted; copies and translations that lead packets elsewhere go. What is
 * not Docker's stays, and so do Docker's leftovers. Chains, maps and elements have the names that Docker's own next update asks for. A
 * table whose chains are hooked in elsewhere, or whose maps have another type, is made anew, unless something in it is not Docker's.
 */
export const planTable = (drift: TableDrift): TablePlan => planTableAgain(drift, NONE_WITHDRAWN);

/** As {@link planTable}, once the repair has written something: of that what is no longer required is taken out again. */
export function planTableAgain(drift: TableDrift, withdraw: Withdrawn): TablePlan {
  const { family, name, expected, live } = drift;
  const plan = { family, name, refused: undefined };
  if (expected === undefined) return { ...plan, edits: [] };
  if (live === undefined) return { ...plan, edits: wholeTable(expected, new Map()) };
  if (!needsRebuilding(drift)) return { ...plan, edits: editsOf(drift, withdraw) };
  const kept = keptBack(drift);
  if (kept !== undefined)
    return {
      ...plan,
      edits: [],
      refused: `it must be made anew, and something in it is not expected: ${kept}`,
    };
  return { ...plan, edits: [{ edit: 'delete-table' }, ...wholeTable(expected, countsIn(live))] };
}

const needsRebuilding = ({ chains, maps, sets }: TableDrift): boolean =>
  [...maps, ...sets].some(({ isRetyped }) => isRetyped) ||
  chains.some(({ isRehooked, live, expected }) => {
    const [was, is] = [live?.base, expected.base];
    return isRehooked && (was?.type !== is?.type || was?.hook !== is?.hook || was?.priority !== is?.priority);
  });

/** What a table made anew would lose though nobody asked for that; undefined for nothing. */
function keptBack({ chains, maps, sets, strays }: TableDrift): string | undefined {
  const [foreign] = chains.flatMap((chain) => chain.foreign);
  const unexpected = chains
    .flatMap(({ surplus }) => surplus)
    .find(({ is }) => is === 'unexpected' || is === 'leftover');
  const [element] = [...maps, ...sets].flatMap((held) => held.strays);
  return foreign?.text ?? unexpected?.owned.rule.text ?? element?.key ?? strays[0]?.what;
}

/** What each rule counted, by chain and key. */
function countsIn({ chains }: NftTable): ReadonlyMap<string, NftCount> {
  const counts = new Map<string, NftCount>();
  for (const { name, rules } of chains.values())
    for (const { key, counted } of rules) if (counted !== undefined) counts.set(`${name} ${key}`, counted);
  return counts;
}

function wholeTable(table: NftTable, counts: ReadonlyMap<string, NftCount>): readonly TableEdit[] {
  const { chains, maps, sets } = table;
  return [
    { edit: 'add-table' },
    ...[...maps.values()].map(({ name, type }): TableEdit => ({ edit: 'add-map', name, type })),
    ...[...sets.values()].map(({ name, type }): TableEdit => ({ edit: 'add-set', name, type })),
    ...[...chains.values()].map(({ name, base }): TableEdit => ({ edit: 'add-chain', chain: name, base })),
    ...[...chains.values()].flatMap(({ name, rules }) =>
      rules.map((rule): TableEdit => {
        const counted = counts.get(`${name} ${rule.key}`);
        return { edit: 'add-rule', chain: name, rule: { ...rule, counted } };
      }),
    ),
    ...[...maps.values()].flatMap(({ name, elements }) => added(name, elements)),
    ...[...sets.values()].flatMap(({ name, elements }) =>
      added(name, new Map(elements.map((key) => [key, '']))),
    ),
  ];
}

const added = (of: string, elements: ReadonlyMap<string, string>): readonly TableEdit[] =>
  [...elements].map(([key, value]) => ({ edit: 'add-element', of, key, value }));

/** Names first, then what refers to them; what goes, the other way round. */
function editsOf({ chains, maps, sets, strays }: TableDrift, withdraw: Withdrawn): readonly TableEdit[] {
  return [
    ...maps.flatMap(({ exists, name, type }): TableEdit[] =>
      exists ? [] : [{ edit: 'add-map', name, type }],
    ),
    ...sets.flatMap(({ exists, name, type }): TableEdit[] =>
      exists ? [] : [{ edit: 'add-set', name, type }],
    ),
    ...chains.flatMap(({ name, live, isRehooked, expected }): TableEdit[] =>
      live !== undefined && !isRehooked ? [] : [{ edit: 'add-chain', chain: name, base: expected.base }],
    ),
    ...chains.flatMap((chain) => ruleEdits(chain, withdraw)),
    ...[...maps, ...sets].flatMap((drift) => elementEdits(drift, withdraw)),
    ...strays.flatMap(({ what, owner }): TableEdit[] =>
      owner === 'leftover' && !/^(?:map|set) /.test(what) && withdraw.chain(what)
        ? [{ edit: 'delete-chain', chain: what }]
        : [],
    ),
  ];
}

const elementEdits = (
  { name, wrong, missing, strays }: ElementsDrift,
  withdraw: Withdrawn,
): readonly TableEdit[] => [
  ...strays.flatMap(({ key, owner }): TableEdit[] =>
    owner === 'leftover' && withdraw.element(name, key) ? [{ edit: 'delete-element', of: name, key }] : [],
  ),
  ...wrong.map(({ key }): TableEdit => ({ edit: 'delete-element', of: name, key })),
  ...added(
    name,
    new Map([...missing, ...wrong.map(({ key, expected }): [string, string] => [key, expected])]),
  ),
];

function ruleEdits(drift: TableChainDrift, withdraw: Withdrawn): readonly TableEdit[] {
  const { name, expected, live, surplus, foreign } = drift;
  const out = surplus.filter(
    ({ is, owned }) =>
      is === 'misplaced' || is === 'duplicate' || is === 'diverted' || withdraw.rule(name, owned.rule),
  );
  const gone = new Set(out.map(({ owned }) => owned.rule));
  const others = new Set<NftRule>([...foreign, ...surplus.map(({ owned }) => owned.rule)]);
  const inPlace = new Map(
    (live?.rules ?? []).flatMap((rule) => (others.has(rule) ? [] : [[rule.key, rule]])),
  );
  const counts = new Map(
    out.flatMap(({ is, owned: { rule } }) => (is === 'misplaced' ? [[rule.key, rule.counted]] : [])),
  );
  const placed = anchorsIn(drift, (rule) => inPlace.get(rule.key) === rule);
  return [
    ...[...gone].flatMap(({ handle }): TableEdit[] =>
      handle === undefined ? [] : [{ edit: 'delete-rule', chain: name, handle }],
    ),
    ...expected.rules.flatMap((rule): TableEdit[] => {
      if (inPlace.has(rule.key)) return [];
      const counted = counts.get(rule.key);
      return [{ edit: 'add-rule', chain: name, rule: { ...rule, counted }, before: placed(rule) }];
    }),
  ];
}

/**
 * Before which rule in place another must be added, by its handle; undefined: at the end. That is the rule that follows it next where
 * packets fare alike, so that a chain is again what it was; else the first in the chain that must come behind it.
 */
function anchorsIn(
  { table, name, expected, live }: TableChainDrift,
  isInPlace: (rule: NftRule) => boolean,
): (rule: NftRule) => number | undefined {
  const places = placesIn(table, name, expected.rules);
  const present = (live?.rules ?? []).filter(isInPlace);
  const handles = new Map(present.map(({ key, handle }) => [key, handle]));
  const nextAlike = new Map<NftRule, number | undefined>();
  const lastSeen = new Map<string, number | undefined>();
  for (const rule of [...expected.rules].reverse()) {
    const where = placeText(places.get(rule.key));
    nextAlike.set(rule, lastSeen.get(where));
    if (handles.has(rule.key)) lastSeen.set(where, handles.get(rule.key));
  }
  const firstBehind = new Map<string, number | undefined>();
  return (rule) => {
    const alike = nextAlike.get(rule);
    if (alike !== undefined) return alike;
    const own = places.get(rule.key);
    const where = placeText(own);
    if (!firstBehind.has(where))
      firstBehind.set(
        where,
        present.find(({ key }) => {
          const other = places.get(key);
          return other?.lane === own?.lane && (other?.rank ?? 0) > (own?.rank ?? 0);
        })?.handle,
      );
    return firstBehind.get(where);
  };
}

const placeText = (place: RulePlace | undefined): string => `${String(place?.rank)} ${place?.lane ?? ''}`;
