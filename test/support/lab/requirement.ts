import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import path from 'node:path';
import { ERAS, type Era } from './eras.ts';
import { rootDirectory } from './roots.ts';
import { LAB_ENV } from './run.ts';

const TOOLS = ['unshare', 'nsenter', 'setpriv', 'ip', 'iptables-save'];

function found(tool: string): boolean {
  return (LAB_ENV['PATH'] ?? '').split(':').some((directory) => existsSync(path.join(directory, tool)));
}

/**
 * Why an era's Engine cannot be brought up on this machine, as a reason to skip with; undefined when it can.
 * @throws Error under CI=true instead of giving a reason: a layer that silently skips there proves nothing
 */
export function labUnavailable(era: Era): string | undefined {
  const { rootFrom } = ERAS[era];
  // An Engine that no distribution packages cannot be required of everybody: packaging/tally.mjs recognises this text.
  if (rootFrom !== undefined && rootDirectory(era) === '')
    return `no root of Engine ${era}: ${rootFrom} names none`;
  const needed = existsSync(rootDirectory(era)) ? TOOLS : [...TOOLS, 'debootstrap', 'flock'];
  const missing = needed.filter((tool) => !found(tool));
  const reason =
    userInfo().uid !== 0
      ? 'a Docker Engine of our own needs root'
      : missing.length > 0
        ? `missing on this machine: ${missing.join(', ')}`
        : undefined;
  if (reason !== undefined && process.env['CI'] === 'true')
    throw new Error(`engine tests (${era}) must run under CI: ${reason}`);
  return reason;
}
