import { digestOf } from '../../digest.ts';
import type { Asker, AskedFor, Cell } from '../../reach/cell.ts';
import { deciderKey, type Decider } from '../../reach/judge/decider.ts';
import { stoodKey } from '../../reach/judge/foreign.ts';
import { isOpen, type JudgedCell } from '../../reach/judge/judge.ts';
import type { Finding } from '../finding.ts';
import type { Acceptance } from './acceptance.ts';

/** Digits enough that two of some thousands are not the same. */
const DIGITS = 16;

/** A few digits of a digest of words. */
export const shortDigest = (words: readonly string[], digits = DIGITS): string =>
  digestOf(words.join('\n')).slice('sha256:'.length, 'sha256:'.length + digits);

/**
 * Who asks whom, as it is known again: containers by their names and networks, since a restart gives them other addresses; of the
 * containers of a network that fare alike any may be the one that asks.
 */
export const placeOfCell = ({ family, proto, asker, asked }: Cell): string =>
  [family, proto, ...askerWords(asker), ...askedWords(asked)].join('\n');

/** How a cell that differs is known again: by who asks whom, what becomes of it, and what decides. */
export const coverOfCell = (cell: JudgedCell): string => {
  const { effect, cause = '', decider } = cell;
  const by = decider === undefined || cause === 'lost' ? '' : keyOf(decider);
  return shortDigest(['cell', placeOfCell(cell), effect, cause, by]);
};

/** A cell with the acceptance that covers it, where it is a finding and one does. */
export function markedCell<C extends JudgedCell>(
  cell: C,
  covering: ReadonlyMap<string, Acceptance>,
): C & { readonly accepted?: Acceptance } {
  const accepted = isOpen(cell) ? covering.get(coverOfCell(cell)) : undefined;
  return accepted === undefined ? cell : { ...cell, accepted };
}

/**
 * Which address or interface a route, a setting or an interface is about may change with a restart; counters of nftables' own rules change
 * with every packet, and handles whenever their file is loaded.
 */
function keyOf(decider: Decider): string {
  if (decider.by === 'kernel') return `kernel ${decider.family} ${decider.why}`;
  return decider.by === 'native' ? `native ${stoodKey(decider)}` : deciderKey(decider);
}

function askerWords(asker: Asker): readonly string[] {
  switch (asker.by) {
    case 'outside':
      return ['outside', asker.interface, asker.from];
    case 'host':
      return ['host'];
    case 'container':
      return asker.is === 'none'
        ? ['container', asker.spot.container, asker.spot.network]
        : [asker.is, asker.spot.network];
  }
}

function askedWords(asked: AskedFor): readonly string[] {
  if (!('spot' in asked)) return [asked.what, asked.address];
  const { container, network } = asked.spot;
  const place = asked.what === 'published' ? [asked.at, String(asked.hostPort)] : [];
  return [asked.what, container, network, String(asked.port), ...place];
}

/** How a finding about rules is known again. */
export const coverOfFinding = ({
  kind,
  family,
  table,
  chain,
  rule = '',
  container = '',
}: Pick<Finding, 'kind' | 'family' | 'table' | 'chain' | 'rule' | 'container'>): string =>
  shortDigest(['rule', kind, family, table, chain, rule, container]);
