import { Fault } from '../../fault.ts';
import { shapesOf } from '../../firewall/iptables/ownership/match.ts';
import { relayChains } from '../../firewall/iptables/ownership/relay.ts';
import type { HostRules, Ruleset } from '../../firewall/iptables/text/model.ts';
import { FAMILIES, NFT_FAMILY, type Family } from '../../net/family.ts';
import { chainKey, parseBytecode, type KernelRules } from '../../firewall/iptables/text/bytecode.ts';
import { withHidden, type Judged } from '../../firewall/iptables/text/hidden.ts';
import { run, type Runner } from '../command/command.ts';

/** `dockers`: the chains Docker writes to, DOCKER-USER among them. `all`: every chain. */
export type Depth = 'dockers' | 'all';

/** Runs a command in the network namespace of the rules. */

const here: Runner = (words) => run(words, { whileWorking: true });

/** Rules compared with what the kernel has. */
export interface Held {
  readonly rules: HostRules;
  /** Why not all of them could be compared; absent where they were. */
  readonly unverified?: string;
  /** The chains concerned, as {@link chainKey}, where it is only some: they changed meanwhile. Absent for all. */
  readonly moving?: readonly string[];
}

/** A family with at most so many rules is listed whole: cheaper than one process a chain. */
const FEW = 2_000;
/** How many chains are listed at a time. */
const AT_ONCE = 4;

// Stateless: the value of a counter or quota is not part of a rule.
const LIST = ['nft', '-a', '-s', '-t', '--debug=netlink', 'list'] as const;

/**
 * Compares what a save of the nft variant printed with nft's own listing: iptables-save prints rules that nft wrote with sets or
 * maps without them (docs/evidence/save-hides.md).
 *
 * @param rules - both families, just saved
 * @param depth - which chains; of a family with few rules always all
 * @param runner - runs nft in the network namespace of the rules
 */
export async function holdAgainstKernel(
  rules: HostRules,
  depth: Depth,
  runner: Runner = here,
): Promise<Held> {
  try {
    const [ipv4, ipv6] = await Promise.all(
      FAMILIES.map((family) => judged(rules[family], family, depth, runner)),
    );
    const held = { ipv4: ipv4?.ruleset ?? rules.ipv4, ipv6: ipv6?.ruleset ?? rules.ipv6 };
    const moving = [...(ipv4?.moving ?? []), ...(ipv6?.moving ?? [])];
    return moving.length === 0 ? { rules: held } : { rules: held, unverified: changing(moving), moving };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { rules, unverified: error.message };
  }
}

const changing = (moving: readonly string[]): string =>
  `the rules of chain ${[...new Set(moving.map((key) => key.split(' ').slice(2).join(' ')))].join(', ')} kept changing while they were read`;

async function judged(ruleset: Ruleset, family: Family, depth: Depth, runner: Runner): Promise<Judged> {
  const chains = [...ruleset.tables.values()].flatMap(({ name, chains }) =>
    [...chains.values()].map((chain) => ({ table: name, chain: chain.name, count: chain.rules.length })),
  );
  const total = chains.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return { ruleset, moving: [] };
  if (depth === 'all' || total <= FEW)
    return withHidden(ruleset, family, await list(runner, 'ruleset', NFT_FAMILY[family]), () => true);
  const relays = new Map([...ruleset.tables].map(([name, table]) => [name, relayChains(table)]));
  const wanted = chains.filter(
    ({ table, chain, count }) =>
      count > 0 && (isDockers(table, chain) || relays.get(table)?.has(chain) === true),
  );
  const listed: KernelRules[] = [];
  for (let at = 0; at < wanted.length; at += AT_ONCE)
    listed.push(
      ...(await Promise.all(
        wanted
          .slice(at, at + AT_ONCE)
          .map(({ table, chain }) => list(runner, 'chain', NFT_FAMILY[family], table, chain)),
      )),
    );
  const keys = new Set(wanted.map(({ table, chain }) => chainKey(family, table, chain)));
  const held = new Map(listed.flatMap((rules) => [...rules]));
  return withHidden(ruleset, family, held, (table, chain) => keys.has(chainKey(family, table, chain)));
}

const isDockers = (table: string, chain: string): boolean =>
  shapesOf(table, chain) !== undefined || /^DOCKER[\w-]*$/.test(chain);

/** The rules of both families' iptables tables, as the kernel holds them. @throws Fault RG_COMMAND */
export const listAll = async (runner: Runner = here): Promise<KernelRules> => {
  const families = await Promise.all(FAMILIES.map((family) => list(runner, 'ruleset', NFT_FAMILY[family])));
  return new Map(families.flatMap((rules) => [...rules]));
};

async function list(runner: Runner, ...what: readonly string[]): Promise<KernelRules> {
  const { stdout, stderr, exitCode } = await runner([...LIST, ...what]);
  if (exitCode === 0) return parseBytecode(stdout);
  // The chain is gone: the next reading shows it.
  if (/No such file or directory/.test(stderr)) return new Map();
  throw new Fault('RG_COMMAND', 3, `nft list ${what.join(' ')} failed: ${stderr.split('\n')[0] ?? ''}`);
}
