import { bracketed, hostPort } from '../../../net/address.ts';
import type { Cell, Effect } from '../../../reach/cell.ts';
import type { OpenCell } from '../../cells.ts';
import { outsiderName } from '../../../reach/outsiders.ts';

type Shown = Extract<Effect, 'outage' | 'exposure' | 'degraded'>;

const ORDER: readonly Effect[] = ['outage', 'exposure', 'degraded'];

/** What packets do that they should not, of cells that have one cause: `2 published ports unreachable from outside by eth1, and 3 more ways`. */
export function headline(cells: readonly OpenCell[]): string {
  const byKind = new Map<string, readonly OpenCell[]>();
  for (const cell of cells) {
    const key = `${cell.effect} ${cell.asker.by} ${kindOf(cell)}`;
    byKind.set(key, [...(byKind.get(key) ?? []), cell]);
  }
  const [first = []] = [...byKind.values()].sort(
    ([a], [b]) => ORDER.indexOf(a?.effect ?? 'same') - ORDER.indexOf(b?.effect ?? 'same'),
  );
  const left = cells.length - first.length;
  return `${kindLine(first)}${left === 0 ? '' : `, and ${count(left, 'more way')}`}`;
}

const kindOf = ({ asked }: Cell): 'published' | 'outside' | 'direct' =>
  asked.what === 'published' ? 'published' : 'spot' in asked ? 'direct' : 'outside';

/** Cells of one effect, one kind of asker and one kind of what is asked. */
function kindLine(cells: readonly OpenCell[]): string {
  const [first] = cells;
  if (first === undefined) return '';
  const effect = first.effect as Shown;
  const from = fromWords(cells);
  switch (kindOf(first)) {
    case 'published': {
      const ports = distinct(cells, ({ asked, proto }) =>
        asked.what === 'published' ? `${asked.spot.address} ${String(asked.port)} ${proto}` : '',
      );
      return `${count(ports, 'published port')} ${stateWords(effect, from, ports)}`;
    }
    case 'direct': {
      const containers = distinct(cells, ({ asked }) => ('spot' in asked ? asked.spot.container : ''));
      return `${count(containers, 'container')} ${stateWords(effect, from, containers)}, by ${containers === 1 ? 'its' : 'their'} own address`;
    }
    case 'outside': {
      const containers = distinct(cells, ({ asker }) =>
        asker.by === 'container' ? asker.spot.container : '',
      );
      const isOne = containers === 1;
      const verb =
        effect === 'outage' ? (isOne ? 'does not reach' : 'do not reach') : isOne ? 'reaches' : 'reach';
      return `${count(containers, 'container')} ${verb} the outside`;
    }
  }
}

function stateWords(effect: Shown, from: string, number: number): string {
  if (effect === 'degraded')
    return `${number === 1 ? 'sees' : 'see'} another address than that of who asks ${from}`;
  return `${effect === 'outage' ? 'unreachable' : 'reachable'} ${from}`;
}

/** `from outside by eth1`: the interface only where all ask by it. */
function fromWords(cells: readonly OpenCell[]): string {
  const [first] = cells;
  if (first?.asker.by === 'host') return 'from this host';
  if (first?.asker.by !== 'outside') return 'from containers';
  const by = new Set(cells.flatMap(({ asker }) => (asker.by === 'outside' ? [asker.interface] : [])));
  return by.size === 1 ? `from outside by ${[...by].join('')}` : 'from outside';
}

const distinct = (cells: readonly OpenCell[], nameOf: (cell: OpenCell) => string): number =>
  new Set(cells.map(nameOf)).size;

const count = (number: number, noun: string): string => `${String(number)} ${noun}${number === 1 ? '' : 's'}`;

/** `way: outside by eth1 → 198.51.100.1:8080/tcp → web:80: seen as 172.17.0.1`. */
export function wayLine({ asker, asked, proto, is }: Cell): string {
  const from =
    asker.by === 'host'
      ? 'host'
      : asker.by === 'container'
        ? asker.spot.container
        : `${outsiderName(asker.address)} by ${asker.interface}`;
  const to =
    asked.what === 'published'
      ? `${hostPort(asked.at, asked.hostPort)}/${proto} → ${asked.spot.container}:${String(asked.port)}`
      : 'spot' in asked
        ? `${hostPort(asked.spot.address, asked.port)}/${proto} of ${asked.spot.container}`
        : bracketed(asked.address);
  return `way: ${from} → ${to}${is.is === 'reached' ? `: seen as ${is.as}` : is.is === 'proxied' ? ': by docker-proxy' : ''}`;
}
