import fc from 'fast-check';
import {
  EMPTY_RULESET,
  makeRule,
  type Chain,
  type Rule,
} from '../../../../src/firewall/iptables/text/model.ts';
import { FAMILIES, NFT_FAMILY, type Family } from '../../../../src/net/family.ts';
import type { Terrain } from '../../../../src/reach/terrain.ts';
import type { NetworkState } from '../../../../src/trace/network-state.ts';
import { networksOf, OTHERS } from '../../reach/like-networks.ts';
import { chainsIn, DAMAGES, nth, withRule } from './listing.ts';
import {
  filled,
  HOOKS,
  IPTABLES,
  NAT_HOOKS,
  NAT_RULES,
  RULES,
  SNAT_HOOK,
  SNAT_RULES,
  type Names,
} from './words.ts';

/** One change of a host. */
interface Telling {
  readonly said: string;
  readonly make: (state: NetworkState) => NetworkState;
}

const DOCKERS = / docker-bridges$/;

/** The host with the text of Docker's own table of a family changed. */
const withOwnTable = (
  state: NetworkState,
  family: Family,
  change: (text: string) => string,
): NetworkState => ({
  ...state,
  natives: state.natives?.map((one) =>
    one.table.startsWith(`${NFT_FAMILY[family]} `) && DOCKERS.test(one.table)
      ? { ...one, text: change(one.text) }
      : one,
  ),
});

/** The table with a set of somebody's. */
const withSet = (text: string, { family, b, c }: Names): string =>
  text.includes('\tset some {')
    ? text
    : text.replace(
        '{\n',
        `{\n\tset some {\n\t\ttype ${family}_addr\n\t\telements = { ${[b.containers[0] ?? b.nobody, ...(c === b ? [] : c.containers.slice(1))].join(', ')} }\n\t}\n`,
      );

/** A rule of somebody's in one of Docker's chains. */
const foreignRule = (names: Names, pick: number, at: number): Telling => {
  const chainIs = (text: string): string => nth(chainsIn(text), at) ?? '';
  const all = (chain: string): readonly string[] =>
    /^nat-(?:pre|PRE|OUT)/.test(chain)
      ? [...NAT_RULES, ...RULES]
      : /^nat-/.test(chain)
        ? [...SNAT_RULES, ...RULES]
        : RULES;
  const make = (text: string): string => {
    const chain = chainIs(text);
    const leads = nth(
      chainsIn(text).filter((one) => one !== chain && /__|^nat-prerouting/.test(one)),
      pick + at,
    );
    const line = filled(nth(all(chain), pick) ?? '', names, leads ?? '');
    const whole = withRule(text, chain, line, pick);
    return line.includes('@some') ? withSet(whole, names) : whole;
  };
  return {
    said: `foreign ${String(pick)} at ${String(at)} of ${names.family}, ${names.b.bridge} ${names.c.bridge}`,
    make: (state) => withOwnTable(state, names.family, make),
  };
};

const damage = (family: Family, what: string, at: number, to: number): Telling => ({
  said: `${what} of ${family} (${String(at)}, ${String(to)})`,
  make: (state) => withOwnTable(state, family, (text) => DAMAGES[what]?.(text, at, to) ?? text),
});

/** A table of the operator's. */
const ownTable = (names: Names, pick: number, at: number): Telling => {
  const [hooks, rules] = nth(
    [
      [HOOKS, RULES],
      [HOOKS, RULES],
      [NAT_HOOKS, NAT_RULES],
      [[SNAT_HOOK], SNAT_RULES],
    ] as const,
    at,
  ) ?? [HOOKS, RULES];
  const usable = rules.filter((rule) => !/%chain|jumps/.test(rule));
  const line = filled(nth(usable, pick) ?? '', names);
  const table = `${NFT_FAMILY[names.family]} mine`;
  const chain = `\tchain one {\n\t\t${nth(hooks, pick + at) ?? ''}\n\t\t${line}\n\t}\n`;
  return {
    said: `${table}: ${nth(hooks, pick + at) ?? ''} ${line}`,
    make: (state) => ({
      ...state,
      natives: [...(state.natives ?? []), { table, text: `table ${table} {\n${chain}}\n` }],
    }),
  };
};

const besides = (names: Names, pick: number): Telling => {
  const text = filled(nth(IPTABLES, pick) ?? '', names).replace(/(-[sd] [\d.]+)(?= |$)/g, '$1/32');
  return { said: text, make: (state) => withIptables(state, names.family, makeRule(text)) };
};

function withIptables(state: NetworkState, family: Family, rule: Rule): NetworkState {
  const chain = (name: string, rules: readonly Rule[]): Chain => ({
    name,
    policy: 'ACCEPT',
    counters: '',
    rules,
  });
  const held = state.rulesets[0]?.rules[family].tables.get('filter')?.chains;
  const chains = ['INPUT', 'FORWARD', 'OUTPUT'].map((name) =>
    chain(name, [...(rule.chain === name ? [rule] : []), ...(held?.get(name)?.rules ?? [])]),
  );
  const filter = { name: 'filter', chains: new Map(chains.map((one) => [one.name, one])) };
  const rules = state.rulesets[0]?.rules ?? { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET };
  return {
    ...state,
    rulesets: [{ variant: 'nft', rules: { ...rules, [family]: { tables: new Map([['filter', filter]]) } } }],
  };
}

/** One to three changes to a host beside Docker's nftables backend, any of which may tell its networks, containers and ports apart. */
export function tableTellings(
  terrain: Terrain,
): fc.Arbitrary<{ readonly said: readonly string[]; readonly terrain: Terrain }> {
  const known = FAMILIES.map((family) => [family, networksOf(terrain, family)] as const).filter(
    ([, networks]) => networks.length > 0,
  );
  const number = fc.nat(100_000);
  const two = fc
    .constantFrom(...known)
    .chain(([family, networks]) =>
      fc
        .tuple(fc.constantFrom(...networks), fc.constantFrom(...networks))
        .map(([b, c]): Names => ({ family, b, c })),
    );
  const family = fc.constantFrom(...known.map(([one]) => one));
  const one: fc.Arbitrary<Telling> = fc.oneof(
    { weight: 4, arbitrary: fc.tuple(two, number, number).map((all) => foreignRule(...all)) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(family, fc.constantFrom(...Object.keys(DAMAGES)), number, number)
        .map((all) => damage(...all)),
    },
    { weight: 2, arbitrary: fc.tuple(two, number, number).map((all) => ownTable(...all)) },
    { weight: 1, arbitrary: fc.tuple(two, number).map((all) => besides(...all)) },
    {
      weight: 1,
      arbitrary: fc.tuple(two, fc.constantFrom(...Object.keys(OTHERS))).map(([{ b, c }, name]) => ({
        said: `${name}: ${b.bridge}`,
        make: (state: NetworkState) => OTHERS[name]?.(state, b, c) ?? state,
      })),
    },
  );
  return fc.array(one, { minLength: 1, maxLength: 3 }).map((some) => ({
    [fc.toStringMethod]: () => some.map(({ said }) => said).join('; '),
    said: some.map(({ said }) => said),
    terrain: { ...terrain, netState: some.reduce((state, { make }) => make(state), terrain.netState) },
  }));
}
