import type { AskedFor, Asker, Cell } from './cell.ts';

/** What tells a cell from all others of a table, and finds it again in another table of the same host. */
export const cellKey = ({ family, proto, asker, asked }: Cell): string =>
  [family, proto, askerKey(asker), askedKey(asked)].join(' ');

function askerKey(asker: Asker): string {
  switch (asker.by) {
    case 'outside':
      return `outside ${asker.interface} ${asker.address}`;
    case 'host':
      return 'host';
    case 'container':
      return `${asker.is} ${asker.spot.bridge} ${asker.spot.address}`;
  }
}

function askedKey(asked: AskedFor): string {
  switch (asked.what) {
    case 'published':
      return `${asked.what} ${asked.at} ${String(asked.hostPort)} ${asked.spot.address} ${String(asked.port)}`;
    case 'own-port':
    case 'unpublished':
      return `${asked.what} ${asked.spot.bridge} ${asked.spot.address} ${String(asked.port)}`;
    case 'outside':
      return `${asked.what} ${asked.address} ${String(asked.port ?? '')}`;
    case 'name-server':
      return `${asked.what} ${asked.address}`;
  }
}
