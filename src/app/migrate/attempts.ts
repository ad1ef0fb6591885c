import { eraOf } from '../../docker/era.ts';
import type { Inventory } from '../../docker/inventory/inventory.ts';
import { intentOf } from '../../docker/intent/intent.ts';
import { Fault } from '../../fault.ts';
import type { InferredIntent } from '../../firewall/iptables/expected/infer-intent.ts';
import { expectedTables } from '../../firewall/nftables/expected/expected.ts';
import { printNftTable, tableName } from '../../firewall/nftables/tables/print.ts';
import { FAMILIES, type Family } from '../../net/family.ts';
import type { ReachChange } from '../../reach/change/cells.ts';
import type { Terrain } from '../../reach/terrain.ts';
import { readTranslation, saveOf, type TranslatedChain } from '../../reconcile/migrate/compose.ts';
import type { UfwRoutes } from '../../reconcile/migrate/ufw-routes.ts';
import type { NotCarried, UsersRules } from '../../reconcile/migrate/users-rules.ts';
import type { NetworkState } from '../../trace/network-state.ts';
import type { MigrateHost } from './ports.ts';

/** The Engine whose tables are computed: the newest that was recorded. */
const THEN = '29.7.2';

/** What is tried: with a mark for Docker's `bridge-accept-fwmark` or without, and which of ufw's routes. */
export interface MigrationAttempt {
  readonly mark: string;
  readonly ufw: UfwRoutes;
}

/** What it takes, and what it comes to. */
export interface TriedMigration {
  readonly mark: string;
  readonly tables: string;
  readonly ufw: readonly string[];
  readonly change: ReachChange;
}

type TranslatedUsers = Readonly<Record<Family, readonly TranslatedChain[]>>;

/** The user's rules in nft's words. @throws Fault RG_MISSING_TOOL or RG_COMMAND */
export async function translate(
  host: Pick<MigrateHost, 'translate'>,
  { chains }: UsersRules,
): Promise<{ readonly chains: TranslatedUsers; readonly notCarried: readonly NotCarried[] }> {
  const of = async (family: Family) => {
    if (chains[family].length === 0) return { chains: [], notCarried: [] };
    const printed = await host.translate(saveOf(chains[family]), family);
    const read = readTranslation(printed, family, chains[family]);
    if (read !== undefined) return read;
    throw new Fault('RG_COMMAND', 3, 'what the translator of iptables printed is not understood', {
      details: printed.split('\n').slice(0, 4),
    });
  };
  const [ipv4, ipv6] = await Promise.all([of('ipv4'), of('ipv6')]);
  return {
    chains: { ipv4: ipv4.chains, ipv6: ipv6.chains },
    notCarried: [...ipv4.notCarried, ...ipv6.notCarried],
  };
}

/** Whether any rule accepts: what it accepts Docker's tables may still drop. */
export const acceptsAny = (chains: TranslatedUsers): boolean =>
  FAMILIES.some((family) =>
    chains[family].some(({ rules }) => rules.some((rule) => /(?:^| )accept(?: |$)/.test(rule))),
  );

/** The bit of `0x1/0x1`. */
export const bitOf = (mark: string): string => mark.replace(/\/.*/, '');

/**
 * The host once Docker writes with nftables.
 *
 * @param then - of others than Docker: iptables' rules, and the user's tables of nftables
 */
export function terrainThen(
  terrain: Terrain,
  {
    inferred,
    inventory,
    mark,
  }: { readonly inferred: InferredIntent; readonly inventory: Inventory; readonly mark: string },
  then: Pick<NetworkState, 'rulesets'> & { readonly natives: NonNullable<NetworkState['natives']> },
): Terrain {
  const era = eraOf(THEN);
  if (era === undefined) throw new Error(`no era of ${THEN}`);
  const settings = mark === '' ? inferred.settings : { ...inferred.settings, acceptMark: mark };
  const intent = intentOf(
    { ...inventory, version: THEN, firewallBackend: 'nftables' },
    { era: era.policy, settings },
  );
  const dockers = expectedTables(intent).map((table) => ({
    table: tableName(table),
    text: printNftTable(table, ({ text }) => text),
  }));
  const { netState } = terrain;
  return {
    ...terrain,
    intent,
    netState: {
      ...netState,
      rulesets: then.rulesets,
      natives: [...(netState.natives ?? []), ...then.natives, ...dockers],
    },
  };
}

/** Tries what takes least first, until no way changes; else what leaves fewest ways worse, and of those the fewest otherwise changed. */
export async function bestOf(
  attempt: (tried: MigrationAttempt) => Promise<TriedMigration>,
  { marks, routes }: { readonly marks: readonly string[]; readonly routes: readonly UfwRoutes[] },
): Promise<TriedMigration> {
  const tried: TriedMigration[] = [];
  for (const ufw of routes)
    for (const mark of marks) {
      const one = await attempt({ mark, ufw });
      if (weightOf(one) === 0) return one;
      tried.push(one);
    }
  const [best] = tried.toSorted((a, b) => weightOf(a) - weightOf(b));
  if (best === undefined) throw new Error('nothing was tried');
  return best;
}

/** More than there are ways in a table. */
const WORSE = 1_000_000;

const weightOf = ({ change: { worse, single, unknown, better, unpromised } }: TriedMigration): number =>
  (worse.length + single.length + unknown.length) * WORSE + better.length + unpromised.length;
