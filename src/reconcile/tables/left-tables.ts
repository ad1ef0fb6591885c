import { ownTableRule, type OwnedTableRule } from '../../firewall/nftables/ownership/ownership.ts';
import type { TablePurposeId } from '../../firewall/nftables/ownership/purpose.ts';
import type { NftChain, NftTable } from '../../firewall/nftables/tables/model.ts';
import { ENCRYPTED_VNIS } from '../../firewall/nftables/tables/names.ts';
import { tableName } from '../../firewall/nftables/tables/print.ts';
import type { Finding } from '../finding.ts';

/** What is known of how tables were left. */
export interface LeftSince {
  /** From when they are left, as an end of the sentence. */
  readonly since: string;
  /** Whether no Engine but the one that was asked is in this network namespace: another one may keep them. */
  readonly isAlone: boolean;
}

/**
 * Tables that an Engine wrote and none writes any more: with the firewall backend iptables, or with IPv6 switched off. A start of dockerd leaves
 * those of a family that it does not write (docs/reference/docker-nftables.md#tables-that-are-left).
 */
export const leftTables = (tables: readonly NftTable[], { since, isAlone }: LeftSince): readonly Finding[] =>
  tables.map((table) => ({
    ...{ kind: 'orphan', severity: 'notice', family: table.family, table: table.name, chain: '' },
    consequence: isAlone
      ? [
          `left from ${since}: Docker does not keep it up to date`,
          ...deedsOf(table),
          `to take it out: ${deleteCommand(table)}`,
        ].join('; ')
      : 'the Engine that was asked does not write it: it is left from before, or another Engine of this network namespace keeps it',
  }));

/** What takes a table out, as somebody types it. */
export const deleteCommand = (table: NftTable): string => `nft delete table ${tableName(table)}`;

/** What a rule does to packets that another table lets through: `about` is what it is counted by. */
interface Deed {
  readonly about: keyof OwnedTableRule['captures'] | 'rule';
  readonly words: (number: number) => string;
}

const counted = (number: number, one: string, many = `${one}s`): string =>
  number === 1 ? `1 ${one}` : `${String(number)} ${many}`;

const networks = (number: number): string => counted(number, 'network');

const HIDES: Deed = {
  about: 'bridge',
  words: (number) => `hides what leaves ${networks(number)} behind this host`,
};
const ENCLOSES: Deed = {
  about: 'bridge',
  words: (number) => `keeps ${counted(number, 'internal network')} apart`,
};
const RENAMES: Deed = {
  about: 'bridge',
  words: (number) => `changes the source of packets to ${networks(number)}`,
};

/** What rules of each purpose do; undefined for those that only accept, return, or lead to other rules. */
const DEEDS: Readonly<Record<TablePurposeId, Deed | undefined>> = {
  dnat: {
    about: 'rule',
    words: (number) => `leads ${counted(number, 'published port')} to containers' old addresses`,
  },
  'raw-endpoint': { about: 'ip', words: (number) => `closes ${counted(number, 'address', 'addresses')}` },
  'raw-loopback': {
    about: 'rule',
    words: (number) => `closes ${counted(number, 'port')} of loopback addresses to others`,
  },
  'unpublished-drop': {
    about: 'bridge',
    words: (number) => `closes the unpublished ports of ${networks(number)}`,
  },
  'internal-in': ENCLOSES,
  'internal-out': ENCLOSES,
  'icc-drop': {
    about: 'bridge',
    words: (number) => `keeps containers of ${networks(number)} from each other`,
  },
  masquerade: HIDES,
  snat: HIDES,
  'hairpin-local': RENAMES,
  'hairpin-local-snat': RENAMES,
  'hairpin-port': RENAMES,
  'overlay-drop': { about: 'rule', words: () => 'drops unencrypted packets of overlays' },
  'overlay-mark': { about: 'rule', words: () => 'marks packets of encrypted overlays' },
  'forward-in-map': undefined,
  'forward-out-map': undefined,
  'nat-out-map': undefined,
  'nat-in-map': undefined,
  'nat-jump': undefined,
  'nat-jump-output': undefined,
  'wsl-return': undefined,
  established: undefined,
  'established-out': undefined,
  'network-out': undefined,
  'icc-accept': undefined,
  'mark-accept': undefined,
  'routed-icmp': undefined,
  'routed-icmpv6': undefined,
  'unprotected-accept': undefined,
  'port-accept': undefined,
  'link-ask': undefined,
  'link-answer': undefined,
  'link-answer-first': undefined,
  'raw-loopback-wsl': undefined,
};

function deedsOf(table: NftTable): readonly string[] {
  const owned = reachedIn(table).flatMap(({ name, rules }) =>
    rules.map((rule) => ownTableRule(table.name, name, rule)),
  );
  const about = new Map<Deed, Set<string>>();
  for (const { purpose, captures, rule } of owned) {
    const deed = purpose === undefined ? undefined : DEEDS[purpose];
    if (deed === undefined || isIdle(purpose, table)) continue;
    const key = deed.about === 'rule' ? rule.text : (captures[deed.about] ?? rule.text);
    about.set(deed, (about.get(deed) ?? new Set()).add(key));
  }
  const does = [
    ...[...new Set(Object.values(DEEDS))].flatMap((deed) => {
      if (deed === undefined) return [];
      const { size } = about.get(deed) ?? { size: 0 };
      return size === 0 ? [] : [deed.words(size)];
    }),
    ...[...table.chains.values()].flatMap(({ name, base }) =>
      base?.policy === 'drop' ? [`drops all that chain ${name} does not accept`] : [],
    ),
  ];
  const others = foreignIn(table);
  return [
    ...(does.length === 0 ? [] : [`it still ${does.join(', ')}`]),
    ...(others === 0
      ? []
      : [`it holds ${counted(others, "rule that is not Docker's", "rules that are not Docker's")}`]),
    ...(does.length + others === 0 ? ['it does nothing to packets'] : []),
  ];
}

/** Rules of overlays ask for ids in a set, which is empty where none is encrypted. */
const isIdle = (purpose: TablePurposeId | undefined, { sets }: NftTable): boolean =>
  (purpose === 'overlay-mark' || purpose === 'overlay-drop') &&
  (sets.get(ENCRYPTED_VNIS)?.elements.length ?? 0) === 0;

/** The chains that packets come to: those that are hooked in, and those they lead to. */
function reachedIn({ chains, maps }: NftTable): readonly NftChain[] {
  const found = new Set<NftChain>();
  const visit = (chain: NftChain | undefined): void => {
    if (chain === undefined || found.has(chain)) return;
    found.add(chain);
    for (const name of chain.rules.flatMap(({ statements }) => statements.flatMap(ledTo)))
      visit(chains.get(name));
  };
  const ledTo = (statement: NftChain['rules'][number]['statements'][number]): readonly string[] => {
    if (statement.is === 'jump' || statement.is === 'goto') return [statement.chain];
    if (statement.is !== 'vmap') return [];
    return [...(maps.get(statement.map)?.elements.values() ?? [])].map((value) =>
      value.replace(/^jump /, ''),
    );
  };
  for (const chain of chains.values()) if (chain.base !== undefined) visit(chain);
  return [...found];
}

const foreignIn = (table: NftTable): number =>
  [...table.chains.values()].flatMap(({ name, rules }) =>
    rules.filter((rule) => ownTableRule(table.name, name, rule).purpose === undefined),
  ).length;
