import { toolName } from '../../firewall/iptables/text/tools.ts';
import type { Live } from '../../firewall/iptables/text/live.ts';
import { runHere } from '../command/command.ts';
import { readSysctlsBy } from '../doctor/kernel-network.ts';
import { sh } from '../../shell.ts';
import { rehearsalDifference } from '../../firewall/iptables/simulate/rehearsal.ts';
import {
  EMPTY_RULESET,
  type Variant,
  type Ruleset,
  type HostRules,
} from '../../firewall/iptables/text/model.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import { parseSave } from '../../firewall/iptables/text/parse.ts';
import { printRuleset } from '../../firewall/iptables/text/print.ts';
import { holdAgainstKernel, listAll } from '../xtables/held-rules.ts';
import { hasIptables, readNative, readSets } from '../nft/sets-native.ts';
import { readWithin, withinInput, withPlaceholders, type Within } from '../nft/within.ts';
import { readLinks, type HostLinks } from './links.ts';
import type { Sandbox } from './sandbox.ts';

/** The host's network as a sandbox gets it, read before the sandbox exists. */
export interface HostState {
  readonly live: readonly Live[];
  readonly links: HostLinks | undefined;
  /** The text of `ipset save`. */
  readonly sets: string;
  /** nftables' own tables, as text for `nft -f`. */
  readonly native: string;
  /** What nft holds inside iptables' tables. */
  readonly within: readonly Within[];
  /** Settings below /proc/sys/net that decide about packets; a new namespace has their defaults. */
  readonly sysctls: ReadonlyMap<string, string>;
}

/**
 * Reads what a sandbox is to be filled with.
 *
 * @param live - the live rules, of each variant that holds any
 */
export async function readHostState(live: readonly Live[]): Promise<HostState> {
  const nft = live.find(({ variant }) => variant === 'nft');
  const [within, links, sets, native, sysctls] = await Promise.all([
    nft === undefined ? [] : readWithin(nft.rules).catch(() => []),
    readLinks(),
    // What cannot be read is left out: a rule that needs it will not load, and that is reported.
    readSets().catch(() => null),
    readNative().catch(() => null),
    readSysctlsBy(runHere).catch(() => new Map<string, string>()),
  ]);
  return {
    live,
    links,
    within,
    sets: sets ?? '',
    native: (native ?? []).map(({ text }) => text).join(''),
    sysctls,
  };
}

/**
 * Gives a sandbox the host's network: interfaces, settings, routes, sets, rules.
 *
 * @returns why the sandbox differs from the host; undefined when its rules read back the same
 */
export async function fillSandbox(
  sandbox: Sandbox,
  { live, links, sets, native, within, sysctls }: HostState,
): Promise<string | undefined> {
  const load = (input: string, ...family: readonly string[]): Promise<unknown> =>
    sandbox.onNetwork(['ip', ...family, '-force', '-batch', '-'], input).catch(() => undefined);
  if (links !== undefined) await load(links.links);
  await sandbox.onNetwork(['sh', '-c', settingLines(sysctls)]);
  // After the settings: IPv6 that is switched on anew begins without routes.
  if (links !== undefined) {
    await load(links.routing.ipv4, '-4');
    await load(links.routing.ipv6, '-6');
  }
  if (sets !== '') {
    const { exitCode, stderr } = await sandbox.onNetwork(['ipset', 'restore'], sets);
    if (exitCode !== 0) return `the host's ipsets do not load: ${firstLine(stderr)}`;
  }
  for (const { variant, rules } of live)
    for (const family of FAMILIES) {
      const difference = await loadRules(sandbox, family, variant, rules[family]);
      if (difference !== undefined) return difference;
    }
  const input =
    (within.length === 0 ? '' : withinInput(within, [], await listAll(sandbox.onNetwork))) + native;
  if (input === '') return undefined;
  const { exitCode, stderr } = await sandbox.onNetwork(['nft', '-f', '-'], input);
  return exitCode === 0 ? undefined : `the host's own nftables tables do not load: ${firstLine(stderr)}`;
}

/** A script that sets what the host has set, first what is for all interfaces: that changes each of them. */
function settingLines(sysctls: ReadonlyMap<string, string>): string {
  const isForAll = (path: string): boolean => !/\/conf\/(?!all\/|default\/)/.test(path);
  const paths = [...sysctls.keys()].sort((a, b) => Number(isForAll(b)) - Number(isForAll(a)));
  const lines = paths.map((path) => sh`echo ${sysctls.get(path) ?? ''} >/proc/sys/net/${path}`);
  return ['exec 2>/dev/null', ...lines.map((line) => `{ ${line}; } || :`)].join('\n');
}

async function loadRules(
  sandbox: Sandbox,
  family: Family,
  variant: Variant,
  held: Ruleset,
): Promise<string | undefined> {
  const rules = withPlaceholders(held);
  if (rules.tables.size === 0) return undefined;
  const tool = toolName(family, variant, 'restore');
  const { exitCode, stderr } = await sandbox.onNetwork([tool, '--counters'], printRuleset(rules, 'counters'));
  if (exitCode !== 0) return `the host's ${family} rules do not load: ${firstLine(stderr)}`;
  const difference = rehearsalDifference(rules, await saveIn(sandbox, family, variant));
  return difference === undefined
    ? undefined
    : `the host's ${family} rules load otherwise than they stand: ${difference}`;
}

const firstLine = (text: string): string =>
  text.split('\n').find((line) => line.trim() !== '') ?? 'no reason given';

/**
 * Reads both families of one variant in a sandbox.
 *
 * @throws Fault when they cannot be read: never "no rules" for "could not look"
 */
export async function readIn(sandbox: Sandbox, variant: Variant): Promise<HostRules> {
  if (variant === 'nft' && !(await hasIptables())) return { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET };
  const [ipv4, ipv6] = await Promise.all([
    saveIn(sandbox, 'ipv4', variant),
    saveIn(sandbox, 'ipv6', variant),
  ]);
  if (variant === 'legacy') return { ipv4, ipv6 };
  const { rules, moving, unverified } = await holdAgainstKernel({ ipv4, ipv6 }, 'dockers', sandbox.onNetwork);
  if (moving !== undefined) throw new Error(`after the rehearsal ${unverified ?? ''}`);
  return rules;
}

async function saveIn(sandbox: Sandbox, family: Family, variant: Variant): Promise<Ruleset> {
  const tool = toolName(family, variant, 'save');
  const { stdout, stderr, exitCode } = await sandbox.onNetwork([tool, '-c']);
  if (exitCode !== 0) throw new Error(`${tool} failed in the rehearsal: ${firstLine(stderr)}`);
  return parseSave(stdout, `${tool} in the rehearsal`).ruleset;
}

/** Whether the sandbox's kernel has tables of the legacy variant. Reading that loads no module. */
export async function hasLegacyIn(sandbox: Sandbox): Promise<boolean> {
  const { stdout } = await sandbox.onNetwork([
    ...([
      'sh',
      '-c',
      'cat /proc/self/net/ip_tables_names /proc/self/net/ip6_tables_names 2>/dev/null',
    ] as const),
  ]);
  return stdout.trim() !== '';
}
