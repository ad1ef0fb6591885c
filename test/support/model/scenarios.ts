import type { Inventory, PublishedPort } from '../../../src/docker/inventory/inventory.ts';
import { makeRule, type HostRules } from '../../../src/firewall/iptables/text/model.ts';
import { flushed, withRule } from '../app/edit-rules.ts';
import {
  bridgeNetwork,
  defaultBridge,
  endpointOn,
  expectedOf,
  inventoryOf,
  publish,
} from '../recorded/inventories.ts';
import { create, more, remove, Script, start, stop, type Doing } from './dockerd.ts';
import type { Scenario } from './play.ts';
import { changedBy, quietWorld, step, type Act, type World } from './world.ts';

const DOCKER0 = defaultBridge();
const SIDE = bridgeNetwork('side');

/** What the Engine lists: containers on docker0 by name, and whether there is a second network. */
function listed(
  version: string,
  containers: Readonly<Record<string, { readonly ipv4: string; readonly port: number }>>,
  side = false,
): Inventory {
  const endpoints = Object.entries(containers).map(([name, { ipv4 }]) => endpointOn(DOCKER0, name, ipv4));
  const ports = endpoints.map((endpoint): PublishedPort =>
    publish(endpoint, `0.0.0.0:${String(containers[endpoint.container]?.port)}->80/tcp`),
  );
  return inventoryOf(version, { networks: side ? [DOCKER0, SIDE] : [DOCKER0], endpoints, ports });
}

const WEB = { ipv4: '172.17.0.2', port: 8080 };
const WEB_MOVED = { ipv4: '172.17.0.3', port: 8080 };
const DB = { ipv4: '172.17.0.3', port: 8081 };
/** Takes the address that `web` had. */
const HEIR = { ipv4: '172.17.0.2', port: 8082 };

/** What dockerd does meanwhile, by name. */
const DOINGS: Readonly<
  Record<string, (version: string) => { readonly before: Inventory; readonly doings: readonly Doing[] }>
> = {
  'nothing happens': (version) => ({ before: listed(version, { web: WEB }), doings: [] }),
  'a container stops': (version) => change(version, [{ web: WEB, db: DB }, { db: DB }], 'web'),
  'a container starts': (version) => change(version, [{ db: DB }, { db: DB, web: WEB }], 'web'),
  'a container restarts': (version) => change(version, [{ web: WEB }, {}, { web: WEB }], 'web'),
  'a container comes back with another address': (version) =>
    change(version, [{ web: WEB }, {}, { web: WEB_MOVED }], 'web'),
  'another container takes the address': (version) =>
    change(version, [{ web: WEB }, {}, { heir: HEIR }], 'web', 'heir'),
  'a network is removed': (version) => network(version, true),
  'a network is made': (version) => network(version, false),
};

type Containers = Parameters<typeof listed>[1];

/** One thing after the other. @param names - whose lock is held; the last for all that follow */
function change(version: string, states: readonly Containers[], ...names: readonly string[]) {
  const inventories = states.map((containers) => listed(version, containers));
  const doings = inventories.slice(1).map((to, at): Doing => {
    const [before, after] = [expectedOf(inventories[at] ?? to), expectedOf(to)];
    const id = `id of ${names[Math.min(at, names.length - 1)] ?? ''}`;
    const [gone, come] = [more(before, after), more(after, before)];
    return come.length > 0 ? start(id, come, to) : stop(id, gone, to);
  });
  return { before: inventories[0] ?? listed(version, {}), doings };
}

function network(version: string, isRemoved: boolean) {
  const [without, beside] = [listed(version, { web: WEB }), listed(version, { web: WEB }, true)];
  const rules = more(expectedOf(beside), expectedOf(without));
  return isRemoved
    ? { before: beside, doings: [remove(rules, without)] }
    : { before: without, doings: [create(rules, beside)] };
}

const STALE = '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.9:80';

const flush =
  (table: string): Act =>
  (world) =>
    changedBy(world, 'writer', emptied(world.rules, table));

const emptied = (rules: HostRules, table: string): HostRules => {
  const isEmpty = [...(rules.ipv4.tables.get(table)?.chains.values() ?? [])].every(
    (chain) => chain.rules.length === 0,
  );
  return isEmpty ? rules : flushed(rules, 'ipv4', table);
};

const write =
  (table: string, text: string): Act =>
  (world) =>
    step(world, 'writer', table, {
      op: 'insert',
      chain: makeRule(text).chain,
      position: 1,
      rule: makeRule(text),
    }) ?? world;

const take =
  (table: string, text: string): Act =>
  (world) =>
    step(world, 'writer', table, { op: 'delete', chain: makeRule(text).chain, rule: makeRule(text) }) ??
    world;

const JUMP = '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER';
const USER = '-A FORWARD -j DOCKER-USER';
const BAN = '-A FORWARD -s 203.0.113.7/32 -j DROP';
const DNAT = '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80';

/** What the second writer does, by name. */
const WRITERS: Readonly<Record<string, readonly Act[]>> = {
  'nobody writes': [],
  'nat is flushed': [flush('nat')],
  'filter and nat are flushed': [flush('filter'), flush('nat')],
  'nat is flushed three times': [flush('nat'), flush('nat'), flush('nat')],
  'a rule is deleted and one of his own is written': [take('nat', JUMP), write('filter', BAN)],
  'rules are doubled': [write('nat', DNAT), write('filter', USER)],
  'an obsolete rule is written': [write('nat', STALE)],
};

/** How the host is when the restore begins, by name. */
const STARTS: Readonly<Record<string, (rules: HostRules) => HostRules>> = {
  'nat is lost': (rules) => flushed(rules, 'ipv4', 'nat'),
  'all rules are lost': (rules) => ['raw', 'nat', 'filter'].reduce(emptied, rules),
  'nothing is lost': (rules) => rules,
  'an obsolete rule is there': (rules) => withRule(rules, 'ipv4', 'nat', STALE, 'first'),
};

/** Every combination of what the host is, what dockerd does and what the second writer does. @param versions - of Engines */
export function allScenarios(versions: readonly string[]): readonly Scenario[] {
  return versions.flatMap((version) =>
    Object.entries(DOINGS).flatMap(([doing, made]) =>
      Object.entries(WRITERS).flatMap(([writing, writer]) =>
        Object.entries(STARTS).map(([start, damaged]): Scenario => {
          const { before, doings } = made(version);
          const whole: World = quietWorld(expectedOf(before), before);
          return {
            name: `Engine ${version}: ${start}, ${doing}, ${writing}`,
            world: quietWorld(damaged(whole.rules), before),
            script: new Script(doings),
            writer,
            containers: ['id of web', 'id of db', 'id of heir'],
            reference: { source: 'engine', stored: undefined },
          };
        }),
      ),
    ),
  );
}
