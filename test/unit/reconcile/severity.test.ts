import { describe, expect, test } from 'vitest';
import { SHAPES } from '../../../src/firewall/iptables/ownership/match.ts';
import type { Shape } from '../../../src/firewall/iptables/ownership/shape.ts';
import type { OwnedRule } from '../../../src/firewall/iptables/ownership/ownership.ts';
import { lossOf } from '../../../src/reconcile/consequence.ts';
import type { Severity } from '../../../src/reconcile/finding.ts';
import type { Surroundings } from '../../../src/reconcile/known-names.ts';
import { makeRule } from '../../../src/firewall/iptables/text/model.ts';

/**
 * What the loss of each kind of rule is. `exposure` wherever a packet now gets where Docker kept it out: isolation, raw
 * drops, loopback-only ports, icc=false, DOCKER-USER's jump, overlay encryption; `outage` where one no longer arrives.
 */
const SEVERITY: Readonly<Record<Severity, readonly string[]>> = {
  exposure: [
    // The user's own filters are no longer asked.
    'forward-user',
    // Isolation, and closed ports.
    'forward-forward',
    'forward-isolation',
    'jump-isolation',
    'jump-bridge',
    'bridge-docker',
    'forward-set-docker',
    'internal-drop',
    'isolation-stage-2',
    'isolation-drop',
    'isolation-pair-drop',
    'unpublished-drop',
    // icc=false.
    'forward-icc-drop',
    'network-icc-drop',
    // Past the published ports, from the host's links.
    'raw-endpoint',
    'raw-port',
    'raw-loopback',
    // Encryption of overlays.
    'overlay-mark',
    'overlay-plain-drop',
    'overlay-any-drop',
  ],
  outage: [
    'forward-ingress',
    'forward-overlay',
    'forward-docker',
    'forward-set-established',
    'forward-established',
    'forward-out',
    'forward-any-out',
    'forward-icc-accept',
    'overlay-ipsec-accept',
    'sctp-checksum',
    'nat-jump',
    'nat-ingress-jump',
    'masquerade',
    'hairpin-local',
    'hairpin-port',
    'raw-trusted',
    'raw-loopback-wsl',
    'port-accept',
    'link-accept',
    'routed-icmp',
    'unprotected-accept',
    'bridge-established',
    'mark-accept',
    'jump-ingress',
    'jump-established',
    'network-out',
    'network-icc-accept',
    'routed-established',
    'routed-return',
    'ingress-accept',
    'ingress-established',
    'ingress-dnat',
    'dnat',
  ],
  notice: [
    'isolation-return',
    'overlay-return',
    'ingress-return',
    'user-return',
    'ingress-nat-return',
    'proxy-return',
    'wsl-return',
  ],
};

const SHAPE_BY_ID = new Map<string, Shape>(SHAPES.map((shape) => [shape.id, shape]));
const NOTHING_KNOWN: Surroundings = { networks: [], containers: [], userlandProxy: true };

const lossOfShape = (id: string) => {
  const shape = SHAPE_BY_ID.get(id);
  if (shape === undefined) throw new Error(`no such shape: ${id}`);
  const owned: OwnedRule = {
    rule: makeRule('-A X'),
    owner: 'docker',
    level: shape.level,
    shape,
    captures: {},
  };
  return lossOf(owned, NOTHING_KNOWN);
};

describe.each(Object.entries(SEVERITY))('%s', (severity, ids) => {
  test.each(ids)('%s', (id) => {
    const loss = lossOfShape(id);
    expect(loss.severity).toBe(severity);
    // Said of this kind of rule, not of one the program does not know.
    expect(loss.text).not.toContain('does not know');
    expect(loss.text).not.toContain('undefined');
  });
});

test('every kind of rule is judged above', () => {
  expect(Object.values(SEVERITY).flat().sort()).toEqual([...SHAPE_BY_ID.keys()].sort());
});

test('a rule of an Engine still to come is an outage until someone knows better', () => {
  const unknown: OwnedRule = { rule: makeRule('-A DOCKER-NEW -j ACCEPT'), owner: 'docker', level: 'daemon' };
  expect(lossOf(unknown, NOTHING_KNOWN).severity).toBe('outage');
});
