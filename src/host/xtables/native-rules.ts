import { Fault } from '../../fault.ts';
import { FAMILIES } from '../../net/family.ts';
import { run } from '../command/command.ts';
import { XTABLES } from '../../firewall/nftables/tables/names.ts';

/** How many rules are named. */
const SHOWN = 3;

/**
 * A fault of rules that iptables cannot show, with the rules that may be to blame: those nft wrote into iptables' tables. Any
 * other error stays as it is.
 */
export async function naming(error: unknown): Promise<unknown> {
  if (!(error instanceof Fault) || error.code !== 'RG_INCOMPATIBLE') return error;
  const found = await nativeRules().catch(() => []);
  if (found.length === 0) return error;
  const more = found.length - SHOWN;
  const [first] = found;
  return new Fault(error.code, error.exit, error.message, {
    details: [
      ...error.details,
      'Written by nft, not by iptables:',
      ...found.slice(0, SHOWN).map(({ place, rule }) => `${place}: ${rule}`),
      ...(more > 0 ? [`… and ${String(more)} more`] : []),
    ],
    hint: `Write the same with iptables or into a table of nft's own, and only then delete it here: nft delete rule ${first?.place ?? ''} handle ${first?.handle ?? ''}`,
    cause: error,
  });
}

interface PlacedNativeRule {
  /** `ip filter DOCKER-USER` */
  readonly place: string;
  readonly rule: string;
  readonly handle: string;
}

/** Rules in iptables' tables that iptables did not write: each of its own has a counter. */
async function nativeRules(): Promise<readonly PlacedNativeRule[]> {
  const listings = await Promise.all(
    FAMILIES.map((family) => run(['nft', '-a', 'list', 'ruleset', family === 'ipv4' ? 'ip' : 'ip6'])),
  );
  return listings.flatMap(({ stdout }) => nativeRulesIn(stdout));
}

/** The same in one listing of `nft -a`. */
export function nativeRulesIn(listing: string): readonly PlacedNativeRule[] {
  let [table, chain] = ['', ''];
  const found: PlacedNativeRule[] = [];
  for (const line of listing.split('\n')) {
    table = /^table (\S+ \S+) \{/.exec(line)?.[1] ?? table;
    const block = /^\t(\w+) (\S+) \{/.exec(line);
    if (block !== null) chain = block[1] === 'chain' ? (block[2] ?? '') : '';
    const [, rule, handle] = /^\t\t(?!type )(\S.*) # handle (\d+)$/.exec(line) ?? [];
    if (rule === undefined || handle === undefined || chain === '') continue;
    if (XTABLES.test(table) && !/\bcounter packets \d/.test(rule))
      found.push({ place: `${table} ${chain}`, rule, handle });
  }
  return found;
}
