import { linesOf } from '../../../src/firewall/nftables/simulate/same.ts';
import type { NftRule, NftTable } from '../../../src/firewall/nftables/tables/model.ts';
import { BRIDGES_TABLE } from '../../../src/firewall/nftables/tables/names.ts';
import { parseNftTables } from '../../../src/firewall/nftables/tables/parse.ts';
import { tableName } from '../../../src/firewall/nftables/tables/print.ts';
import { createHost, type Host } from '../host.ts';
import { startEngine, type Engine } from '../lab/engine.ts';
import { LAB_ENV, must } from '../lab/run.ts';

/** A live Engine that writes with nftables, with containers on three networks. */
export interface LiveNft {
  readonly engine: Engine;
  readonly host: Host;
  /** Gives nft a text. */
  readonly nft: (text: string) => Promise<string>;
  readonly tables: () => Promise<readonly NftTable[]>;
  readonly leave: () => Promise<void>;
}

/** The Engine itself switches no forwarding on: whoever starts it has done so. */
const FORWARDING = ['--ip-forward=false'];
export const BY_NFTABLES = ['--firewall-backend=nftables'];

/** Starts an Engine 29.7 with forwarding on. @param args - of dockerd */
export async function raiseLive(args: readonly string[]): Promise<LiveNft> {
  const engine = await startEngine({ era: '29.7', daemonArgs: [...FORWARDING, ...args] });
  const env = { PATH: `${engine.suitePath}:${LAB_ENV['PATH'] ?? ''}` };
  const host = createHost(engine);
  await must(engine.exec, 'sysctl', ['-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
  return {
    engine,
    host,
    nft: async (text) => (await engine.exec('nft', ['-f', '/dev/stdin'], { env, input: text })).stderr,
    tables: async () =>
      parseNftTables(
        (await engine.exec('nft', ['-a', '-j', 'list', 'ruleset'], { env })).stdout,
        'nft',
      ).filter(({ name }) => name === BRIDGES_TABLE),
    leave: async () => {
      host.dispose();
      await engine.stop();
    },
  };
}

/** Containers on networks of both kinds, with published ports. */
export async function peopled({ engine }: LiveNft, containers: number): Promise<readonly string[]> {
  await engine.docker(['network', 'create', '--ipv6', 'front']);
  await engine.docker(['network', 'create', '--internal', 'back']);
  const names = Array.from({ length: containers }, (_, at) => `c${String(at)}`);
  for (const [at, name] of names.entries()) {
    const network = ['front', 'back', 'bridge'][at % 3] ?? '';
    const ports =
      network === 'back'
        ? []
        : [
            '-p',
            `${String(8000 + at)}:80`,
            '-p',
            `127.0.0.1:${String(8100 + at)}:80`,
            '-p',
            `${String(5300 + at)}:5353/udp`,
          ];
    await engine.docker(['run', '-d', '--name', name, '--network', network, ...ports, 'lab']);
  }
  return names;
}

/** Tables without handles and what was counted, in one order: of rules about one port or address each none counts. */
export const plainTables = (tables: readonly NftTable[]): string =>
  tables
    .map((table) => [tableName(table), ...[...linesOf(table)].sort()].join('\n'))
    .sort()
    .join('\n');

/** What somebody types who flushes too much. */
const FLUSHES = [
  'flush ruleset',
  ...['ip', 'ip6'].map((family) => `delete table ${family} ${BRIDGES_TABLE}`),
  `flush table ip ${BRIDGES_TABLE}`,
  ...['nat-POSTROUTING', 'raw-PREROUTING', 'nat-prerouting-and-output', 'filter-FORWARD'].map(
    (chain) => `flush chain ip ${BRIDGES_TABLE} ${chain}`,
  ),
  `flush map ip ${BRIDGES_TABLE} filter-forward-in-jumps`,
];

/** One damage, as a text for nft: a flush, or a rule or an element deleted, doubled or moved. @param below - a number from 0 up to one below this */
export function damageBy(tables: readonly NftTable[], below: (limit: number) => number): string {
  const one = <Value>(all: readonly Value[]): Value | undefined => all[below(all.length)];
  const flush = one(FLUSHES) ?? '';
  const table = one(tables);
  if (below(3) === 0 || table === undefined) return flush;
  const chain = one([...table.chains.values()].filter(({ rules }) => rules.length > 0));
  const rule: NftRule | undefined = one(chain?.rules ?? []);
  if (chain === undefined || rule === undefined) return flush;
  const place = `${tableName(table)} ${chain.name}`;
  const gone = `delete rule ${place} handle ${String(rule.handle)}`;
  const map = [...table.maps.values()].find(({ elements }) => elements.size > 0);
  const element = `delete element ${tableName(table)} ${map?.name ?? ''} { "${one([...(map?.elements.keys() ?? [])]) ?? ''}" }`;
  return (
    one([
      gone,
      `add rule ${place} ${rule.text}`,
      `${gone}\nadd rule ${place} ${rule.text}`,
      map === undefined ? gone : element,
    ]) ?? gone
  );
}
