import { writesNftables } from '../../../docker/firewall-backend.ts';
import { Fault } from '../../../fault.ts';
import { BRIDGES_TABLE, FORWARD_IN } from '../../../firewall/nftables/tables/names.ts';
import { tableName } from '../../../firewall/nftables/tables/print.ts';
import type { ThrowAwayNetwork } from '../../../host/engine/throw-away-network.ts';
import { FAMILIES } from '../../../net/family.ts';
import { noticesOf } from '../../../reconcile/notices.ts';
import type { RestoreResult } from '../../../reconcile/repair-result.ts';
import { plansFor } from '../../../reconcile/tables/side.ts';
import type { Listener } from '../../events.ts';
import { observe, observeAgain } from '../../observe/observe.ts';
import { openReference, type ReferenceArgs } from '../../observe/open-reference.ts';
import type { Host } from '../../ports.ts';
import type { RepairOptions } from '../repair.ts';
import type { RestoreEvent } from '../restore.ts';
import { finishTables, beginTables } from './apply-tables.ts';
import { resultOfTables } from './restore-tables.ts';

/** The one thing that rulesguard has an Engine do. */
export interface EngineOrders {
  readonly makeNetwork: (socket: string, network: ThrowAwayNetwork) => Promise<string>;
  readonly removeNetwork: (socket: string, id: string) => Promise<void>;
  /** Letters and digits that nobody uses yet. */
  readonly randomName: () => string;
}

/**
 * Has Docker write its own tables again, from what it has in memory, under the lock: a network is made, its element is taken out of a map
 * of each family, and the network is removed. Docker then fails to delete that element, and makes the whole table anew (libnetwork's
 * nftabler of 29; docs/reference/docker-nftables.md). Nothing is restarted, and whatever somebody else added to these tables is lost.
 *
 * @throws Fault RG_USAGE where no Engine that writes with nftables answers, or something in its tables is not Docker's; RG_ENGINE_ANSWER
 *   where the Engine refuses
 */
export function restoreByDocker(
  host: Host,
  orders: EngineOrders,
  args: ReferenceArgs,
  { flows }: Pick<RepairOptions, 'flows'>,
  on: Listener<RestoreEvent>,
): Promise<RestoreResult> {
  return host.withLock(async () => {
    const reference = await openReference(args, host.baselines);
    on({ kind: 'step', step: 'reading' });
    const before = await observe(host, reference);
    for (const notice of noticesOf(reference, before)) on({ kind: 'notice', notice });
    const { engine, tables } = before;
    if (tables === undefined || !engine.answered || !writesNftables(engine.inventory))
      throw new Fault('RG_USAGE', 2, '--by-docker needs an Engine that answers and writes with nftables', {
        hint: 'rulesguard restore',
      });
    const foreign = tables.drifts.flatMap((drift) => [
      ...drift.chains.flatMap(({ name, foreign }) =>
        foreign.map(({ text }) => `${tableName(drift)} ${name}: ${text}`),
      ),
      ...drift.strays
        .filter(({ owner }) => owner === 'foreign')
        .map(({ what }) => `${tableName(drift)}: ${what}`),
    ]);
    if (foreign.length > 0)
      throw new Fault(
        'RG_USAGE',
        2,
        "Docker would make its tables anew, and something in them is not Docker's",
        {
          details: foreign.slice(0, 5),
          hint: 'Keep it, and repair the rest: rulesguard restore',
        },
      );
    if (plansFor(tables).every(({ edits }) => edits.length === 0))
      return resultOfTables(host, reference, { ...NOTHING_DONE, before, after: before }, flows);
    on({ kind: 'step', step: 'repairing' });
    const name = orders.randomName();
    const ipv6 = tables.expected.some((table) => table.family === 'ipv6' && table.name === BRIDGES_TABLE);
    const network: ThrowAwayNetwork = { name: `rulesguard-${name}`, bridge: `rg-${name}`, ipv6 };
    const taken = FAMILIES.filter((family) => family === 'ipv4' || ipv6).map((family) => {
      const table = tableName({ family, name: BRIDGES_TABLE });
      return `delete element ${table} ${FORWARD_IN.map} { "${network.bridge}" }\n`;
    });
    const begun = await beginTables(host, {
      ...{ action: 'restore', baseline: null, undoes: null, continues: null, variant: before.live.variant },
      done: taken,
      changed: FAMILIES.map((family) => tableName({ family, name: BRIDGES_TABLE })),
    });
    try {
      await host.withSignalsHeld(() => rebuild(host, orders, engine.socket, network, taken));
    } catch (error) {
      await finishTables(host, begun, 'failed', undefined);
      throw error;
    }
    const after = await observeAgain(host, reference, before);
    const unjournaled = await finishTables(host, begun, 'applied', after.live.tables);
    const done = {
      ...{ before, after, unjournaled, steps: taken.length, applies: 1, byDocker: network.name },
      journal: begun.noted.id === undefined ? [] : [begun.noted.id],
    };
    return resultOfTables(host, reference, done, flows);
  });
}

const NOTHING_DONE = { steps: 0, applies: 0, journal: [], unjournaled: undefined } as const;

async function rebuild(
  { writeTables }: Pick<Host, 'writeTables'>,
  { makeNetwork, removeNetwork }: EngineOrders,
  socket: string,
  network: ThrowAwayNetwork,
  taken: readonly string[],
): Promise<void> {
  const id = await makeNetwork(socket, network);
  // Whatever happens to its element, the network goes again.
  const taking = await takeAll(writeTables, taken).catch((error: unknown) => {
    if (error instanceof Fault) return error.message;
    throw error;
  });
  try {
    await removeNetwork(socket, id);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new Fault(
      error.code,
      error.exit,
      `network ${network.name} could not be removed: ${error.message}`,
      {
        details: error.details,
        hint: `docker network rm ${network.name}, then: rulesguard restore`,
        cause: error,
      },
    );
  }
  if (taking !== undefined)
    throw new Fault('RG_NOT_REPAIRED', 1, 'Docker did not write its tables again', {
      details: [taking],
      hint: 'rulesguard restore',
    });
}

/** @returns what was refused */
async function takeAll(
  writeTables: Host['writeTables'],
  taken: readonly string[],
): Promise<string | undefined> {
  for (const text of taken) {
    const refused = await writeTables(text);
    if (refused !== undefined) return refused;
  }
  return undefined;
}
