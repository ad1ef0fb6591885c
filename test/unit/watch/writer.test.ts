import { expect, test } from 'vitest';
import type { Author } from '../../../src/watch/seen.ts';
import { writerOf } from '../../../src/watch/writer.ts';
import { author } from '../../support/watch/world.ts';

const OWN = 4711;
/** A program of the configuration that this process told of an event. */
const TOLD = 4712;
const parent = (name: string, pid = 50) => ({ pid, name, command: [name] });

test.each<readonly [string, Author | undefined, ReturnType<typeof writerOf>]>([
  ['an event that names nobody', undefined, 'unknown'],
  ['iptables by hand', author('iptables', 1, { parents: [parent('bash')] }), 'other'],
  ['a process that had gone', author('iptables', 1, { command: [] }), 'unknown'],
  [
    'one that had ended, as its parents tell',
    author('iptables', 1, { command: [], parents: [parent('sh')] }),
    'other',
  ],
  [
    'one of dockerd that had ended',
    author('iptables', 1, { command: [], parents: [parent('dockerd')] }),
    'docker',
  ],
  ['dockerd itself, which writes nftables', author('dockerd'), 'docker'],
  ['iptables that dockerd started', author('iptables', 1, { parents: [parent('dockerd')] }), 'docker'],
  [
    'iptables-restore that ufw started',
    author('iptables-restor', 1, { parents: [parent('ufw')] }),
    'manager',
  ],
  ['nft in the unit of nftables', author('nft', 1, { unit: 'nftables.service' }), 'manager'],
  ['nft in a login session', author('nft', 1, { unit: 'session-3.scope' }), 'other'],
  ['firewalld', author('firewalld'), 'manager'],
  [
    'iptables of a program that we told of an event',
    author('iptables', 1, { parents: [parent('close.sh', TOLD), parent('node', OWN)] }),
    'other',
  ],
  ['that program itself', author('nft', TOLD, { parents: [parent('node', OWN)] }), 'other'],
  ['a restore of our own', author('iptables-restor', 1, { parents: [parent('node', OWN)] }), 'ours'],
])('%s', (_, by, writer) => {
  expect(writerOf(by, { pid: OWN, isEventProgram: (pid) => pid === TOLD })).toBe(writer);
});
