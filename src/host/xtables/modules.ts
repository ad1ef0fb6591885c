import { access } from 'node:fs/promises';
import { release } from 'node:os';
import { Fault } from '../../fault.ts';
import type { Family } from '../../net/family.ts';

/** What the tools say where the kernel lacks what they need (1.8.7 to 1.8.13, both variants, LC_ALL=C). */
const LACKS_MODULES =
  /can't initialize ip6?tables table|do you need to insmod|Failed to initialize nft|Could not fetch rule set generation id/;

/** Whether a tool failed because the kernel has no iptables for it. */
export const lacksModules = (stderr: string): boolean => LACKS_MODULES.test(stderr);

/**
 * Why a tool could not read the rules: the kernel lacks its modules. After an upgrade the modules of the kernel that still runs are
 * deleted on many distributions: then nothing but a reboot helps.
 */
export async function modulesFault(tool: string, family: Family, stderr: string): Promise<Fault> {
  const kernel = release();
  const isInstalled = await access(`/lib/modules/${kernel}`).then(
    () => true,
    () => false,
  );
  return new Fault(
    'RG_MODULES',
    3,
    `the running kernel (${kernel}) has no iptables: ${tool} failed, so the ${family} rules are unknown`,
    {
      details: stderr.split('\n').filter((line) => line.trim() !== ''),
      hint: isInstalled
        ? 'See why the module does not load: modprobe nf_tables (variant legacy: modprobe ip_tables), then dmesg'
        : `The modules of this kernel are not installed (/lib/modules/${kernel}), as after an upgrade: reboot`,
    },
  );
}
