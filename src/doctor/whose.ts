import type { Owner } from '../firewall/iptables/ownership/ownership.ts';
import { USER_CHAIN } from '../firewall/iptables/ownership/chain-shapes.ts';
import { writtenChains } from '../firewall/iptables/ownership/written.ts';
import { rulesOf, type Rule } from '../firewall/iptables/text/model.ts';
import { targetOf } from '../firewall/iptables/text/view.ts';
import type { Family } from '../net/family.ts';
import { memory } from '../trace/memory.ts';
import type { Stopped } from '../trace/path.ts';
import type { Facts } from './facts/facts.ts';

/** Who decided that a packet ends: Docker, this host's operator on purpose, or anybody else. */
export type Decider = 'docker' | 'operator' | 'other';

/** Chains that a firewall manager fills with what its operator told it. */
const MANAGERS: readonly (readonly [manager: string, chain: RegExp])[] = [
  ['ufw', /^ufw6?-/],
  ['fail2ban', /^(?:f2b|fail2ban)-/],
  ['crowdsec', /^CROWDSEC/],
  [
    'firewalld',
    /^(?:INPUT|FORWARD|OUTPUT)_(?:ZONES|IN_ZONES|OUT_ZONES|direct|POLICIES)|^(?:IN|FWDI|FWDO|FWD)_/,
  ],
  ['shorewall', /^shorewall6?$/],
  ['csf', /^(?:LOCALINPUT|LOCALOUTPUT|LOGDROPIN|LOGDROPOUT|DENYIN|DENYOUT|ALLOWIN|ALLOWOUT)$/],
];

/** The firewall manager that fills a chain of this name; undefined where none is known to. */
export const managerOf = (chain: string): string | undefined =>
  MANAGERS.find(([, name]) => name.test(chain))?.[0];

/** Whose a rule is; `foreign` for a policy, and in the variant that Docker does not write to. */
export function ownerOf(
  rule: Rule | undefined,
  table: string,
  family: Family,
  { variant, facts }: { readonly variant: string; readonly facts: Pick<Facts, 'owned' | 'variant'> },
): Owner {
  const chains = variant === facts.variant ? facts.owned?.families[family].get(table) : undefined;
  if (rule === undefined || chains === undefined) return 'foreign';
  const rules = writtenChains(chains).get(rule.chain)?.rules ?? [];
  return rules.find((one) => one.rule.text === rule.text)?.owner ?? 'foreign';
}

/** Who decides at the end of a path that is stopped. */
export function deciderOf(
  end: Stopped,
  family: Family,
  facts: Pick<Facts, 'owned' | 'variant' | 'netState'>,
): Decider {
  const { variant, table, chain, rule, native } = end;
  if (native !== undefined) return / firewalld$/.test(table) ? 'operator' : 'other';
  if (managerOf(chain) !== undefined) return 'operator';
  if (rule === undefined)
    return table === 'filter' && chain === 'FORWARD' && variant === facts.variant ? 'docker' : 'other';
  if (table === 'filter' && usersChains(facts, variant, family).has(chain)) return 'operator';
  return ownerOf(rule, table, family, { variant, facts }) === 'docker' ? 'docker' : 'other';
}

const reading = memory<ReadonlySet<string>>();

/** DOCKER-USER, and the chains of others that its rules lead to. */
export function usersChains(
  { netState }: Pick<Facts, 'netState'>,
  variant: string,
  family: Family,
): ReadonlySet<string> {
  return reading(netState.rulesets, `${variant} ${family}`, () => {
    const ruleset = netState.rulesets.find((one) => one.variant === variant)?.rules[family];
    const found = new Set([USER_CHAIN]);
    const filter = ruleset?.tables.get('filter');
    if (ruleset === undefined || filter === undefined) return found;
    for (const chain of found)
      for (const { text } of rulesOf(ruleset, 'filter', chain)) {
        const target = targetOf(text);
        if (target !== undefined && filter.chains.has(target) && !target.startsWith('DOCKER'))
          found.add(target);
      }
    return found;
  });
}
