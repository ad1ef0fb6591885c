import { readFile } from 'node:fs/promises';
import { rehearsalDifference } from '../../guard/rehearsal.ts';
import { FAMILIES, type Backend, type Family, type Ruleset } from '../../iptables/model.ts';
import { parseSave } from '../../iptables/parse.ts';
import { printRuleset } from '../../iptables/print.ts';
import type { HostRules } from '../../docker/ownership.ts';
import { toolName, type Live } from '../kernel.ts';
import { readNative, readSets } from '../sets-native.ts';
import { readLinks } from './links.ts';
import type { World } from './world.ts';

/** What of the host's network goes into a world, read before the world is there. */
export interface Stock {
  readonly live: readonly Live[];
  readonly links: string;
  /** The text of `ipset save`. */
  readonly sets: string;
  /** nftables' own tables, as text for `nft -f`. */
  readonly native: string;
  readonly switches: readonly (readonly [path: string, value: string])[];
}

/** Sysctls that scripts ask and rules depend on; a new namespace has them at their defaults. */
const SWITCHES = [
  'net/ipv4/ip_forward',
  'net/ipv6/conf/all/forwarding',
  'net/bridge/bridge-nf-call-iptables',
  'net/bridge/bridge-nf-call-ip6tables',
];

/**
 * Reads what a world is to hold.
 *
 * @param live - the live rules, of each backend that holds any
 */
export async function takeStock(live: readonly Live[]): Promise<Stock> {
  const [links, sets, native, switches] = await Promise.all([
    readLinks(),
    // What cannot be read is not there: a rule that needs it will not load, and that is told.
    readSets().catch(() => null),
    readNative().catch(() => null),
    Promise.all(
      SWITCHES.map(
        async (path) => [path, await readFile(`/proc/sys/${path}`, 'latin1').catch(() => '')] as const,
      ),
    ),
  ]);
  return {
    live,
    links,
    sets: sets ?? '',
    native: (native ?? []).map(({ text }) => text).join(''),
    switches: switches.filter(([, value]) => value !== ''),
  };
}

/**
 * Gives a world the host's network: interfaces, switches, sets, rules.
 *
 * @returns why the world is not like the host; undefined when its rules read back the same
 */
export async function stockWorld(
  world: World,
  { live, links, sets, native, switches }: Stock,
): Promise<string | undefined> {
  if (links !== '') await world.onNetwork(['ip', '-force', '-batch', '-'], links).catch(() => undefined);
  const lines = switches.map(([path, value]) => `echo ${value.trim()} >/proc/sys/${path}`).join('; ');
  await world.onNetwork(['sh', '-c', `{ ${lines === '' ? ':' : lines}; } 2>/dev/null`]);
  if (sets !== '') {
    const { exitCode, stderr } = await world.onNetwork(['ipset', 'restore'], sets);
    if (exitCode !== 0) return `the host's ipsets do not load: ${firstLine(stderr)}`;
  }
  for (const { backend, rules } of live)
    for (const family of FAMILIES) {
      const difference = await loadRules(world, family, backend, rules[family]);
      if (difference !== undefined) return difference;
    }
  if (native === '') return undefined;
  const { exitCode, stderr } = await world.onNetwork(['nft', '-f', '-'], native);
  return exitCode === 0 ? undefined : `the host's own nftables tables do not load: ${firstLine(stderr)}`;
}

async function loadRules(
  world: World,
  family: Family,
  backend: Backend,
  rules: Ruleset,
): Promise<string | undefined> {
  if (rules.tables.size === 0) return undefined;
  const tool = toolName(family, backend, 'restore');
  const { exitCode, stderr } = await world.onNetwork([tool, '--counters'], printRuleset(rules, 'counters'));
  if (exitCode !== 0) return `the host's ${family} rules do not load: ${firstLine(stderr)}`;
  const difference = rehearsalDifference(rules, await saveIn(world, family, backend));
  return difference === undefined
    ? undefined
    : `the host's ${family} rules load otherwise than they stand: ${difference}`;
}

const firstLine = (text: string): string =>
  text.split('\n').find((line) => line.trim() !== '') ?? 'no reason given';

/**
 * Reads both families of one backend in a world.
 *
 * @throws Fault when they cannot be read: never "no rules" for "could not look"
 */
export async function readIn(world: World, backend: Backend): Promise<HostRules> {
  const [ipv4, ipv6] = await Promise.all([saveIn(world, 'ipv4', backend), saveIn(world, 'ipv6', backend)]);
  return { ipv4, ipv6 };
}

async function saveIn(world: World, family: Family, backend: Backend): Promise<Ruleset> {
  const tool = toolName(family, backend, 'save');
  const { stdout, stderr, exitCode } = await world.onNetwork([tool, '-c']);
  if (exitCode !== 0) throw new Error(`${tool} failed in the rehearsal: ${firstLine(stderr)}`);
  return parseSave(stdout, `${tool} in the rehearsal`).ruleset;
}

/** Whether the world's kernel has tables of the legacy backend. Reading that loads no module. */
export async function hasLegacyIn(world: World): Promise<boolean> {
  const { stdout } = await world.onNetwork([
    ...([
      'sh',
      '-c',
      'cat /proc/self/net/ip_tables_names /proc/self/net/ip6_tables_names 2>/dev/null',
    ] as const),
  ]);
  return stdout.trim() !== '';
}
