import { eraOf } from '../../../src/docker/era.ts';
import { intentOf } from '../../../src/docker/intent/intent.ts';
import { inventoryFrom } from '../../../src/docker/inventory/from-answers.ts';
import { settingsFrom } from '../../../src/docker/settings.ts';
import { expectedTables } from '../../../src/firewall/nftables/expected/expected.ts';
import { settingsInTables } from '../../../src/firewall/nftables/expected/settings-in-tables.ts';
import { planTable } from '../../../src/firewall/nftables/plan/plan.ts';
import { renderTablePlan } from '../../../src/firewall/nftables/plan/render.ts';
import { compareTables } from '../../../src/firewall/nftables/compare/compare.ts';
import { countTableRules } from '../../../src/reconcile/tables/side.ts';
import { answersOf, type EngineAnswers } from '../answers.ts';
import { bridgeAt, endpointAt } from '../layout.ts';

/** A benchmark host whose Engine writes with nftables. */
export interface NftBenchHost {
  /** Of both families, elements of maps counted, as rulesguard counts them. */
  readonly rules: number;
  readonly ports: number;
  readonly answers: EngineAnswers;
  readonly bridges: readonly string[];
  /** Docker's tables as `nft -f` takes them. */
  readonly text: string;
}

/** As many as a compose project has. */
const CONTAINERS_PER_NETWORK = 10;
/** Rules of the daemon itself, of each network with its elements, and of each container with one published port. */
const DAEMON_RULES = 12;
const NETWORK_RULES = 10;
const PORT_RULES = 3;

/**
 * A host of an Engine 29.7.2 with as many networks of ten containers, one published port each, as make about `rules` rules. What its tables
 * hold is what test/unit/firewall/nftables/expected compares with recordings.
 */
export function nftBenchHost(rules: number): NftBenchHost {
  const networks = Math.max(
    1,
    Math.floor((rules - DAEMON_RULES) / (NETWORK_RULES + PORT_RULES * CONTAINERS_PER_NETWORK)),
  );
  const ports = Math.floor((rules - DAEMON_RULES - networks * NETWORK_RULES) / PORT_RULES);
  const bridges = Array.from({ length: networks }, (_, i) => bridgeAt(i));
  const endpoints = Array.from({ length: ports }, (_, i) => endpointAt(i, networks));
  const answers = byNftables(answersOf(bridges, endpoints, ports));
  const tables = tablesOf(answers);
  const terms = { containers: new Map<string, string>(), bridges: new Set(bridges) };
  return {
    rules: countTableRules(tables),
    ...{ ports, answers, bridges },
    text: compareTables(tables, [], terms)
      .map((drift) => renderTablePlan(planTable(drift)))
      .join(''),
  };
}

const VERSION = '29.7.2';

function byNftables(answers: EngineAnswers): EngineAnswers {
  const [version, info] = ['/version', '/info'].map((path) => answers[path] as object);
  return {
    ...answers,
    '/version': {
      ...version,
      ...{ Version: VERSION, ApiVersion: '1.55', MinAPIVersion: '1.40' },
      Components: [{ Name: 'Engine', Version: VERSION, Details: {} }],
    },
    '/info': {
      ...info,
      ServerVersion: VERSION,
      FirewallBackend: { Driver: 'nftables', Info: [['EnableUserlandProxy', 'true']] },
    },
  };
}

function tablesOf(answers: EngineAnswers) {
  const inventory = inventoryFrom({
    version: answers['/version'],
    info: answers['/info'],
    networks: answers['/networks'],
    containers: answers['/containers/json'],
  });
  const era = eraOf(inventory.version);
  if (era === undefined) throw new Error(`no era of ${inventory.version}`);
  const settings = settingsFrom({ inventory, facts: {}, rules: settingsInTables([]) });
  return expectedTables(intentOf(inventory, { era: era.policy, settings }));
}
