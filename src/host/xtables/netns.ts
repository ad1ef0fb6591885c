import { toolName } from '../../firewall/iptables/text/tools.ts';
import { open, readlink, type FileHandle } from 'node:fs/promises';
import { Fault } from '../../fault.ts';
import type { Family } from '../../net/family.ts';
import type { Variant, Ruleset } from '../../firewall/iptables/text/model.ts';
import { parseSave } from '../../firewall/iptables/text/parse.ts';
import { run, type CommandResult, type Runner } from '../command/command.ts';
import { hold, type Holder } from '../command/holder.ts';
import { outcomeOf, restoreCommand, type RestoreOutcome } from './kernel.ts';

/** An empty network namespace of our own; what happens in it touches nothing outside. */
export interface ScratchNetns {
  readonly restore: (family: Family, variant: Variant, text: string) => Promise<RestoreOutcome>;
  readonly save: (family: Family, variant: Variant) => Promise<Ruleset>;
  /** Loads a whole file, as `iptables-restore FILE` does: tables it names are flushed before. */
  readonly load: (
    family: Family,
    variant: Variant,
    text: string,
    counters: boolean,
  ) => Promise<RestoreOutcome>;
  readonly saveText: (family: Family, variant: Variant, counters: boolean) => Promise<string>;
  /** Creates empty ipsets from the lines of `ipset save`; their members do not matter to a rehearsal. */
  readonly createSets: (saved: string) => Promise<void>;
  /** Runs another tool in it. */
  readonly run: Runner;
}

const LOCK_WAIT_SECONDS = 10;

/**
 * Runs work in a scratch network namespace (`unshare --net`, 2.3 ms on kernel 6.18), which ends with the work or with this process.
 *
 * @throws Fault RG_REHEARSAL when no namespace can be made
 */
export async function inNetns<T>(work: (netns: ScratchNetns) => Promise<T>): Promise<T> {
  const namespace = await hold(['unshare', '--net']);
  if ('exitCode' in namespace) {
    throw new Fault(
      'RG_REHEARSAL',
      3,
      `no network namespace could be made for the rehearsal: ${namespace.message}`,
      {
        hint: 'Where namespaces are forbidden (some containers), apply without rehearsing: rulesguard restore --no-rehearse',
      },
    );
  }
  const handle = await openDoor(namespace).catch(async (error: unknown) => {
    await namespace.release();
    throw error;
  });
  const inside = (words: readonly [string, ...string[]], input?: string): Promise<CommandResult> =>
    run(['nsenter', `--net=/proc/${String(process.pid)}/fd/${String(handle.fd)}`, ...words], {
      ...(input === undefined ? {} : { input }),
      // The host's xtables lock protects the host's rules; a rehearsal must neither wait for it nor hold it.
      // Its own file in /proc can always be locked, even where nothing can be written.
      env: { XTABLES_LOCKFILE: '/proc/self/ns/net' },
      timeout: 120_000,
      whileWorking: true,
    });
  try {
    return await work({
      restore: async (family, variant, text) => {
        const { stderr, exitCode } = await inside(restoreCommand(family, variant, LOCK_WAIT_SECONDS), text);
        return outcomeOf(stderr, exitCode, LOCK_WAIT_SECONDS);
      },
      load: async (family, variant, text, counters) => {
        const words = [...(counters ? ['-c'] : []), '-w', String(LOCK_WAIT_SECONDS)];
        const { stderr, exitCode } = await inside([toolName(family, variant, 'restore'), ...words], text);
        return outcomeOf(stderr, exitCode, LOCK_WAIT_SECONDS);
      },
      saveText: async (family, variant, counters) =>
        (await inside([toolName(family, variant, 'save'), ...(counters ? ['-c'] : [])])).stdout,
      save: async (family, variant) =>
        parseSave((await inside([toolName(family, variant, 'save')])).stdout, 'the rehearsal').ruleset,
      run: inside,
      createSets: async (saved) => {
        const creates = saved.split('\n').filter((line) => line.startsWith('create '));
        if (creates.length > 0) await inside(['ipset', 'restore'], `${creates.join('\n')}\n`);
      },
    });
  } finally {
    await handle.close();
    await namespace.release();
  }
}

/**
 * The namespace as an open file. A process id alone could, once that process had died and its id was reused, lead to another
 * namespace, perhaps the host's.
 */
async function openDoor({ pid }: Holder): Promise<FileHandle> {
  const handle = await open(`/proc/${String(pid)}/ns/net`, 'r');
  const [theirs, ours] = await Promise.all([
    readlink(`/proc/self/fd/${String(handle.fd)}`),
    readlink('/proc/self/ns/net'),
  ]);
  if (theirs !== ours) return handle;
  await handle.close();
  throw new Fault(
    'RG_REHEARSAL',
    3,
    'the network namespace made for the rehearsal is this one, so nothing was rehearsed',
    {
      hint: 'Try again; to apply without rehearsing: rulesguard restore --no-rehearse',
    },
  );
}
