import type { Network } from '../../../../../src/docker/inventory/inventory.ts';
import { decodeOptions } from '../../../../../src/docker/options.ts';
import {
  ownHost,
  type Knowledge,
  type OwnedHost,
  type OwnedRule,
  type Undecided,
} from '../../../../../src/firewall/iptables/ownership/ownership.ts';
import { FAMILIES, type Family } from '../../../../../src/net/family.ts';
import { hostOf, type RulesByTable } from '../../../../support/text.ts';

/** What a test says of one rule. Rules in chains that do not concern Docker are foreign. */
export interface Verdict {
  readonly owner: OwnedRule['owner'];
  readonly level?: OwnedRule['level'];
  readonly shape?: string;
}

const toVerdict = ({ owner, level, shape }: OwnedRule): Verdict => ({
  owner,
  ...(level === undefined ? {} : { level }),
  ...(shape === undefined ? {} : { shape: shape.id }),
});

/** Every rule that stands in a chain that concerns Docker. */
export function ownedRules(owned: OwnedHost): readonly OwnedRule[] {
  return FAMILIES.flatMap((family) => [...owned.families[family].values()])
    .flatMap((chains) => [...chains.values()])
    .flatMap((chain) => chain.rules);
}

/** The verdict on one rule of a host: on its last copy, where it stands more than once. */
export function verdictOn(owned: OwnedHost, family: Family, table: string, text: string): Verdict {
  const chain = text.split(' ')[1] ?? '';
  const found = owned.families[family]
    .get(table)
    ?.get(chain)
    ?.rules.findLast(({ rule }) => rule.text === text);
  return found === undefined ? { owner: 'foreign' } : toVerdict(found);
}

/** What is said of one rule when it stands beside others. */
export interface Case {
  readonly family?: Family;
  readonly beside?: RulesByTable;
  readonly knowledge?: Knowledge;
}

/** The verdict on a rule that is appended to the rules beside it, and what is undecided about it. */
export function judge(
  table: string,
  text: string,
  { family = 'ipv4', beside = {}, knowledge = {} }: Case = {},
): {
  readonly verdict: Verdict;
  readonly undecided: readonly Undecided[];
} {
  const rules = { ...beside, [table]: [...(beside[table] ?? []), text] };
  const owned = ownHost(family === 'ipv4' ? hostOf(rules) : hostOf({}, rules), knowledge);
  return {
    verdict: verdictOn(owned, family, table, text),
    undecided: owned.undecided.filter(({ rule }) => rule === text),
  };
}

/** A bridge network as the Engine describes it. */
export function networkOf(
  bridge: string,
  subnets: readonly string[],
  options: Readonly<Record<string, string>> = {},
): Network {
  return {
    id: 'f'.repeat(64),
    name: `net-${bridge}`,
    driver: 'bridge',
    bridge,
    internal: false,
    subnets,
    gateways: [],
    ...decodeOptions(options, 'bridge', undefined).settings,
  };
}
