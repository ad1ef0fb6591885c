import { type HostRules, BUILTIN_CHAINS, isBuiltin } from '../../src/firewall/iptables/text/model.ts';
import { Fault } from '../../src/fault.ts';
import { parseSave } from '../../src/firewall/iptables/text/parse.ts';
import { TARGETS } from '../../src/firewall/iptables/text/targets.ts';
import { viewRule } from '../../src/firewall/iptables/text/view.ts';

/** Rules by table, in save's spelling: `{ nat: ['-A POSTROUTING -j MASQUERADE'] }`. */
export type RulesByTable = Readonly<Record<string, readonly string[]>>;

/** The chains a list of rules stands in or jumps to, without the built-in ones. */
function userChains(table: string, rules: readonly string[]): ReadonlySet<string> {
  const named = rules.flatMap((text) => {
    const { chain, verdict } = viewRule({ text });
    return verdict === undefined || TARGETS.has(verdict.target) ? [chain] : [chain, verdict.target];
  });
  return new Set(named.filter((chain) => !isBuiltin(table, chain)));
}

/** A save with just these rules: every chain they need is declared, as the kernel would have it. */
export function saveOf(tables: RulesByTable): string {
  const lines = Object.entries(tables).flatMap(([table, rules]) => [
    `*${table}`,
    ...(BUILTIN_CHAINS[table] ?? []).map((chain) => `:${chain} ACCEPT [0:0]`),
    ...[...userChains(table, rules)].map((chain) => `:${chain} - [0:0]`),
    ...rules,
    'COMMIT',
  ]);
  return lines.map((line) => `${line}\n`).join('');
}

/** A host with just these rules. */
export function hostOf(ipv4: RulesByTable, ipv6: RulesByTable = {}): HostRules {
  return { ipv4: parseSave(saveOf(ipv4)).ruleset, ipv6: parseSave(saveOf(ipv6)).ruleset };
}

/** The fault that `act` ends in. Anything else it throws, or nothing, fails the test. */
export function faultOf(act: () => unknown): Fault {
  try {
    act();
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
  throw new Error('no fault was thrown');
}
