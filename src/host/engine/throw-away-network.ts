import { BRIDGE_NAME_OPTION } from '../../docker/options.ts';
import { isRecord, textOf } from '../../docker/inventory/inventory.ts';
import { Fault } from '../../fault.ts';
import { engineNotDocker } from './faults.ts';
import { order } from './http.ts';

/** A bridge network without containers. */
export interface ThrowAwayNetwork {
  readonly name: string;
  /** The name of its interface. */
  readonly bridge: string;
  readonly ipv6: boolean;
}

/** Milliseconds: a network of both families took Engine 29.7 half a second on a busy machine. */
const PATIENCE = 30_000;

/**
 * Has the Engine make a network.
 *
 * @returns its id
 * @throws Fault RG_ENGINE_ANSWER where it refuses (no address pool is free, the name is taken), or as `get`
 */
export async function makeNetwork(socket: string, network: ThrowAwayNetwork): Promise<string> {
  const path = '/networks/create';
  const body = {
    Name: network.name,
    Driver: 'bridge',
    EnableIPv6: network.ipv6,
    Options: { [BRIDGE_NAME_OPTION]: network.bridge },
    Labels: { 'dev.rulesguard.throw-away': 'restore --by-docker' },
  };
  const text = await order({ socket, path, patience: PATIENCE, method: 'POST', body }).catch(refused);
  const answer: unknown = JSON.parse(text);
  const id = isRecord(answer) ? textOf(answer['Id']) : '';
  if (!/^[0-9a-f]{12,64}$/.test(id)) throw engineNotDocker(socket, [`POST ${path} → ${text.slice(0, 80)}`]);
  return id;
}

function refused(error: unknown): never {
  if (!(error instanceof Fault) || error.code !== 'RG_ENGINE_ANSWER') throw error;
  throw new Fault(
    error.code,
    error.exit,
    'the Engine makes no network, so it does not write its tables again',
    {
      details: error.details,
      hint: 'Repair them without it: rulesguard restore',
      cause: error,
    },
  );
}

/** Has the Engine remove a network. @throws Fault as {@link makeNetwork} */
export const removeNetwork = async (socket: string, id: string): Promise<void> => {
  await order({ socket, path: `/networks/${id}`, patience: PATIENCE, method: 'DELETE', mayBeGone: true });
};
