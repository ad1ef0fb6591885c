import { existsSync } from 'node:fs';
import path from 'node:path';
import { unpacked } from './lab/unpacked.ts';

/**
 * Debian's Prometheus, unpacked and not installed: installing it would start a service on this machine.
 *
 * @returns the folder of `prometheus` and `promtool`; undefined where no package can be had
 */
export async function prometheusFolder(): Promise<string | undefined> {
  const installed = ['/usr/bin', '/usr/local/bin'].find((folder) =>
    existsSync(path.join(folder, 'promtool')),
  );
  if (installed !== undefined) return installed;
  const root = await unpacked('prometheus', ['prometheus']);
  return root === undefined ? undefined : path.join(root, 'usr/bin');
}
