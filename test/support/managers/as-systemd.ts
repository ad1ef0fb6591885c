import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Engine } from '../lab/engine.ts';
import { must } from '../lab/run.ts';

const PROGRAM = '/lab/as-systemd.pl';

/** Runs a unit's commands as systemd would: `${AS_SYSTEMD} reload nftables.service`. */
export const AS_SYSTEMD = `perl ${PROGRAM}`;

/** Puts it where `AS_SYSTEMD` finds it. */
export async function bringAsSystemd({ execInside }: Engine): Promise<void> {
  const input = readFileSync(path.join(import.meta.dirname, 'as-systemd.pl'), 'latin1');
  await must(execInside, 'sh', ['-c', `cat >${PROGRAM}`], { input });
}
