import { open, readlink, type FileHandle } from 'node:fs/promises';
import { Fault } from '../fault.ts';
import type { Backend, Family, Ruleset } from '../iptables/model.ts';
import { parseSave } from '../iptables/parse.ts';
import { run, type CommandResult } from './command.ts';
import { hold, type Holder } from './holder.ts';
import { outcomeOf, restoreCommand, toolName, type RestoreOutcome } from './kernel.ts';

/** An empty network namespace of our own; what happens in it touches nothing outside. */
export interface Scratch {
  readonly restore: (family: Family, backend: Backend, text: string) => Promise<RestoreOutcome>;
  readonly save: (family: Family, backend: Backend) => Promise<Ruleset>;
  /** Creates empty ipsets from the lines of `ipset save`; their members do not matter to a rehearsal. */
  readonly createSets: (saved: string) => Promise<void>;
}

const LOCK_WAIT_SECONDS = 10;

/**
 * Runs work in a scratch network namespace (`unshare --net`, 2.3 ms on kernel 6.18), which ends with it or with us.
 *
 * @param lockFile - what the legacy tools lock in there, instead of the host's xtables lock
 * @throws Fault RG_REHEARSAL when no namespace can be had
 */
export async function inScratch<T>(lockFile: string, work: (scratch: Scratch) => Promise<T>): Promise<T> {
  const namespace = await hold(['unshare', '--net']);
  if ('exitCode' in namespace) {
    throw new Fault('RG_REHEARSAL', 3, `no scratch namespace for the rehearsal: ${namespace.message}`, {
      hint: 'Where namespaces are forbidden (some containers), apply without rehearsing: rulesguard restore --no-rehearse',
    });
  }
  const door = await openDoor(namespace).catch(async (error: unknown) => {
    await namespace.release();
    throw error;
  });
  const inside = (words: readonly [string, ...string[]], input?: string): Promise<CommandResult> =>
    run(['nsenter', `--net=/proc/${String(process.pid)}/fd/${String(door.fd)}`, ...words], {
      ...(input === undefined ? {} : { input }),
      // The host's xtables lock guards the host's rules; a rehearsal must neither wait for it nor hold it.
      env: { XTABLES_LOCKFILE: lockFile },
      timeout: 120_000,
    });
  try {
    return await work({
      restore: async (family, backend, text) => {
        const { stderr, exitCode } = await inside(restoreCommand(family, backend, LOCK_WAIT_SECONDS), text);
        return outcomeOf(stderr, exitCode, LOCK_WAIT_SECONDS);
      },
      save: async (family, backend) =>
        parseSave((await inside([toolName(family, backend, 'save')])).stdout, 'the rehearsal').ruleset,
      createSets: async (saved) => {
        const creates = saved.split('\n').filter((line) => line.startsWith('create '));
        if (creates.length > 0) await inside(['ipset', 'restore'], `${creates.join('\n')}\n`);
      },
    });
  } finally {
    await door.close();
    await namespace.release();
  }
}

/**
 * The namespace as an open file. By its holder's process id alone it would be another's, perhaps the host's, once that
 * process had died and its id was taken.
 */
async function openDoor({ pid }: Holder): Promise<FileHandle> {
  const door = await open(`/proc/${String(pid)}/ns/net`, 'r');
  const [theirs, ours] = await Promise.all([
    readlink(`/proc/self/fd/${String(door.fd)}`),
    readlink('/proc/self/ns/net'),
  ]);
  if (theirs !== ours) return door;
  await door.close();
  throw new Fault('RG_REHEARSAL', 3, 'the scratch namespace is this one, so nothing was rehearsed', {
    hint: 'Try again; to apply without rehearsing: rulesguard restore --no-rehearse',
  });
}
