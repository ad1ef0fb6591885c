import { describe, expect, test } from 'vitest';
import { matchRule, shapesOf } from '../../../../../src/firewall/iptables/ownership/match.ts';
import type { OrderPhase } from '../../../../../src/firewall/iptables/ownership/shape.ts';
import { makeRule } from '../../../../../src/firewall/iptables/text/model.ts';
import { FAMILIES } from '../../../../../src/net/family.ts';
import { recording, recordingNames } from '../../../../support/recorded/recordings.ts';

function orderOf(table: string, text: string): readonly OrderPhase[] {
  const rule = makeRule(text);
  const shapes = shapesOf(table, rule.chain);
  const match = shapes === undefined ? undefined : matchRule(shapes, rule);
  if (match === undefined) throw new Error(`no shape: ${table} ${text}`);
  return match.shape.order?.(match.captures) ?? [];
}

/** Which of two rules of one chain must stand first, if that matters. */
function firstOf(table: string, a: string, b: string): 'a' | 'b' | 'either' {
  const later = new Map(orderOf(table, b).map(({ scope, phase }) => [scope, phase]));
  const steps = orderOf(table, a).map(({ scope, phase }) => (later.get(scope) ?? phase) - phase);
  if (steps.some((step) => step > 0)) return 'a';
  return steps.some((step) => step < 0) ? 'b' : 'either';
}

const A = 'br-aaaaaaaaaaaa';
const ESTABLISHED = '-m conntrack --ctstate RELATED,ESTABLISHED';
const TCP = '-p tcp -m tcp';
const SETS = '-m set --match-set docker-ext-bridges-v4 dst';

describe('order that matters', () => {
  // prettier-ignore
  test.each<[why: string, table: string, first: string, then: string]>([
    ['a user’s rules come before isolation', 'filter', '-A FORWARD -j DOCKER-USER', '-A FORWARD -j DOCKER-ISOLATION-STAGE-1'],
    ['… and before the routing mesh', 'filter', '-A FORWARD -j DOCKER-USER', '-A FORWARD -j DOCKER-INGRESS'],
    ['… and before everything of 28', 'filter', '-A FORWARD -j DOCKER-USER', '-A FORWARD -j DOCKER-FORWARD'],
    ['… and before every bridge', 'filter', '-A FORWARD -j DOCKER-USER', `-A FORWARD -o ${A} -j DOCKER`],
    ['… and before replies', 'filter', '-A FORWARD -j DOCKER-USER', `-A FORWARD -o ${A} ${ESTABLISHED} -j ACCEPT`],
    ['… and before the sets of 28.0.0', 'filter', '-A FORWARD -j DOCKER-USER', `-A FORWARD ${SETS} ${ESTABLISHED} -j ACCEPT`],
    ['… and before overlay networks', 'filter', '-A FORWARD -j DOCKER-USER', '-A FORWARD -j DOCKER-OVERLAY'],
    ['isolation comes before what lets out', 'filter', '-A FORWARD -j DOCKER-ISOLATION-STAGE-1', `-A FORWARD -i ${A} ! -o ${A} -j ACCEPT`],
    ['… and before what lets in', 'filter', '-A FORWARD -j DOCKER-ISOLATION', `-A FORWARD -o ${A} -j DOCKER`],
    ['… and before the sets of 28.0.0', 'filter', '-A FORWARD -j DOCKER-ISOLATION-STAGE-1', `-A FORWARD ${SETS} -j DOCKER`],
    ['what closes other networks comes before what lets out (28.0.0)', 'filter', `-A FORWARD ${SETS} -j DOCKER`, `-A FORWARD -i ${A} -j ACCEPT`],
    ['the routing mesh comes before isolation', 'filter', '-A FORWARD -j DOCKER-INGRESS', '-A FORWARD -j DOCKER-ISOLATION-STAGE-1'],
    ['links come before icc=false', 'filter', `-A FORWARD -o ${A} -j DOCKER`, `-A FORWARD -i ${A} -o ${A} -j DROP`],
    ['isolation comes before its RETURN', 'filter', `-A DOCKER-ISOLATION-STAGE-1 -i ${A} ! -o ${A} -j DOCKER-ISOLATION-STAGE-2`, '-A DOCKER-ISOLATION-STAGE-1 -j RETURN'],
    ['internal networks come before it', 'filter', `-A DOCKER-ISOLATION-STAGE-1 ! -s 10.0.0.0/24 -o ${A} -j DROP`, '-A DOCKER-ISOLATION-STAGE-1 -j RETURN'],
    ['the second stage comes before its RETURN', 'filter', `-A DOCKER-ISOLATION-STAGE-2 -o ${A} -j DROP`, '-A DOCKER-ISOLATION-STAGE-2 -j RETURN'],
    ['pairs of 17.06 come before its RETURN', 'filter', `-A DOCKER-ISOLATION -i ${A} -o docker0 -j DROP`, '-A DOCKER-ISOLATION -j RETURN'],
    ['the mesh’s ports come before its RETURN', 'filter', `-A DOCKER-INGRESS ${TCP} --dport 80 -j ACCEPT`, '-A DOCKER-INGRESS -j RETURN'],
    ['… and its replies', 'filter', `-A DOCKER-INGRESS ${TCP} --sport 80 ${ESTABLISHED} -j ACCEPT`, '-A DOCKER-INGRESS -j RETURN'],
    ['… and its DNAT', 'nat', `-A DOCKER-INGRESS ${TCP} --dport 80 -j DNAT --to-destination 172.18.0.2:80`, '-A DOCKER-INGRESS -j RETURN'],
    ['containers go through docker-proxy before any DNAT', 'nat', '-A DOCKER -i docker0 -j RETURN', `-A DOCKER ! -i ${A} ${TCP} --dport 80 -j DNAT --to-destination 172.18.0.2:80`],
    ['… and so does Windows', 'nat', '-A DOCKER -d 127.0.0.0/8 -i loopback0 -j RETURN', `-A DOCKER ! -i ${A} ${TCP} --dport 80 -j DNAT --to-destination 172.18.0.2:80`],
    ['open ports come before closed ones', 'filter', `-A DOCKER -d 10.0.0.2/32 ! -i ${A} -o ${A} ${TCP} --dport 80 -j ACCEPT`, `-A DOCKER ! -i ${A} -o ${A} -j DROP`],
    ['… and ping of a routed network', 'filter', `-A DOCKER -o ${A} -p icmp -j ACCEPT`, `-A DOCKER ! -i ${A} -o ${A} -j DROP`],
    ['29: a mark comes before replies', 'filter', '-A DOCKER-FORWARD -m mark --mark 0x1 -j ACCEPT', '-A DOCKER-FORWARD -j DOCKER-CT'],
    ['28: the mesh before replies', 'filter', '-A DOCKER-FORWARD -j DOCKER-INGRESS', '-A DOCKER-FORWARD -j DOCKER-CT'],
    ['28: replies before isolation', 'filter', '-A DOCKER-FORWARD -j DOCKER-CT', '-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1'],
    ['28: isolation before bridges', 'filter', '-A DOCKER-FORWARD -j DOCKER-ISOLATION-STAGE-1', '-A DOCKER-FORWARD -j DOCKER-BRIDGE'],
    ['29: internal networks before bridges', 'filter', '-A DOCKER-FORWARD -j DOCKER-INTERNAL', '-A DOCKER-FORWARD -j DOCKER-BRIDGE'],
    ['28: bridges before what lets out', 'filter', '-A DOCKER-FORWARD -j DOCKER-BRIDGE', `-A DOCKER-FORWARD -i ${A} -j ACCEPT`],
    ['… and before icc=false', 'filter', '-A DOCKER-FORWARD -j DOCKER-BRIDGE', `-A DOCKER-FORWARD -i ${A} -o ${A} -j DROP`],
    ['… and before an internal network', 'filter', '-A DOCKER-FORWARD -j DOCKER-BRIDGE', `-A DOCKER-FORWARD -i ${A} -o ${A} -j ACCEPT`],
    ['28: icc=false before what lets out', 'filter', `-A DOCKER-FORWARD -i ${A} -o ${A} -j DROP`, `-A DOCKER-FORWARD -i ${A} -j ACCEPT`],
    ['28: replies of a routed network before isolation', 'filter', `-A DOCKER-ISOLATION-STAGE-1 -i ${A} ${ESTABLISHED} -j ACCEPT`, '-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2'],
    ['… and the way to it', 'filter', `-A DOCKER-ISOLATION-STAGE-1 -o ${A} -j RETURN`, '-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2'],
    ['a trusted interface comes before the DROP', 'raw', '-A PREROUTING -d 10.0.0.2/32 -i eth1 -j ACCEPT', `-A PREROUTING -d 10.0.0.2/32 ! -i ${A} -j DROP`],
    ['Windows’ loopback comes before the DROP', 'raw', `-A PREROUTING -d 127.0.0.1/32 -i loopback0 ${TCP} --dport 80 -j ACCEPT`, `-A PREROUTING -d 127.0.0.1/32 ! -i lo ${TCP} --dport 80 -j DROP`],
    ['the mesh comes before published ports', 'nat', '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER-INGRESS', '-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER'],
    ['… for the host itself too', 'nat', '-A OUTPUT -m addrtype --dst-type LOCAL -j DOCKER-INGRESS', '-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER'],
    ['encrypted traffic is let in before the rest is dropped', 'filter', '-A INPUT -p udp -m policy --dir in --pol ipsec -m udp --dport 4789 -m u32 --u32 "0x0>>0x16&0x3c@0xc&0xffffff00=0x100100" -j ACCEPT', '-A INPUT -p udp -m udp --dport 4789 -m u32 --u32 "0x0>>0x16&0x3c@0xc&0xffffff00=0x100100" -j DROP'],
  ])('%s', (_, table, first, then) => {
    expect(firstOf(table, first, then)).toBe('a');
    expect(firstOf(table, then, first)).toBe('b');
  });
});

describe('order that does not matter', () => {
  test.each<[table: string, a: string, b: string]>([
    // 28 appends links behind the DROP, which asks for another interface than theirs.
    [
      'filter',
      `-A DOCKER -s 10.0.0.3/32 -d 10.0.0.2/32 -i ${A} -o ${A} ${TCP} --dport 80 -j ACCEPT`,
      `-A DOCKER ! -i ${A} -o ${A} -j DROP`,
    ],
    ['filter', `-A FORWARD -i ${A} ! -o ${A} -j ACCEPT`, '-A FORWARD -i docker0 ! -o docker0 -j ACCEPT'],
    ['filter', `-A FORWARD -o ${A} -j DOCKER`, '-A FORWARD -i docker0 -o docker0 -j DROP'],
    ['filter', `-A FORWARD -i ${A} ! -o ${A} -j ACCEPT`, `-A FORWARD -i ${A} -o ${A} -j ACCEPT`],
    [
      'filter',
      `-A DOCKER -d 10.0.0.2/32 ! -i ${A} -o ${A} ${TCP} --dport 80 -j ACCEPT`,
      '-A DOCKER ! -i docker0 -o docker0 -j DROP',
    ],
    ['filter', `-A DOCKER-FORWARD -i ${A} -j ACCEPT`, '-A DOCKER-FORWARD -i docker0 -o docker0 -j DROP'],
    ['filter', `-A DOCKER-BRIDGE -o ${A} -j DOCKER`, '-A DOCKER-BRIDGE -o docker0 -j DOCKER'],
    // Engine 29 puts the mesh's jump first again with each service port; neither takes what the other would not.
    ['filter', '-A DOCKER-FORWARD -m mark --mark 0x1 -j ACCEPT', '-A DOCKER-FORWARD -j DOCKER-INGRESS'],
    [
      'nat',
      `-A DOCKER ${TCP} --dport 80 -j DNAT --to-destination 10.0.0.2:80`,
      `-A DOCKER ${TCP} --dport 81 -j DNAT --to-destination 10.0.0.2:81`,
    ],
    [
      'nat',
      '-A POSTROUTING -s 10.0.0.0/24 ! -o docker0 -j MASQUERADE',
      `-A POSTROUTING -s 10.0.1.0/24 ! -o ${A} -j MASQUERADE`,
    ],
    [
      'raw',
      '-A PREROUTING -d 10.0.0.3/32 -i eth1 -j ACCEPT',
      `-A PREROUTING -d 10.0.0.2/32 ! -i ${A} -j DROP`,
    ],
  ])('%s %s | %s', (table, a, b) => {
    expect(firstOf(table, a, b)).toBe('either');
  });
});

/**
 * With live-restore, Engines up to 27 put their rules above the jump to DOCKER-USER at a restart
 * (docs/reference/docker-iptables.md#what-docker-restores).
 */
const LEFT_BELOW = ['forward: -A FORWARD -j DOCKER-USER'];

describe.each(recordingNames())('the Engine of %s keeps this order', (name) => {
  const { owned } = recording(name);

  test.each(FAMILIES)('%s', (family) => {
    const broken: string[] = [];
    for (const chains of owned.families[family].values()) {
      for (const { rules } of chains.values()) {
        const reached = new Map<string, number>();
        for (const { rule, shape, captures } of rules) {
          for (const { scope, phase } of shape?.order?.(captures ?? {}) ?? []) {
            if (phase < (reached.get(scope) ?? phase)) broken.push(`${scope}: ${rule.text}`);
            reached.set(scope, phase);
          }
        }
      }
    }
    const isLiveRestored = /-(?:20\.10|26\.1)-restarted$/.test(name);
    expect(isLiveRestored && broken.length > 0 ? LEFT_BELOW : []).toEqual(broken);
  });
});
