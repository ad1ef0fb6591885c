import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { PROJECT } from '../cli.ts';

/** The folder of the Ansible collection. */
export const COLLECTION = path.join(PROJECT, 'packaging/ansible');

/** What ansible-core and ansible-lint bring, both packages of Debian's. */
const TOOLS = ['/usr/bin/ansible-playbook', '/usr/bin/ansible-lint'];

/** Why the collection cannot be tried here; undefined where it can. @throws Error under CI, where it must be */
export function whyNoAnsible(): string | undefined {
  const missing = TOOLS.find((tool) => !existsSync(tool));
  if (missing !== undefined && process.env['CI'] === 'true')
    throw new Error(`the Ansible collection must be tried under CI: there is no ${missing}`);
  return missing === undefined ? undefined : `there is no ${missing}`;
}

/** A folder in which Ansible and Python find the collection by its name. */
export function collectionsIn(folder: string): string {
  const place = path.join(folder, 'ansible_collections/rulesguard');
  mkdirSync(place, { recursive: true });
  symlinkSync(COLLECTION, path.join(place, 'firewall'));
  return folder;
}
