import type { Endpoint } from '../../docker/inventory/inventory.ts';
import { MESH } from '../../docker/inventory/container.ts';
import { namesNothing, readArgument } from '../../doctor/target/argument.ts';
import type { NameableContainer } from '../../doctor/target/names.ts';
import { findSender, type Sender } from '../../doctor/target/sender.ts';
import { Fault } from '../../fault.ts';
import { isAny, parseBlock, sameBlock } from '../../net/address.ts';
import type { Asker, Cell, Spot } from '../../reach/cell.ts';
import { sh } from '../../shell.ts';
import { isOwnAddress } from '../../reach/goal.ts';
import type { NamedAskers, Terrain } from '../../reach/terrain.ts';

/** What is asked about; empty for the whole host. With `to` the target is who asks, as for doctor. */
export interface ReachQuestion {
  readonly target?: string | undefined;
  /** Who asks the target. */
  readonly from?: string | undefined;
  /** Whom the target asks. */
  readonly to?: string | undefined;
}

/** What is known of a host where names are looked up. */
type NamingTerrain = Pick<Terrain, 'inventory' | 'netState'>;

/**
 * Whoever is named as an asker, and the address that is asked: they are to be in the table.
 *
 * @throws Fault RG_USAGE for what is nothing here, or more than one thing
 */
export function namedAskers({ target, from, to }: ReachQuestion, terrain: NamingTerrain): NamedAskers {
  const sender = senderOf({ target, from, to }, terrain);
  const asked = to === undefined ? undefined : readWord(to, terrain);
  return {
    containers: new Set(sender?.is === 'containers' ? sender.names : []),
    clients: [
      ...(sender?.is === 'outside' && sender.address !== '' ? [sender.address] : []),
      ...(asked?.is === 'elsewhere' ? [asked.address] : []),
    ],
  };
}

/**
 * The cells that concern what was named, as doctor's arguments name it: who asks, and who is asked; a target alone is either of both.
 *
 * @param cells - of a table with those of {@link namedAskers}
 * @throws Fault RG_USAGE for what is nothing here, more than one thing, or nothing that is asked so
 */
export function cellsAbout<C extends Cell>(
  question: ReachQuestion,
  cells: readonly C[],
  terrain: NamingTerrain,
): readonly C[] {
  const { target, from, to } = question;
  const sender = senderOf(question, terrain);
  if (sender === undefined)
    return target === undefined ? cells : concerning(target, cells, terrain, { isEither: true });
  const asked = to ?? target;
  const byThem = cells.filter(({ asker }) => isAsker(asker, sender));
  const found = asked === undefined ? byThem : concerning(asked, byThem, terrain, { isEither: false });
  if (found.length > 0) return found;
  const [who, whom] = to === undefined ? [from, target] : [target, to];
  throw new Fault('RG_USAGE', 2, `no way from ${who ?? ''} to ${whom ?? ''} is asked here`, {
    hint: `Any way can be followed: ${to === undefined ? sh`rulesguard doctor ${whom ?? ''} --from ${who ?? ''}` : sh`rulesguard doctor ${who ?? ''} --to ${to}`}`,
  });
}

function senderOf({ target, from, to }: ReachQuestion, terrain: NamingTerrain): Sender | undefined {
  const word = to === undefined ? from : target;
  if (word === undefined) return undefined;
  const { inventory, netState } = terrain;
  const facts = {
    ...{ netState, networks: inventory.networks, containers: running(inventory) },
    engine: { answered: true },
  };
  return findSender(word, facts, to === undefined ? `--from ${word}` : word).sender;
}

function isAsker(asker: Asker, sender: Sender): boolean {
  switch (sender.is) {
    case 'anybody':
      return true;
    case 'host':
      return asker.by === 'host';
    case 'outside':
      if (asker.by !== 'outside') return false;
      if (sender.address !== '') return sameBlock(asker.address, sender.address);
      return sender.interface === '' ? asker.from !== 'guests' : asker.interface === sender.interface;
    case 'containers':
      return asker.by === 'container' && sender.names.includes(asker.spot.container);
  }
}

const readWord = (word: string, { inventory, netState }: NamingTerrain) =>
  readArgument(word, { containers: running(inventory), networks: inventory.networks }, (address) =>
    isOwnAddress(netState, address),
  );

/** @param isEither - whether cells count in which it is the asker, too */
function concerning<C extends Cell>(
  word: string,
  cells: readonly C[],
  terrain: NamingTerrain,
  { isEither }: { readonly isEither: boolean },
): readonly C[] {
  const { inventory } = terrain;
  const all = { containers: running(inventory), networks: inventory.networks };
  const named = readWord(word, terrain);
  const spots = (cell: Cell): readonly Spot[] =>
    isEither ? spotsIn(cell) : 'spot' in cell.asked ? [cell.asked.spot] : [];
  const ofContainers = (names: readonly string[]): readonly C[] =>
    cells.filter((cell) => spots(cell).some(({ container }) => names.includes(container)));
  switch (named?.is) {
    case 'container':
      return ofContainers([named.container.name]);
    case 'service':
      return ofContainers(named.containers.map(({ name }) => name));
    case 'network':
      return cells.filter((cell) => spots(cell).some(({ network }) => network === named.network.name));
    case 'host':
      return cells.filter(({ asker, asked }) => (isEither && asker.by === 'host') || isAt(asked, word));
    case 'port': {
      const { address, port, proto } = named.port;
      const isEvery = isAny(address) || parseBlock(address) === undefined;
      const found = cells.filter(
        (cell) =>
          cell.proto === proto &&
          cell.asked.what === 'published' &&
          cell.asked.hostPort === port &&
          (isEvery || isAt(cell.asked, address)),
      );
      if (found.length > 0 || !isEither) return found;
      throw new Fault('RG_USAGE', 2, `no running container publishes ${word} (${proto})`, {
        hint: 'What is published: docker ps',
      });
    }
    case 'elsewhere':
      if (!isEither)
        return cells.filter(
          ({ asked }) => asked.what === 'outside' && sameBlock(asked.address, named.address),
        );
      throw namesNothing(word, word, undefined, all, KINDS);
    case 'ambiguous':
    case undefined:
      throw namesNothing(word, word, named, all, KINDS);
  }
}

const KINDS = 'running container, compose service or network';

const isAt = (asked: Cell['asked'], address: string): boolean =>
  asked.what === 'published' && sameBlock(asked.at, address);

const spotsIn = ({ asker, asked }: Cell): readonly Spot[] => [
  ...(asker.by === 'container' ? [asker.spot] : []),
  ...('spot' in asked ? [asked.spot] : []),
];

/** The running containers that have an address, as they can be named. */
function running({ endpoints, networks }: Terrain['inventory']): readonly NameableContainer[] {
  const byContainer = new Map<string, Endpoint[]>();
  for (const one of endpoints)
    if (one.container !== MESH)
      byContainer.set(one.containerId, [...(byContainer.get(one.containerId) ?? []), one]);
  const idOf = new Map(networks.map(({ bridge, id }) => [bridge, id]));
  return [...byContainer].map(([id, all]) => ({
    id,
    name: all[0]?.container ?? '',
    ...all[0]?.composed,
    attachments: all.map(({ bridge, ipv4, ipv6 }) => ({ networkId: idOf.get(bridge) ?? '', ipv4, ipv6 })),
  }));
}
