import { leavingOf } from '../docker/intent/network.ts';
import type { Network } from '../docker/inventory/inventory.ts';
import type {
  OwnedChain,
  OwnedHost,
  OwnedRule,
  OwnedTables,
} from '../firewall/iptables/ownership/ownership.ts';
import type { PurposeId } from '../firewall/iptables/ownership/purpose.ts';
import { FAMILIES, type Family } from '../net/family.ts';
import { outOfOrder } from '../firewall/iptables/order/order.ts';

/** One family's rules of Docker's, indexed. */
class FamilyRules {
  readonly family: Family;
  private readonly tables: OwnedTables;
  /** Per shape id, the bridges it names. */
  private readonly bridgesByShape = new Map<PurposeId, Set<string>>();
  private readonly shapes = new Set<PurposeId>();
  readonly rules: readonly OwnedRule[];

  constructor(family: Family, tables: OwnedTables) {
    this.family = family;
    this.tables = tables;
    this.rules = this.chains.flatMap((chain) => chain.rules.filter(({ owner }) => owner === 'docker'));
    for (const { shape, captures } of this.rules) {
      if (shape === undefined) continue;
      this.shapes.add(shape.id);
      if (captures?.bridge === undefined) continue;
      const bridges = this.bridgesByShape.get(shape.id) ?? new Set<string>();
      this.bridgesByShape.set(shape.id, bridges.add(captures.bridge));
    }
  }

  chain(table: string, name: string): OwnedChain | undefined {
    const chain = this.tables.get(table)?.get(name);
    return chain?.owner === 'foreign' ? undefined : chain;
  }

  /** Every chain of every table that concerns Docker. */
  get chains(): readonly OwnedChain[] {
    return [...this.tables.values()].flatMap((chains) => [...chains.values()]);
  }

  jumps(table: string, from: string, to: string): boolean {
    const rules = this.tables.get(table)?.get(from)?.rules ?? [];
    return rules.some(({ owner, rule }) => owner === 'docker' && rule.text.endsWith(` -j ${to}`));
  }

  has(shapeId: PurposeId, bridge?: string): boolean {
    return bridge === undefined
      ? this.shapes.has(shapeId)
      : (this.bridgesByShape.get(shapeId)?.has(bridge) ?? false);
  }

  bridgesOf(shapeIds: readonly PurposeId[]): ReadonlySet<string> {
    return new Set(shapeIds.flatMap((id) => [...(this.bridgesByShape.get(id) ?? [])]));
  }
}

/** Rules that a bridge network has once it works at all, in the layouts before and from 28.0.1 on. */
const OLD_LAYOUT: readonly PurposeId[] = ['forward-docker', 'forward-established', 'forward-out'];
const NEW_LAYOUT: readonly PurposeId[] = ['bridge-docker', 'bridge-established'];
const NETWORK_RULES: readonly PurposeId[] = [
  ...OLD_LAYOUT,
  ...NEW_LAYOUT,
  'masquerade',
  'proxy-return',
  'unpublished-drop',
  'dnat',
  'port-accept',
  'network-icc-drop',
];

/**
 * Why a state looks damaged and should not be recorded; empty when it looks sound. Judged by the text of the rules; the Engine's
 * networks, where it answered, show what is missing on purpose; the previous baseline shows what was there at all. Facts:
 * docs/reference/docker-iptables.md#order-that-matters.
 *
 * @param before - the last baseline's rules, if there is one
 */
export function unsoundness(
  owned: OwnedHost,
  networks: readonly Network[] | undefined,
  before?: OwnedHost,
): readonly string[] {
  return FAMILIES.flatMap((family) => [
    ...goneReasons(family, owned, before),
    ...familyReasons(new FamilyRules(family, owned.families[family]), networks),
  ]);
}

/** A table or a family without any rule of Docker's looks just like one it never wrote to. */
function goneReasons(family: Family, owned: OwnedHost, before: OwnedHost | undefined): readonly string[] {
  const tables = owned.families[family];
  if (family === 'ipv4' && tables.size === 0 && owned.families.ipv6.size > 0) {
    return ["ipv4: no rules of Docker's, although ipv6 has some"];
  }
  const isPublishing = new FamilyRules(family, tables).has('dnat');
  return (
    [...(before?.families[family].keys() ?? [])]
      .filter((table) => !tables.has(table))
      // Docker's chains stay when the last network goes; the rules in raw come and go with the containers.
      .filter((table) => table === 'nat' || table === 'filter' || (table === 'raw' && isPublishing))
      .map(
        (table) => `${family}: no rules of Docker's in table ${table}, although the last baseline has some`,
      )
  );
}

function familyReasons(rules: FamilyRules, networks: readonly Network[] | undefined): readonly string[] {
  if (
    rules.chain('filter', 'DOCKER') === undefined &&
    rules.chain('nat', 'DOCKER') === undefined &&
    rules.rules.length === 0
  )
    return [];
  // Engines up to 27 write ip6 chains and isolation rules long before any network uses IPv6
  // (docs/reference/docker-iptables.md#bridge-networks).
  const active = rules.family === 'ipv4' || rules.bridgesOf(NETWORK_RULES).size > 0;
  const reasons = active
    ? [
        ...missingChains(rules),
        ...missingJumps(rules),
        ...bridgeReasons(rules, networks),
        ...portReasons(rules),
      ]
    : [];
  return [...reasons, ...orderReasons(rules)].map((reason) => `${rules.family}: ${reason}`);
}

const isNewLayout = (rules: FamilyRules): boolean => rules.chain('filter', 'DOCKER-FORWARD') !== undefined;

function missingChains(rules: FamilyRules): readonly string[] {
  const isolated =
    rules.chain('filter', 'DOCKER-ISOLATION-STAGE-1') !== undefined ||
    rules.chain('filter', 'DOCKER-ISOLATION') !== undefined;
  const needed: readonly (readonly [string, string])[] = [
    ['nat', 'DOCKER'],
    ['filter', 'DOCKER'],
    ...(rules.family === 'ipv4' ? [['filter', 'DOCKER-USER'] as const] : []),
    ...(isNewLayout(rules) ? [['filter', 'DOCKER-CT'] as const, ['filter', 'DOCKER-BRIDGE'] as const] : []),
    ...(rules.chain('filter', 'DOCKER-ISOLATION-STAGE-1') !== undefined
      ? [['filter', 'DOCKER-ISOLATION-STAGE-2'] as const]
      : []),
  ];
  const reasons = needed
    .filter(([table, chain]) => rules.chain(table, chain) === undefined)
    .map(([table, chain]) => `chain ${chain} is missing in table ${table}`);
  if (
    !isolated &&
    rules.chain('filter', 'DOCKER-INTERNAL') === undefined &&
    !rules.has('forward-set-docker')
  ) {
    reasons.push('no isolation chain (DOCKER-ISOLATION-STAGE-1 or DOCKER-INTERNAL) in table filter');
  }
  return reasons;
}

function missingJumps(rules: FamilyRules): readonly string[] {
  const from = isNewLayout(rules) ? 'DOCKER-FORWARD' : 'FORWARD';
  const expected: readonly (readonly [string, string, string])[] = [
    ['nat', 'PREROUTING', 'DOCKER'],
    ['nat', 'OUTPUT', 'DOCKER'],
    ['nat', 'PREROUTING', 'DOCKER-INGRESS'],
    ['nat', 'OUTPUT', 'DOCKER-INGRESS'],
    ['filter', 'FORWARD', 'DOCKER-USER'],
    ['filter', 'FORWARD', 'DOCKER-FORWARD'],
    ['filter', from, 'DOCKER-ISOLATION-STAGE-1'],
    ['filter', from, 'DOCKER-ISOLATION'],
    ['filter', from, 'DOCKER-INGRESS'],
    ['filter', 'DOCKER-FORWARD', 'DOCKER-INTERNAL'],
    ['filter', 'DOCKER-FORWARD', 'DOCKER-CT'],
    ['filter', 'DOCKER-FORWARD', 'DOCKER-BRIDGE'],
  ];
  return expected
    .filter(([table, chain, to]) => rules.chain(table, to) !== undefined && !rules.jumps(table, chain, to))
    .map(([table, chain, to]) => `chain ${to} exists, but nothing in ${chain} (table ${table}) jumps to it`);
}

function bridgeReasons(rules: FamilyRules, networks: readonly Network[] | undefined): readonly string[] {
  const reasons: string[] = [];
  for (const bridge of rules.bridgesOf(NETWORK_RULES)) {
    if (rules.has('internal-drop', bridge)) continue;
    const network = networks?.find((candidate) => candidate.bridge === bridge);
    const layout = isNewLayout(rules) ? NEW_LAYOUT : rules.has('forward-set-docker') ? [] : OLD_LAYOUT;
    for (const id of layout)
      if (!rules.has(id, bridge)) reasons.push(`${bridge} has rules, but its ${id} rule is missing`);
    if (
      isNewLayout(rules) &&
      !rules.has('unpublished-drop', bridge) &&
      !rules.has('unprotected-accept', bridge)
    ) {
      reasons.push(`${bridge} has rules, but nothing closes or opens its unpublished ports`);
    }
    if (!rules.has('masquerade', bridge) && !masqueradeIsOff(rules, bridge, network)) {
      reasons.push(
        `${bridge} has rules, but no MASQUERADE: replies from outside cannot return to its containers`,
      );
    }
  }
  return reasons;
}

/** The network's options, or the rules of a routed one, show it; the text alone cannot distinguish lost from switched off. */
function masqueradeIsOff(rules: FamilyRules, bridge: string, network: Network | undefined): boolean {
  if (rules.has('routed-icmp', bridge) || rules.has('routed-return', bridge)) return true;
  return network !== undefined && (network.internal || leavingOf(network, rules.family).as === 'itself');
}

/** A port that is translated but not let through, or the other way round, was half lost. */
function portReasons(rules: FamilyRules): readonly string[] {
  const keyOf = ({ captures }: OwnedRule): string =>
    `${captures?.ip ?? ''} port ${captures?.port ?? ''}/${captures?.proto ?? ''}`;
  const keysOf = (id: PurposeId, wanted: (owned: OwnedRule) => boolean): ReadonlySet<string> =>
    new Set(rules.rules.filter((owned) => owned.shape?.id === id && wanted(owned)).map(keyOf));
  const guarded = ({ captures }: OwnedRule): boolean =>
    !rules.has('unprotected-accept', captures?.bridge ?? '') &&
    !rules.has('routed-icmp', captures?.bridge ?? '');
  const translated = keysOf('dnat', guarded);
  const accepted = keysOf('port-accept', guarded);
  return [
    ...[...translated]
      .filter((key) => !accepted.has(key))
      .map((key) => `${key} is translated, but not let through in chain DOCKER`),
    ...[...accepted]
      .filter((key) => !translated.has(key))
      .map((key) => `${key} is let through, but nothing translates to it`),
  ];
}

function orderReasons(rules: FamilyRules): readonly string[] {
  return rules.chains.flatMap((chain) => {
    const dockers = chain.rules.filter(({ owner }) => owner === 'docker');
    return [...outOfOrder(dockers)].map(
      (index) => `has no effect in its position (table ${chain.table}): ${dockers[index]?.rule.text ?? ''}`,
    );
  });
}
