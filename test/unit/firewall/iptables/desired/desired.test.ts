import { describe, expect, test } from 'vitest';
import type { Inventory, LiveNetwork } from '../../../../../src/docker/inventory/inventory.ts';
import { ownHost, type OwnedHost } from '../../../../../src/firewall/iptables/ownership/ownership.ts';
import {
  type HostRules,
  type RuleName,
  chainOf,
  makeRule,
  type Chain,
} from '../../../../../src/firewall/iptables/text/model.ts';
import type { Family } from '../../../../../src/net/family.ts';
import type { Settings } from '../../../../../src/docker/settings.ts';
import { desiredOf, type Desired } from '../../../../../src/firewall/iptables/desired/desired.ts';
import { outdatedBy } from '../../../../../src/firewall/iptables/desired/outdated.ts';
import { Liveness } from '../../../../../src/firewall/iptables/desired/liveness.ts';
import {
  bridgeNetwork,
  defaultBridge,
  endpointOn,
  expectedOf,
  inventoryOf,
  publish,
} from '../../../../support/recorded/inventories.ts';

interface Moment {
  readonly inventory: Inventory;
  readonly settings?: Partial<Settings>;
}

const rulesAt = ({ inventory, settings = {} }: Moment): HostRules => expectedOf(inventory, settings);
const ownedAt = (rules: HostRules, { inventory }: Moment): OwnedHost =>
  ownHost(rules, { networks: inventory.networks, settled: true });

/** What is wanted on a host that was recorded `then` (changed by `edit`), of an Engine that says `now`. */
function desiredAt(
  then: Moment,
  now: Moment,
  edit: Edit = (rules) => rules,
  accepted: readonly RuleName[] = [],
): Desired {
  return desiredOf({
    baseline: ownedAt(edit(rulesAt(then)), then),
    expected: ownedAt(rulesAt(now), now),
    liveness: new Liveness(now.inventory, { networks: then.inventory.networks, containers: [] }),
    accepted,
    outdated: outdatedBy(then.inventory.version, now.inventory.version),
  });
}

type Edit = (rules: HostRules) => HostRules;

/** The same rules with one IPv4 chain's changed. */
const editing =
  (table: string, chain: string, change: (rules: readonly string[]) => readonly string[]): Edit =>
  (rules) => {
    const found = chainOf(rules.ipv4, table, chain);
    const texts = change(found?.rules.map(({ text }) => text) ?? []);
    const edited: Chain = {
      name: chain,
      policy: '-',
      counters: '',
      ...found,
      rules: texts.map((text) => makeRule(text)),
    };
    const chains = new Map([...(rules.ipv4.tables.get(table)?.chains ?? []), [chain, edited] as const]);
    return { ...rules, ipv4: { tables: new Map([...rules.ipv4.tables, [table, { name: table, chains }]]) } };
  };

const textsIn = ({ owned }: Desired, table: string, chain: string, family: Family = 'ipv4') =>
  owned.families[family]
    .get(table)
    ?.get(chain)
    ?.rules.map(({ rule }) => rule.text);

/** Every chain and rule, sorted: what a host would have that nobody ever damaged. */
const flat = ({ families }: OwnedHost): readonly string[] =>
  Object.entries(families)
    .flatMap(([family, tables]) =>
      [...tables].flatMap(([table, chains]) =>
        [...chains.values()].flatMap(({ name, builtin, rules }) => [
          ...(builtin ? [] : [`${family} ${table} :${name}`]),
          ...rules.map(({ rule }) => `${family} ${table} ${rule.text}`),
        ]),
      ),
    )
    .sort();

const docker0 = defaultBridge();
const front = bridgeNetwork('front');
const A = front.bridge;
const web = endpointOn(docker0, 'web', '172.17.0.2');

const at = (
  version: string,
  networks: readonly LiveNetwork[] = [docker0, front],
  settings: Partial<Settings> = {},
): Moment => ({
  inventory: inventoryOf(version, {
    networks,
    endpoints: [web],
    ports: [publish(web, '0.0.0.0:8080->80/tcp')],
  }),
  settings,
});

/** Nothing of the old state is left: exactly what the Engine calls for now. */
function expectJust(now: Moment, desired: Desired): void {
  expect(flat(desired.owned)).toEqual(flat(ownedAt(rulesAt(now), now)));
}

describe('after a change of the Engine’s own, only what it writes now', () => {
  const on = { ip6tables: true };
  const icc = (value: string) => bridgeNetwork('front', { options: { icc: value } });
  const mode = (mode4: string) => bridgeNetwork('front', { options: { mode4 } });

  test.each<[what: string, then: Moment, now: Moment]>([
    ['nothing changed', at('28.5.2'), at('28.5.2')],
    ['20.10 → 26.1', at('20.10.24'), at('26.1.5')],
    ['26.1 → 28.5', at('26.1.5'), at('28.5.2')],
    ['26.1 → 28.5, both families', at('26.1.5', undefined, on), at('28.5.2', undefined, on)],
    ['28.0.0 → 28.0.1', at('28.0.0'), at('28.0.1')],
    ['28.1 → 28.5', at('28.1.1'), at('28.5.2')],
    ['28.5 → 29', at('28.5.2'), at('29.0.0')],
    [
      '28.5 → 29, where IPv6 has chains and no network',
      at('28.5.2', undefined, on),
      at('29.0.0', undefined, on),
    ],
    ['29 → 28.5, back again', at('29.0.0'), at('28.5.2')],
    ['docker-proxy switched off', at('28.5.2'), at('28.5.2', undefined, { userlandProxy: false })],
    ['docker-proxy switched on', at('26.1.5', undefined, { userlandProxy: false }), at('26.1.5')],
    ['ip6tables switched off', at('28.5.2', undefined, on), at('28.5.2')],
    ['ip6tables switched on', at('26.1.5'), at('26.1.5', undefined, on)],
    ['direct routing allowed', at('28.5.2'), at('28.5.2', undefined, { directRouting: true })],
    ['a mark taken back', at('29.0.0', undefined, { acceptMark: '0x1' }), at('29.0.0')],
    [
      'a mark changed',
      at('29.0.0', undefined, { acceptMark: '0x1' }),
      at('29.0.0', undefined, { acceptMark: '0x2' }),
    ],
    [
      'icc switched off, same bridge',
      at('28.5.2', [docker0, icc('true')]),
      at('28.5.2', [docker0, icc('false')]),
    ],
    [
      'icc switched off, same bridge',
      at('26.1.5', [docker0, icc('true')]),
      at('26.1.5', [docker0, icc('false')]),
    ],
    [
      'made internal, same bridge',
      at('28.5.2'),
      at('28.5.2', [docker0, bridgeNetwork('front', { internal: true })]),
    ],
    ['made routed, same bridge', at('28.5.2'), at('28.5.2', [docker0, mode('routed')])],
    ['made unprotected, same bridge', at('28.5.2'), at('28.5.2', [docker0, mode('nat-unprotected')])],
    [
      'another subnet, same bridge',
      at('26.1.5'),
      at('26.1.5', [docker0, bridgeNetwork('front', { subnets: ['172.30.0.0/16'] })]),
    ],
    ['a network removed', at('28.5.2'), at('28.5.2', [docker0])],
    ['a network added', at('28.5.2', [docker0]), at('28.5.2')],
  ])('%s', (_, then, now) => {
    expectJust(now, desiredAt(then, now));
  });

  test('what is not put back is listed, with a reason that says what replaced it', () => {
    const { stale } = desiredAt(at('28.5.2'), at('29.0.0'));
    expect(stale.map(({ owned, reason }) => `${owned.rule.text}: ${reason}`)).toContain(
      `-A DOCKER-ISOLATION-STAGE-2 -o ${A} -j DROP: Engine 29.0.0 does not write it; the baseline was recorded with Engine 28.5.2`,
    );
  });
});

describe('newcomers', () => {
  const late = at('28.5.2');

  test('a container started since opens its port before its network is closed', () => {
    const none = { inventory: { ...late.inventory, endpoints: [], ports: [] } };
    expect(textsIn(desiredAt(none, late), 'filter', 'DOCKER')).toEqual([
      '-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT',
      '-A DOCKER ! -i docker0 -o docker0 -j DROP',
      `-A DOCKER ! -i ${A} -o ${A} -j DROP`,
    ]);
  });

  test('stand in recorded order beside foreign neighbours, which keep theirs', () => {
    const [mine, theirs] = ['-A FORWARD -i eth1 -j ACCEPT', '-A FORWARD -i eth2 -j ACCEPT'];
    const edit = editing('filter', 'FORWARD', ([user = '', ...rest]) => [user, mine, ...rest, theirs]);
    const desired = desiredAt(at('26.1.5', [docker0]), at('26.1.5'), edit);
    const texts = textsIn(desired, 'filter', 'FORWARD') ?? [];
    expect(texts.slice(0, 3)).toEqual([
      '-A FORWARD -j DOCKER-USER',
      mine,
      '-A FORWARD -j DOCKER-ISOLATION-STAGE-1',
    ]);
    expect(texts.at(-1)).toBe(theirs);
    expect(texts.filter((text) => text.includes(A))).toHaveLength(4);
  });
});

describe('DOCKER-USER', () => {
  const mine = '-A DOCKER-USER -s 203.0.113.0/24 -j DROP';
  const withMine = editing('filter', 'DOCKER-USER', (rules) => [mine, ...rules]);
  const withoutReturn = editing('filter', 'DOCKER-USER', () => [mine]);

  test('keeps its content', () => {
    expect(textsIn(desiredAt(at('26.1.5'), at('26.1.5'), withMine), 'filter', 'DOCKER-USER')).toEqual([
      mine,
      '-A DOCKER-USER -j RETURN',
    ]);
  });

  test('keeps it over an upgrade too', () => {
    const texts = textsIn(desiredAt(at('26.1.5'), at('28.5.2'), withMine), 'filter', 'DOCKER-USER');
    expect(texts?.[0]).toBe(mine);
  });

  test.each(['26.1.5', '28.0.1'])('gets no RETURN back that its user took out · %s', (version) => {
    expect(textsIn(desiredAt(at(version), at(version), withoutReturn), 'filter', 'DOCKER-USER')).toEqual([
      mine,
    ]);
  });

  test('keeps it when IPv6 is no longer Docker’s', () => {
    const then = at('28.5.2', undefined, { ip6tables: true });
    expect(textsIn(desiredAt(then, at('28.5.2'), withMine), 'filter', 'DOCKER-USER')).toContain(mine);
  });
});

test('what its user does without is not asked for', () => {
  const now = at('28.5.2');
  const rule = '-A FORWARD -j DOCKER-FORWARD';
  const without = editing('filter', 'FORWARD', (rules) => rules.filter((text) => text !== rule));
  const desired = desiredAt(now, now, without, [{ family: 'ipv4', table: 'filter', chain: 'FORWARD', rule }]);
  expect(textsIn(desired, 'filter', 'FORWARD')).toEqual(['-A FORWARD -j DOCKER-USER']);
  expect(desired.stale).toEqual([]);
});

test('an Engine alone is enough, and so is a baseline', () => {
  const now = at('28.5.2');
  const owned = ownedAt(rulesAt(now), now);
  expect(flat(desiredOf({ expected: owned }).owned)).toEqual(flat(owned));
  expect(flat(desiredOf({ baseline: owned }).owned)).toEqual(flat(owned));
});
