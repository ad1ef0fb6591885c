import { makeRule, type HostRules } from '../../../src/firewall/iptables/text/model.ts';
import type { NftTable } from '../../../src/firewall/nftables/tables/model.ts';
import { withPolicy } from '../app/edit-rules.ts';
import { USERS_RULE } from '../nftables/damages.ts';
import { withChains, withElements, withRules } from '../nftables/edits.ts';
import type { NftDifference } from './nft-host.ts';
import type { StateChange } from './states.ts';

/** A chain of Docker's without its rules. */
const flushedChain = (chain: string): NftDifference => ({
  tables: (tables) => tables.map((table) => withRules(table, chain, () => [])),
});

/** Docker's tables without what its next act does not write again after they were lost. */
const HALF_HEALED: NftDifference = {
  tables: (tables) =>
    tables.map((table) => ({
      ...withChains(table, (chains) =>
        chains.filter(({ name }) =>
          /^(?:raw-PREROUTING|nat-prerouting-and-output|filter-forward-in__)/.test(name),
        ),
      ),
      maps: new Map<string, never>(),
    })),
};

/** One more table of somebody's own, as nft lists it. */
const ownTable =
  (text: string): StateChange =>
  (netState) => ({
    ...netState,
    natives: [...(netState.natives ?? []), { table: /table (\S+ \S+)/.exec(text)?.[1] ?? '', text }],
  });

/** A table of the operator's own that sees what is forwarded. @param rules - the first has handle 3 */
export const ownForward = (
  rules: readonly string[],
  { priority = 'filter - 10', policy = 'accept' } = {},
): StateChange =>
  ownTable(
    [
      'table inet mine { # handle 9',
      '\tchain user { # handle 1',
      `\t\ttype filter hook forward priority ${priority}; policy ${policy};`,
      ...rules.map((rule, i) => `\t\t${rule} # handle ${String(i + 3)}`),
      '\t}',
      '}',
      '',
    ].join('\n'),
  );

const onRules =
  (change: (rules: HostRules) => HostRules): StateChange =>
  (netState) => ({
    ...netState,
    rulesets: netState.rulesets.map(({ variant, rules }) => ({ variant, rules: change(rules) })),
  });

/** Iptables with a FORWARD, and a chain of Docker's name that nothing leads to. */
const filterWith = (policy: string): HostRules => {
  const chain = (name: string, own: string, ...rules: readonly string[]) => ({
    ...{ name, policy: own, counters: '0:0' },
    rules: rules.map((text) => makeRule(text)),
  });
  const chains = [
    chain('INPUT', 'ACCEPT'),
    chain('FORWARD', policy),
    chain('OUTPUT', 'ACCEPT'),
    chain('DOCKER-USER', '-', '-A DOCKER-USER -j RETURN'),
  ];
  const table = { name: 'filter', chains: new Map(chains.map((one) => [one.name, one])) };
  return { ipv4: { tables: new Map([['filter', table]]) }, ipv6: { tables: new Map() } };
};

/** What an Engine leaves in iptables that was switched over without a reboot. */
const LEFTOVERS: NftDifference = { state: onRules(() => filterWith('DROP')) };

const noForwarding: StateChange = (netState) => ({
  ...netState,
  sysctls: new Map(
    [...netState.sysctls].map(([name, value]) => [name, /^ipv4\/.*forward/.test(name) ? '0' : value]),
  ),
});

const withoutRule =
  (match: RegExp) =>
  (tables: readonly NftTable[]): readonly NftTable[] =>
    tables.map((table) =>
      withChains(table, (chains) =>
        chains.map((chain) => ({ ...chain, rules: chain.rules.filter(({ text }) => !match.test(text)) })),
      ),
    );

const emptied = (map: string): NftDifference => ({
  tables: (tables) => tables.map((table) => withElements(table, map, () => [])),
});

/** Hosts whose Engine writes with nftables, of which check, reach and doctor must say the same. */
export const NFT_STATES: Readonly<Record<string, NftDifference>> = {
  whole: {},
  'nft flush ruleset': { tables: () => [] },
  'one family lost': { tables: (tables) => tables.slice(1) },
  'half-healed': HALF_HEALED,
  'translations flushed': flushedChain('nat-prerouting-and-output'),
  'translation not led to': flushedChain('nat-PREROUTING'),
  'the way out flushed': flushedChain('nat-POSTROUTING'),
  'raw flushed': flushedChain('raw-PREROUTING'),
  'forwarding flushed': flushedChain('filter-FORWARD'),
  'raw and forwarding flushed': {
    tables: (tables) =>
      tables.map((table) =>
        withRules(
          withRules(table, 'raw-PREROUTING', () => []),
          'filter-FORWARD',
          () => [],
        ),
      ),
  },
  'a translation lost': { tables: withoutRule(/tcp dport 8080 .*"DNAT"$/) },
  'a port no longer accepted': { tables: withoutRule(/^ip daddr \S+ tcp dport 80 counter accept/) },
  'masquerade lost': { tables: withoutRule(/"MASQUERADE"$/) },
  'the map of what comes in emptied': emptied('filter-forward-in-jumps'),
  'the map of what leaves emptied': emptied('nat-postrouting-out-jumps'),
  'a policy of drop in a chain of Docker’s': {
    tables: (tables) =>
      tables.map((table) =>
        withChains(table, (chains) =>
          chains.map((chain) =>
            chain.name === 'filter-FORWARD' && chain.base !== undefined
              ? { ...chain, base: { ...chain.base, policy: 'drop' } }
              : chain,
          ),
        ),
      ),
  },
  'somebody’s drop in a chain of Docker’s': {
    tables: (tables) =>
      tables.map((table) =>
        withRules(table, 'filter-forward-in__docker0', (rules) => [
          { ...USERS_RULE, text: 'iifname "eth0" counter drop comment "mine"' },
          ...rules,
        ]),
      ),
  },
  'somebody’s accept in a chain of Docker’s': {
    tables: (tables) =>
      tables.map((table) =>
        withRules(table, 'filter-forward-in__docker0', (rules) => [
          { ...USERS_RULE, text: 'iifname "eth0" counter accept comment "mine"' },
          ...rules,
        ]),
      ),
  },
  'a drop of the operator’s own': { state: ownForward(['iifname "eth0" tcp dport 80 drop']) },
  'a drop behind Docker’s': {
    state: ownForward(['iifname "eth0" drop'], { priority: 'filter + 10' }),
  },
  'the operator’s policy is drop': { state: ownForward(['iifname "wg0" accept'], { policy: 'drop' }) },
  'everything that is forwarded dropped': { state: ownForward([], { policy: 'drop' }) },
  'answers dropped': { state: ownForward(['ct state established drop']) },
  'a port taken by somebody’s translation': {
    state: ownTable(
      'table ip take { # handle 8\n\tchain pre { # handle 1\n\t\ttype nat hook prerouting priority dstnat - 5; policy accept;\n\t\ttcp dport 8080 dnat to 172.17.0.9:81 # handle 3\n\t}\n}\n',
    ),
  },
  'a masquerade of somebody’s is kept from Docker': {
    state: ownTable(
      'table ip keep { # handle 8\n\tchain raw { # handle 1\n\t\ttype filter hook prerouting priority raw; policy accept;\n\t\ttcp dport 8080 notrack # handle 3\n\t}\n}\n',
    ),
  },
  'a ban of fail2ban’s': {
    state: ownTable(
      'table inet f2b-table { # handle 1\n\tchain f2b-chain { # handle 2\n\t\ttype filter hook forward priority filter - 1; policy accept;\n\t\tip saddr 192.0.2.2 drop # handle 3\n\t}\n}\n',
    ),
  },
  'iptables left closed by a switch-over': LEFTOVERS,
  'iptables left open by a switch-over': { state: onRules(() => filterWith('ACCEPT')) },
  'iptables closed by somebody, and its own drop': {
    state: onRules(() => withPolicy(filterWith('ACCEPT'), 'ipv4', 'DROP')),
  },
  'forwarding off': { state: noForwarding },
  'route of a network gone': {
    state: (netState) => ({
      ...netState,
      routes: netState.routes.filter(({ to }) => to !== '172.17.0.0/16'),
    }),
  },
};
