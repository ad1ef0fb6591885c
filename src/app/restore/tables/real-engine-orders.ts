import { randomBytes } from 'node:crypto';
import type { EngineOrders } from './by-docker.ts';

/** This host's Engine. */
export const ENGINE_ORDERS: EngineOrders = {
  makeNetwork: async (socket, network) =>
    (await import('../../../host/engine/throw-away-network.ts')).makeNetwork(socket, network),
  removeNetwork: async (socket, id) =>
    (await import('../../../host/engine/throw-away-network.ts')).removeNetwork(socket, id),
  randomName: () => randomBytes(4).toString('hex'),
};
