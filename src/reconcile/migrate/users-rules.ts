import { USER_CHAIN } from '../../firewall/iptables/ownership/chain-shapes.ts';
import type { OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import { chainOf, type HostRules, type Rule } from '../../firewall/iptables/text/model.ts';
import { targetOf } from '../../firewall/iptables/text/view.ts';
import { FAMILIES, type Family } from '../../net/family.ts';

/** A chain of the user's, as it is to be carried into a table of nftables. */
export interface UsersChain {
  readonly name: string;
  readonly rules: readonly Rule[];
}

/** A rule that is not carried, and why. */
export interface NotCarried {
  readonly family: Family;
  readonly rule: string;
  readonly why: string;
}

/** What the user keeps in DOCKER-USER, with the chains that lead on from there. */
export interface UsersRules {
  readonly chains: Readonly<Record<Family, readonly UsersChain[]>>;
  readonly notCarried: readonly NotCarried[];
}

/** Chains that ufw writes: iptables meets them in FORWARD whatever Docker does, and ufw keeps them up to date. */
const OF_UFW = /^ufw6?-/;
/** nft takes other names in quotes only where it prints them. */
const PLAIN_NAME = /^[A-Za-z][\w-]{0,62}$/;

/**
 * The user's rules before Docker's: DOCKER-USER, and every chain that it leads to. Docker's own RETURN at its end is not among them.
 *
 * @param owned - the same rules, owned
 */
export function usersRules(rules: HostRules, owned: OwnedHost): UsersRules {
  const notCarried: NotCarried[] = [];
  const of = (family: Family): readonly UsersChain[] => {
    const found = new Map<string, UsersChain>();
    const dockers = new Set(
      owned.families[family]
        .get('filter')
        ?.get(USER_CHAIN)
        ?.rules.flatMap(({ owner, rule }) => (owner === 'docker' ? [rule] : [])),
    );
    const queue = [USER_CHAIN];
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      if (found.has(name)) continue;
      const all = chainOf(rules[family], 'filter', name)?.rules ?? [];
      const carried = all.filter((rule) => {
        if (dockers.has(rule)) return false;
        const why = whyNot(rule);
        if (why !== undefined) notCarried.push({ family, rule: rule.text, why });
        return why === undefined;
      });
      found.set(name, { name, rules: carried });
      for (const rule of carried) {
        const target = leadsTo(rule);
        if (target !== undefined && chainOf(rules[family], 'filter', target) !== undefined)
          queue.push(target);
      }
    }
    const chains = [...found.values()];
    return chains.every((chain) => chain.rules.length === 0) ? [] : chains;
  };
  const [ipv4, ipv6] = FAMILIES.map(of);
  return { chains: { ipv4: ipv4 ?? [], ipv6: ipv6 ?? [] }, notCarried };
}

const leadsTo = ({ text }: Rule): string | undefined => targetOf(text) ?? / -g (\S+)/.exec(text)?.[1];

function whyNot(rule: Rule): string | undefined {
  const { text } = rule;
  if (rule.printed !== undefined)
    return 'nft wrote it: it cannot be read in full here; it is in nft list ruleset';
  if (/[^ -~]/.test(text)) return 'it holds characters that nft does not take';
  const set = / --match-set (\S+)/.exec(text)?.[1];
  if (set !== undefined)
    return `nftables knows no ipsets: make a set of ${set} in this table, and a rule that asks it (ip saddr @${set} drop)`;
  const target = leadsTo(rule);
  if (target === undefined) return undefined;
  if (OF_UFW.test(target)) return `${target} is ufw's: iptables goes on to meet it in FORWARD`;
  return PLAIN_NAME.test(target) ? undefined : `nft takes no chain of the name ${target}`;
}

/** Chains that fail2ban fills itself: carried are the bans of today. */
export const bansIn = ({ chains }: Pick<UsersRules, 'chains'>): readonly string[] => [
  ...new Set(
    FAMILIES.flatMap((family) => chains[family].flatMap(({ name }) => (/^f2b-/.test(name) ? [name] : []))),
  ),
];
