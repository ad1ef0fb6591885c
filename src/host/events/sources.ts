import type { Source, SourceName, Told } from '../../watch/seen.ts';
import { watchEngine } from './engine.ts';
import { watchLegacy } from './legacy.ts';
import { watchNetwork } from './network.ts';
import { watchNftables } from './nftables.ts';
import { watchSettings } from './settings.ts';

const SOURCES: Readonly<Record<SourceName, (told: Told) => Source>> = {
  nftables: watchNftables,
  legacy: watchLegacy,
  engine: watchEngine,
  network: watchNetwork,
  settings: watchSettings,
};

const ALL = Object.keys(SOURCES) as readonly SourceName[];

/**
 * Starts the sources that tell of changes to this network namespace, at once. Each is kept running and tells when it does not work;
 * none throws later, and all cost next to nothing while nothing happens.
 *
 * @param told - whom they tell
 * @param which - all when not given
 * @returns stops all: their children have ended then
 */
export function startSources(told: Told, which: readonly SourceName[] = ALL): Source {
  const running = which.map((name) => SOURCES[name](told));
  return {
    stop: async () => {
      await Promise.all(running.map(({ stop }) => stop()));
    },
  };
}
