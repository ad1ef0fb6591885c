import { readFileSync } from 'node:fs';
import type { OwnedHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import {
  type HostRules,
  BUILTIN_CHAINS,
  rulesOf,
  type Ruleset,
} from '../../../src/firewall/iptables/text/model.ts';
import { ownHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import {
  ownBaseline,
  recordFamilies,
  rulesetsOf,
} from '../../../src/firewall/iptables/desired/recorded-rules.ts';
import type { Baseline } from '../../../src/reconcile/baseline.ts';
import { compare } from '../../../src/firewall/iptables/compare/compare.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { printRuleset } from '../../../src/firewall/iptables/text/print.ts';
import type { Variant, Family, Netns } from '../netns.ts';

export const SAMPLES = ['engine-20.10', 'engine-26.1', 'engine-28.5', 'engine-28.5-plain'] as const;
export type Sample = (typeof SAMPLES)[number];

const read = (name: Sample): Baseline =>
  JSON.parse(readFileSync(new URL(`../../../baselines/${name}.json`, import.meta.url), 'utf8')) as Baseline;

/** A rule of someone else's. */
interface Neighbour {
  readonly spec: string;
  /** Rules of Docker's whose packets it takes when it stands before them; none when absent. */
  readonly takes?: RegExp;
}

const ANY = /./;
const JUMPS = / -j DOCKER-(?:USER|FORWARD|ISOLATION-STAGE-1)$/;

/** Other people's rules of one chain: in front of Docker's, amid them, and behind them. */
interface Neighbours {
  readonly before: readonly Neighbour[];
  readonly between: readonly Neighbour[];
  readonly after: readonly Neighbour[];
}

/** By table and chain. */
const NEIGHBOURS: Readonly<Record<string, Readonly<Record<string, Neighbours>>>> = {
  filter: {
    FORWARD: {
      before: [
        { spec: String.raw`-m comment --comment "it\'s \"mine\"" -j LOG --log-prefix "fwd: "` },
        { spec: '-m mark --mark 0x11 -j ACCEPT', takes: ANY },
      ],
      between: [
        { spec: '-i virbr0 -o virbr0 -j ACCEPT', takes: JUMPS },
        { spec: '-m mark --mark 0x12 -j DROP', takes: ANY },
        { spec: '-j LOG --log-prefix amid' },
      ],
      after: [
        { spec: '-i wg0 -j DROP', takes: /^(?!.* -i \S+ )/ },
        { spec: '-m mark --mark 0x13 -j REJECT', takes: ANY },
      ],
    },
    'DOCKER-USER': {
      before: [
        {
          spec: '-i eth0 -p tcp -m conntrack --ctorigdstport 3306 -m comment --comment "no database" -j DROP',
        },
      ],
      between: [],
      after: [{ spec: '-i eth0 -p tcp -m tcp --dport 25 -j DROP' }],
    },
  },
  nat: {
    PREROUTING: {
      before: [
        { spec: '-i eth0 -p tcp -m tcp --dport 2222 -j REDIRECT --to-ports 22', takes: ANY },
        { spec: '-m mark --mark 0x21 -j RETURN', takes: ANY },
      ],
      between: [],
      after: [{ spec: '-m mark --mark 0x22 -j ACCEPT', takes: ANY }],
    },
    POSTROUTING: {
      before: [{ spec: '-m mark --mark 0x31 -j ACCEPT', takes: ANY }, { spec: '-o wg0 -j MASQUERADE' }],
      between: [{ spec: '-m mark --mark 0x32 -j RETURN', takes: ANY }],
      after: [
        { spec: '-o tun0 -j MASQUERADE', takes: / -j SNAT / },
        { spec: '-m mark --mark 0x33 -j ACCEPT', takes: ANY },
      ],
    },
  },
};

const TAKERS = Object.values(NEIGHBOURS)
  .flatMap((chains) => Object.values(chains))
  .flatMap(({ before, between, after }) => [...before, ...between, ...after]);

/** Whether a rule of someone else's takes packets that a rule of Docker's behind it is meant for. */
export function takesFrom(text: string, dockers: string): boolean {
  return TAKERS.some(({ spec, takes }) => text.includes(` ${spec}`) && takes?.test(dockers) === true);
}

/** As restore input. With counters, because a repair must keep those too. */
function neighbourLines(
  chain: string,
  { before, between, after }: Neighbours,
  count: number,
): readonly string[] {
  const middle = before.length + Math.ceil(count / 2) + 1;
  return [
    ...before.map(({ spec }, i) => `[5:${String(500 + i)}] -I ${chain} ${String(i + 1)} ${spec}`),
    ...between.map(({ spec }, i) => `[6:${String(600 + i)}] -I ${chain} ${String(middle + i)} ${spec}`),
    ...after.map(({ spec }, i) => `[7:${String(700 + i)}] -A ${chain} ${spec}`),
  ];
}

function neighboursOf(ruleset: Ruleset): string {
  return Object.entries(NEIGHBOURS)
    .map(([table, chains]) => {
      const lines = Object.entries(chains)
        .filter(
          ([chain]) => BUILTIN_CHAINS[table]?.includes(chain) || ruleset.tables.get(table)?.chains.has(chain),
        )
        .flatMap(([chain, rules]) => neighbourLines(chain, rules, rulesOf(ruleset, table, chain).length));
      return [`*${table}`, ...lines, 'COMMIT', ''].join('\n');
    })
    .join('');
}

/** A namespace with one sample's rules among those of others, and that state as the baseline to compare with. */
export interface Settled {
  readonly ns: Netns;
  readonly variant: Variant;
  readonly networks: NonNullable<Baseline['engine']>['networks'];
  /** As snapshot would have recorded it, with the Engine answering. */
  readonly base: OwnedHost;
  readonly saves: Readonly<Record<Family, string>>;
  readonly rules: HostRules;
}

/** Loads a sample and its neighbours into an empty namespace. Throws when the kernel holds anything else afterwards. */
export async function settle(ns: Netns, variant: Variant, name: Sample): Promise<Settled> {
  const sample = read(name);
  const networks = sample.engine?.networks ?? [];
  const recorded = rulesetsOf(sample.families);
  for (const family of ['ipv4', 'ipv6'] as const) {
    await load(ns, family, variant, printRuleset(recorded[family], 'counters'), []);
    await load(ns, family, variant, neighboursOf(recorded[family]), ['--noflush', '--counters']);
  }
  const saves = {
    ipv4: await ns.save('ipv4', variant, ['-c']),
    ipv6: await ns.save('ipv6', variant, ['-c']),
  };
  const rules: HostRules = { ipv4: parseSave(saves.ipv4).ruleset, ipv6: parseSave(saves.ipv6).ruleset };
  const liveOwned = ownHost(rules, { networks, settled: true });
  const drift = compare({ desired: ownBaseline(sample).owned, live: rules, liveOwned });
  const { owned: base, objections } = ownBaseline({
    families: recordFamilies(liveOwned),
    engine: sample.engine,
  });
  const troubles = [...objections, ...drift.chains, ...drift.policies, ...drift.extras];
  if (troubles.length > 0) throw new Error(`${name} did not settle: ${JSON.stringify(troubles)}`);
  return { ns, variant, networks, base, saves, rules };
}

async function load(
  ns: Netns,
  family: Family,
  variant: Variant,
  text: string,
  args: readonly string[],
): Promise<void> {
  const { code, stderr } = await ns.restore(family, variant, text, ['--counters', ...args]);
  if (code !== 0) throw new Error(`${family} ${variant}: ${stderr}\n${text}`);
}
