import type { Dice } from '../busy/dice.ts';
import { mutateText } from './nasty.ts';

type Holder = Record<string, unknown>;

interface Place {
  readonly holder: Holder;
  readonly key: string;
  /** Where it lies, whatever the index in a list: `/networks/*` for each network. */
  readonly kind: string;
}

/** Every place of a document that holds a value; lists are records of their indices. */
function placesIn(value: unknown, kind = '', found: Place[] = []): readonly Place[] {
  if (typeof value !== 'object' || value === null) return found;
  const holder = value as Holder;
  for (const key of Object.keys(holder)) {
    const own = `${kind}/${Array.isArray(value) ? '*' : key}`;
    found.push({ holder, key, kind: own });
    placesIn(holder[key], own, found);
  }
  return found;
}

type Donors = ReadonlyMap<string, readonly unknown[]>;
const donorsByText = new Map<string, Donors>();

/** What another document holds at places of each kind. */
function donorsOf(document: string): Donors {
  const known = donorsByText.get(document);
  if (known !== undefined) return known;
  const donors = new Map<string, unknown[]>();
  for (const { holder, key, kind } of placesIn({ root: JSON.parse(document) as unknown })) {
    const values = donors.get(kind) ?? [];
    values.push(holder[key]);
    donors.set(kind, values);
  }
  donorsByText.set(document, donors);
  return donors;
}

/** Values of other kinds: what a field is not meant to hold. */
const STRANGERS: readonly unknown[] = [
  ...[null, true, false, 0, -1, 0.5, 1e21, 4_294_967_296, '', 'text', [], {}, [[]], [null], { a: 1 }],
];

/** How a document is changed. */
export interface Manner {
  /** One change in so many is rough: any text, any kind of value. The others only take what such a place may hold. */
  readonly rough: number;
  readonly most: number;
}

/**
 * A document changed in a few places. Gently: members of a list left out, doubled, exchanged, values taken from the same
 * place of another document. Roughly: texts and numbers turned, values of another kind, members gone.
 *
 * @param document - a valid one, as JSON
 * @param donor - another valid one, as JSON
 */
export function mutateJson(document: string, donor: string, dice: Dice, { rough, most }: Manner): unknown {
  const root: Holder = { root: JSON.parse(document) as unknown };
  for (let edits = 1 + dice.below(most); edits > 0; edits--) {
    const places = placesIn(root);
    const place = dice.pick(places);
    if (place === undefined) continue;
    if (dice.oneIn(rough)) editRoughly(place, places, dice);
    else editGently(place, donorsOf(donor), dice);
  }
  // As it comes over a socket or from a file: no holes in lists, no numbers that JSON has not.
  return JSON.parse(JSON.stringify(root['root'] ?? null)) as unknown;
}

function editGently({ holder, key, kind }: Place, donors: Donors, dice: Dice): void {
  const value = holder[key];
  if (Array.isArray(value) && !dice.oneIn(4)) editList(value as unknown[], dice);
  else {
    const values = donors.get(kind) ?? [];
    if (values.length > 0) holder[key] = structuredClone(dice.pick(values));
  }
}

function editRoughly({ holder, key }: Place, places: readonly Place[], dice: Dice): void {
  const value = holder[key];
  const texts = (): readonly string[] =>
    places.map((place) => place.holder[place.key]).filter((one) => typeof one === 'string');
  if (dice.oneIn(16)) holder[key] = structuredClone(dice.pick(STRANGERS));
  else if (dice.oneIn(24)) Reflect.deleteProperty(holder, key);
  else if (typeof value === 'string') holder[key] = mutateText(value, texts(), dice);
  else if (typeof value === 'number') holder[key] = turned(value, dice);
  else if (typeof value === 'boolean') holder[key] = !value;
  else if (Array.isArray(value)) editList(value as unknown[], dice);
  else if (typeof value === 'object' && value !== null) {
    const twin = dice.pick(places);
    const other = twin?.holder[twin.key];
    // A record in the place of another, if it is small: else documents would grow without end.
    if (isSmall(other)) holder[key] = structuredClone(other);
  }
}

const isSmall = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  JSON.stringify(value).length < 4_000;

function turned(value: number, dice: Dice): number {
  return dice.pick([value + 1, value - 1, -value, 0, 1, 65_535, 65_536, value / 3, 2 ** 53, value * 1000]);
}

function editList(list: unknown[], dice: Dice): void {
  const at = dice.below(list.length);
  const to = dice.below(list.length);
  switch (dice.below(4)) {
    case 0:
      list.splice(at, 1);
      break;
    case 1:
      if (list.length > 0) list.splice(to, 0, structuredClone(list[at]));
      break;
    case 2:
      if (list.length > 0) [list[at], list[to]] = [list[to], list[at]];
      break;
    default:
      if (dice.oneIn(8)) list.length = 0;
      else list.splice(at, dice.below(3));
  }
}
