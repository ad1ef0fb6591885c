import { setTimeout as sleep } from 'node:timers/promises';
import { changedTables } from '../../watch/listener-lines.ts';
import type { Source, Told } from '../../watch/seen.ts';
import { installHint } from '../command/install-hint.ts';
import { hasLegacyTables } from '../xtables/legacy-tables.ts';
import { LEGACY_SCRIPT } from './legacy-script.ts';
import { perlScript, systemCalls } from './perl.ts';
import { supervise } from './supervise.ts';

/** Milliseconds between looks whether there are legacy tables, while there are none. */
const EACH = 5_000;
const POINTER = 8;

/**
 * Tells which tables of variant legacy changed. The kernel tells nobody of that: a child looks whenever iptables-legacy has run, and every 10 to 330 ms, while this network
 * namespace has such tables, and none is started before it has. It never asks for a table that is not there, which would load a
 * module.
 *
 * It sees how many entries a table has, their size, and where its chains begin. **It does not see** a policy (`-P`), a rule replaced by
 * one of the same size (`-R`), two changes within one look that even out, or counters: those are for a full look at the rules, which
 * must be made now and then.
 */
export function watchLegacy(told: Told): Source {
  const stopping = new AbortController();
  let child: Source | undefined;
  const ended = untilThereAreTables(told, stopping.signal).then((are) => {
    if (are) child = supervise(told, { source: 'legacy', ways: () => waysOf(told) });
  });
  return {
    stop: async () => {
      stopping.abort();
      await ended;
      await child?.stop();
    },
  };
}

async function untilThereAreTables(told: Told, signal: AbortSignal): Promise<boolean> {
  let said: string | undefined;
  const stopped = (): boolean => signal.aborted;
  const say = (works: boolean, says: string): void => {
    if (said !== says) told.state({ source: 'legacy', works, says });
    said = says;
  };
  while (!stopped()) {
    try {
      if (await hasLegacyTables()) return !stopped();
      if (!stopped()) say(true, 'no table of variant legacy is there');
    } catch (error) {
      say(false, error instanceof Error ? error.message : String(error));
    }
    await sleep(EACH, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

const SLOW = 'so tables of variant legacy are seen in full looks only';

async function waysOf(told: Told): ReturnType<Parameters<typeof supervise>[1]['ways']> {
  const calls = systemCalls();
  if (calls === undefined)
    return `the system calls of this processor (${process.arch}) are not known, ${SLOW}`;
  const words = await perlScript(
    LEGACY_SCRIPT,
    [calls.getSocketOption, calls.inotifyInit, calls.inotifyAddWatch, POINTER].map(String),
  );
  if (words === undefined) return `perl is not installed, ${SLOW}. ${installHint('perl')}`;
  return [
    {
      program: 'perl',
      words,
      says: 'when iptables-legacy has run, and some times a second; a policy, or a rule replaced by one of the same size, is seen in full looks only',
      line: (line) => {
        const tables = changedTables(line);
        if (tables !== undefined) told.seen({ kind: 'legacy-rules', tables });
      },
    },
  ];
}
