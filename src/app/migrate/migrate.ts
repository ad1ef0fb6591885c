import { writesNftables } from '../../docker/firewall-backend.ts';
import { managersIn } from '../../doctor/facts/rules-state.ts';
import { Fault } from '../../fault.ts';
import { inferIntent } from '../../firewall/iptables/expected/infer-intent.ts';
import { ownHost } from '../../firewall/iptables/ownership/ownership.ts';
import { FAMILIES } from '../../net/family.ts';
import type { ReachChange } from '../../reach/change/cells.ts';
import { reachChange } from '../../reach/change/compare.ts';
import { reachTable } from '../../reach/table.ts';
import { usersTable, usersTableName } from '../../reconcile/migrate/compose.ts';
import type { Migration } from '../../reconcile/migrate/migration.ts';
import { freeMark } from '../../reconcile/migrate/free-mark.ts';
import { withUfwRoutes } from '../../reconcile/migrate/ufw-routes.ts';
import { bansIn, usersRules } from '../../reconcile/migrate/users-rules.ts';
import { withoutDockers } from '../../reconcile/migrate/without-dockers.ts';
import type { Listener, StepEvent } from '../events.ts';
import { dockersRules } from '../guard-change/dockers-rules.ts';
import { readAround, readSurroundings, terrainOf } from '../reach/read-terrain.ts';
import {
  acceptsAny,
  bestOf,
  bitOf,
  terrainThen,
  translate,
  type MigrationAttempt,
  type TriedMigration,
} from './attempts.ts';
import { obstaclesTo } from './obstacles.ts';
import type { MigrateHost } from './ports.ts';

/**
 * Works out what a host needs whose Docker is to write with nftables: the user's rules as a table of nftables, and proves by following
 * packets what changes with it. Changes nothing.
 *
 * @throws Fault of the Engine where none answers; RG_USAGE where it writes with nftables already, RG_ENGINE_UNKNOWN for one before 18.03.1
 */
export async function migrate(host: MigrateHost, on: Listener<StepEvent>): Promise<Migration> {
  on({ kind: 'step', step: 'gathering' });
  const reading = host.beginReading();
  const [live, engine, surroundings] = await Promise.all([
    reading(undefined),
    host.askEngine(),
    readSurroundings(host),
  ]);
  if (!engine.answered) throw engine.fault;
  const { inventory, daemons } = engine;
  if (writesNftables(inventory))
    throw new Fault('RG_USAGE', 2, `Docker Engine ${inventory.version} writes with nftables already`, {
      hint: 'What is left in iptables from before, and what packets do: rulesguard check',
    });
  const owned = ownHost(live.rules, { networks: inventory.networks, settled: true });
  const inferred = inferIntent({ inventory, facts: daemons.facts, written: () => [owned] });
  if (inferred === undefined)
    throw new Fault(
      'RG_ENGINE_UNKNOWN',
      3,
      `what Engine ${inventory.version} means to be reached is not known here`,
    );
  const around = await readAround(host, live);
  const { terrain } = terrainOf({ intent: inferred.intent, inventory, surroundings, ...around });
  const users = usersRules(live.rules, owned);
  const translated = await translate(host, users);
  const managers = managersIn(around.rulesets, terrain.netState.natives ?? []);
  const hasUfw = managers.includes('ufw');
  const rules = withoutDockers(live.rules, owned, () => hasUfw);
  const families = FAMILIES.filter((family) => translated.chains[family].length > 0);
  const attempt = async ({ mark, ufw }: MigrationAttempt): Promise<TriedMigration> => {
    const tables = families
      .map((family) => usersTable(family, translated.chains[family], bitOf(mark)))
      .join('\n');
    const natives = tables === '' ? [] : await host.listInScratch(tables, families.map(usersTableName));
    const routed = withUfwRoutes(rules, inventory.networks, ufw);
    const after = terrainThen(
      terrain,
      { inferred, inventory, mark },
      {
        rulesets: [
          { variant: live.variant, rules: routed.rules },
          ...around.rulesets.filter(({ variant }) => variant !== live.variant),
        ],
        natives,
      },
    );
    const change = reachChange(terrain, after, dockersRules(owned));
    return { mark, tables, ufw: routed.commands, change };
  };
  const mark = freeMark(live.rules, {
    natives: terrain.netState.natives,
    policy: terrain.netState.routeRules,
  });
  const best = await bestOf(attempt, {
    marks: acceptsAny(translated.chains) && mark !== '' ? ['', mark] : [''],
    routes: hasUfw ? ['none', 'leaving', 'both'] : ['none'],
  });
  const { change } = best;
  const notCarried = [...users.notCarried, ...translated.notCarried];
  const obstacles = obstaclesTo(inventory, inferred);
  return {
    ...{ engine: inventory.version, obstacles, tables: best.tables, mark: best.mark },
    ...{ ufw: best.ufw, notCarried, bans: bansIn(users), change },
    ways: reachTable(terrain).length,
    leavesPolicy: FAMILIES.filter(
      (family) =>
        !hasUfw && live.rules[family].tables.get('filter')?.chains.get('FORWARD')?.policy === 'DROP',
    ),
    exit: exitOf(change, notCarried.length + obstacles.length),
  };
}

const exitOf = (
  { worse, better, single, unpromised, unknown, stillUnknown, unasked }: ReachChange,
  lacking: number,
): Migration['exit'] => {
  if (worse.length + better.length + single.length + unpromised.length + lacking > 0) return 1;
  return unknown.length + stillUnknown.length + unasked > 0 ? 3 : 0;
};
