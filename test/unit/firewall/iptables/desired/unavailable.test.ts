import { describe, expect, test } from 'vitest';
import type { Inventory } from '../../../../../src/docker/inventory/inventory.ts';
import { ownHost } from '../../../../../src/firewall/iptables/ownership/ownership.ts';
import type { HostRules } from '../../../../../src/firewall/iptables/text/model.ts';
import { compare, ownLive } from '../../../../../src/firewall/iptables/compare/compare.ts';
import { desiredOf } from '../../../../../src/firewall/iptables/desired/desired.ts';
import { containerFindings } from '../../../../../src/reconcile/container-findings.ts';
import { isBroken, isDamage } from '../../../../../src/reconcile/finding.ts';
import { outdatedBy } from '../../../../../src/firewall/iptables/desired/outdated.ts';
import { isEmptyPlan, planRepair } from '../../../../../src/firewall/iptables/plan/plan.ts';
import { Liveness } from '../../../../../src/firewall/iptables/desired/liveness.ts';
import {
  bridgeNetwork,
  defaultBridge,
  endpointOn,
  expectedOf,
  inventoryOf,
  publish,
} from '../../../../support/recorded/inventories.ts';
import { ownRule } from '../../../../support/own-rule.ts';

const lan = bridgeNetwork('lan', { options: { mode4: 'routed' } });
const BR = lan.bridge;
const open = endpointOn(lan, 'open', '172.18.0.2');
const host = defaultBridge();
const db = endpointOn(host, 'db', '172.17.0.2');
const web = endpointOn(host, 'web', '172.17.0.3');

const told: Inventory = inventoryOf('29.7.2', {
  networks: [host, lan],
  endpoints: [open, db, web],
  ports: [publish(open, '0.0.0.0->80/tcp'), publish(web, '0.0.0.0:8080->80/tcp')],
});
/** The same host, while the Engine does not answer for `open`. */
const silent: Inventory = {
  ...told,
  ports: told.ports.filter(({ container }) => container !== 'open'),
  portsUnknown: [open],
};

const accept = (ip: string, port: number, bridge = BR) =>
  `-A DOCKER -d ${ip}/32 ! -i ${bridge} -o ${bridge} -p tcp -m tcp --dport ${String(port)} -j ACCEPT`;
const OPEN = accept('172.18.0.2', 80);

const written = (inventory: Inventory): HostRules => expectedOf(inventory);

/** What restore would do on a host with `live` rules, of which `recorded` is the baseline. */
function planned(inventory: Inventory, live: HostRules, recorded?: HostRules) {
  const { networks } = inventory;
  const knowledge = { networks, settled: true };
  const liveness = new Liveness(inventory);
  const baseline = recorded === undefined ? undefined : ownHost(recorded, knowledge);
  const desired = desiredOf({
    baseline,
    expected: ownHost(expectedOf(inventory), knowledge),
    liveness,
    outdated: outdatedBy('29.7.2', '29.7.2'),
  });
  const sides = {
    desired: desired.owned,
    live,
    liveOwned: ownLive(desired.owned, live, knowledge),
    engine: {
      liveness,
      coTenants: { interfaces: new Set([BR, 'docker0']), alone: true },
      stale: desired.stale,
    },
  };
  const drift = compare(sides);
  return { drift, plan: planRepair(drift, sides, { policies: 'leave', liveness: 'known' }) };
}

describe('a port the Engine did not tell of', () => {
  test.each<[what: string, recorded: HostRules | undefined]>([
    ['without a baseline', undefined],
    ['with its rule in the baseline', written(told)],
    ['that the baseline has never seen', written(silent)],
  ])('keeps its live rule, %s', (_, recorded) => {
    const { drift, plan } = planned(silent, written(told), recorded);
    expect(isEmptyPlan(plan)).toBe(true);
    expect(drift.extras).toEqual([]);
    expect(drift.stale).toEqual([]);
    expect(drift.chains).toEqual([]);
  });

  test('has no rule put back', () => {
    const { plan } = planned(silent, written(silent), written(told));
    expect(isEmptyPlan(plan)).toBe(true);
  });

  test('is judged again once it is told', () => {
    const { drift } = planned({ ...silent, portsUnknown: [] }, written(told));
    expect(drift.extras).toMatchObject([
      { owned: { rule: { text: OPEN } }, diverts: { severity: 'exposure' } },
    ]);
    expect(isEmptyPlan(planned(told, written(silent), written(told)).plan)).toBe(false);
  });
});

describe('what silence about one container leaves known', () => {
  const liveness = new Liveness(silent);
  test.each<[what: string, table: string, rule: string, cannotTell: boolean]>([
    ['its ports', 'filter', OPEN, true],
    ['another container’s', 'filter', accept('172.17.0.3', 81, 'docker0'), false],
    ['its address on another bridge', 'filter', accept('172.18.0.2', 80, 'docker0'), false],
    ['an address nobody has', 'filter', accept('172.18.0.9', 80), false],
    [
      'a translation to it: every list has the host’s ports',
      'nat',
      `-A DOCKER ! -i ${BR} -p tcp -m tcp --dport 90 -j DNAT --to-destination 172.18.0.2:80`,
      false,
    ],
  ])('%s: unknown is %3$s', (_, table, rule, cannotTell) => {
    const owned = ownRule(table, rule);
    expect(liveness.cannotTell(owned)).toBe(cannotTell);
    expect(liveness.whyGone('ipv4', owned) === undefined).toBe(cannotTell);
  });

  test('links of it', () => {
    const linked = (from: string, to: string) =>
      ownRule(
        'filter',
        `-A DOCKER -s ${from}/32 -d ${to}/32 -i docker0 -o docker0 -p tcp -m tcp --dport 5432 -j ACCEPT`,
      );
    const half = new Liveness({ ...told, portsUnknown: [db] });
    expect(half.whyGone('ipv4', linked('172.17.0.3', '172.17.0.2'))).toBeUndefined();
    expect(half.whyGone('ipv4', linked('172.17.0.9', '172.17.0.2'))).toBeDefined();
    expect(new Liveness(told).whyGone('ipv4', linked('172.17.0.3', '172.17.0.2'))).toBeDefined();
  });
});

describe('findings about containers', () => {
  test('one on no network breaks the check, and names the command that helps', () => {
    const [finding, ...more] = containerFindings({
      unconnected: [{ container: 'web', network: 'my net' }],
      portsUnknown: [],
    });
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      kind: 'unconnected',
      severity: 'outage',
      remedy: "docker network connect 'my net' web",
    });
    expect(finding && [isBroken(finding), isDamage(finding)]).toEqual([true, false]);
  });

  test('one the Engine was silent about is named once', () => {
    const findings = containerFindings({
      unconnected: [],
      portsUnknown: [open, { ...open, network: 'other' }],
    });
    expect(findings).toMatchObject([{ kind: 'ports-unknown', severity: 'notice', container: 'open' }]);
    expect(findings.some(isBroken)).toBe(false);
  });
});
