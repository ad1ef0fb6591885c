import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { World } from './world.ts';

const FAMILIES = ['iptables', 'ip6tables'];
const VARIANTS = ['', '-nft', '-legacy'];
const VERBS = ['', '-save', '-restore'];
const TOOLS = [
  ...FAMILIES.flatMap((family) =>
    VARIANTS.flatMap((variant) => VERBS.map((verb) => family + variant + verb)),
  ),
  'nft',
  'conntrack',
  'xtables-monitor',
];

/**
 * Writes one small script per firewall tool that runs the suite's own tool in the caller's network namespace. With
 * this directory first in PATH a program of this machine uses the same iptables release as the Engine.
 * @returns the directory
 */
export function writeShims(world: World): string {
  const directory = path.join(world.shared, 'bin');
  mkdirSync(directory);
  for (const tool of TOOLS) {
    // Inside, the lock is where iptables expects it; the caller's path to it does not exist there.
    const line = `exec env -u XTABLES_LOCKFILE ${world.enter.join(' ')} -- /usr/sbin/${tool} "$@"`;
    writeFileSync(path.join(directory, tool), `#!/bin/sh\n${line}\n`, { mode: 0o755 });
  }
  return directory;
}
