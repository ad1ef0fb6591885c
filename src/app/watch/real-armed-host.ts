import { ArmedCommands } from '../../host/command/armed.ts';
import { hold } from '../../host/command/holder.ts';
import type { HostOptions } from '../../host/state/host-options.ts';
import { lockCommand, withLock } from '../../host/state/lock.ts';
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
  const run: ArmedCommands['run'] = (words, input) => armed.run(words, input);
  return {
    host: {
      ...host,
      // Who runs this process stays who it is, and asking for his name takes longer than a repair.
      asked: () => asked,
      writeRules: (family, variant, input) => writeRules(family, variant, input, waitSeconds, run),
      withLock: (work) =>
        withLock(
          runDir,
          waitSeconds,
          work,
          async (words) => (await armed.hold([...words, 'cat'])) ?? hold(words),
        ),
    },
    readSaved: (variant) => readSaved(variant, run),
    arm: (variant) => {
      armed.arm([
        [...lockCommand(runDir, waitSeconds), 'cat'],
        ...FAMILIES.flatMap((family) => [
          saveCommand(family, variant),
          restoreCommand(family, variant, waitSeconds),
        ]),
      ]);
    },
    disarm: () => {
      armed.disarm();
    },
  };
}
