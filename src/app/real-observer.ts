import { setTimeout as sleep } from 'node:timers/promises';
import { askEngineState } from '../host/engine/ask.ts';
import { beginReading, readVariant } from '../host/xtables/kernel.ts';
import type { Observer } from './ports.ts';

/** Reads this host. The Engine's client is loaded only where an Engine has answered. */
export const REAL_OBSERVER: Observer = {
  now: Date.now,
  sleep: async (milliseconds) => {
    await sleep(milliseconds);
  },
  beginReading,
  readVariant: (variant) => readVariant(variant),
  readTables: async () => (await import('../host/nft/docker-tables.ts')).readDockerTables(),
  readHeldTables: async (declared) =>
    (await import('../host/nft/declared-tables.ts')).readHeldTables(declared),
  askEngine: askEngineState,
  awaitContainers: async (ids, socket) =>
    (await import('../host/engine/engine.ts')).awaitContainers(ids, socket),
  listIdle: async (socket) => (await import('../host/engine/engine.ts')).listIdle(socket),
};
