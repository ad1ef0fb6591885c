import { ArmedCommands, type WaitingCommand } from '../../host/command/armed.ts';
import { hold, type Holder, type NotHeld } from '../../host/command/holder.ts';
import { LOCK_SCRIPT } from '../../host/command/lock-script.ts';
import type { HostOptions } from '../../host/state/host-options.ts';
import { perlScript } from '../../host/events/perl.ts';
import { LOCK_BUSY, lockCommand, lockFile, withLock } from '../../host/state/lock.ts';
import { readSaved, restoreCommand, saveCommand } from '../../host/xtables/kernel.ts';
import { writeRules } from '../../host/xtables/rehearse-plan.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import type { Variant } from '../../firewall/iptables/text/model.ts';
import { FAMILIES } from '../../net/family.ts';
import type { Host } from '../ports.ts';

/** A host on which what a repair starts was started beforehand, and waits. */
export interface ArmedHost {
  readonly host: Host;
  readonly readSaved: (variant: Variant) => Promise<Live>;
  /** Starts what is not at hand: the saves, the restores and what holds the lock. */
  readonly arm: (variant: Variant) => void;
  readonly disarm: () => void;
}

/** @param host - does all else */
export function armedHost(host: Host, { runDir, waitSeconds }: HostOptions): ArmedHost {
  const armed = new ArmedCommands();
  const asked = host.asked();
  let isOver = false;
  const quick = perlScript(LOCK_SCRIPT, [lockFile(runDir), String(LOCK_BUSY)]);
  // Where perl cannot say that the lock is free, flock waits for it.
  const held = async (words: WaitingCommand): Promise<Holder | NotHeld | undefined> => {
    const command = words.includes(lockFile(runDir)) ? await quick : undefined;
    const first = command === undefined ? undefined : await armed.hold(command);
    return first === undefined || 'exitCode' in first ? armed.hold([...words, 'cat']) : first;
  };
  const run: ArmedCommands['run'] = (words, input) => armed.run(words, input);
  return {
    host: {
      ...host,
      // Who runs this process stays who it is, and asking for his name takes longer than a repair.
      asked: () => asked,
      writeRules: (family, variant, input) => writeRules(family, variant, input, waitSeconds, run),
      withLock: (work) =>
        withLock(runDir, waitSeconds, work, async (words) => (await held(words)) ?? hold(words)),
    },
    readSaved: (variant) => readSaved(variant, run),
    arm: (variant) => {
      const restores = FAMILIES.map((family) => restoreCommand(family, variant, waitSeconds));
      const saves = FAMILIES.map((family) => saveCommand(family, variant));
      // One of variant legacy would take xtables' lock while it waits.
      const waitByThemselves = variant === 'nft' ? restores : [];
      const lock: WaitingCommand = [...lockCommand(runDir, waitSeconds), 'cat'];
      void quick.then((command) => {
        if (isOver) return;
        armed.arm(
          [...saves, ...(variant === 'nft' ? [] : restores), ...(command === undefined ? [lock] : [])],
          [...waitByThemselves, ...(command === undefined ? [] : [command])],
        );
      });
    },
    disarm: () => {
      isOver = true;
      armed.disarm();
    },
  };
}
