import { describe, expect, test } from 'vitest';
import { edited } from '../../../support/edited.ts';
import { all } from '../../../support/doctor/causes.ts';
import { onInside, onLink, sysctls, withoutRoute, type Change } from '../../../support/doctor/host-facts.ts';
import type { Finding } from '../../../../src/reconcile/finding.ts';
import { lost, rewritten } from '../../../support/doctor/rule-changes.ts';
import { causesOf, followed, UNMASQUERADED, type PeerPair } from '../../../support/peers/hosts.ts';

const dropForwarded = rewritten((save) =>
  edited(save, /^\[\d+:\d+\] -A FORWARD -j DOCKER-USER$/m, '[0:0] -A FORWARD -j DROP\n$&'),
);
const withoutDnat = rewritten((save) => edited(save, /.*--to-destination 172.17.0.2:80\n/g, ''));

/** What is wrong, the codes of the causes with the host each is on, and what the first remedy's command holds. */
type Row = readonly [name: string, pair: PeerPair, causes: readonly string[], command?: string];

const HEALTHY: readonly (readonly [string, PeerPair])[] = [
  ['one wire', {}],
  ['a router between', { routed: true }],
  ['the host itself asks', { asker: 'host' }],
  ['a router between, the host itself asks', { routed: true, asker: 'host' }],
  [
    'a rule drops what neither host asks for',
    {
      asked: rewritten((save) =>
        edited(
          save,
          /^\[\d+:\d+\] -A FORWARD -j DOCKER-USER$/m,
          '[0:0] -A FORWARD -s 203.0.113.9/32 -j DROP\n$&',
        ),
      ),
    },
  ],
];

test.each(HEALTHY)('healthy: %s', (_name, pair) => {
  const diagnosis = followed(pair);
  expect(causesOf(diagnosis)).toEqual([]);
  expect(diagnosis.legs.map(({ part, verdict }) => `${part} ${verdict}`)).toEqual([
    'out ok',
    'there ok',
    'in ok',
    'answer ok',
    'back ok',
    'home ok',
  ]);
  expect(diagnosis.verdict).toBe('ok');
});

const FAULTS: readonly Row[] = [
  ['a rule drops what host-a forwards', { asking: dropForwarded }, ['host-a rule-stops'], 'iptables'],
  ['a rule drops what host-b forwards', { asked: dropForwarded }, ['host-b rule-stops'], 'iptables'],
  [
    'each drops what it forwards',
    { asking: dropForwarded, asked: dropForwarded },
    ['host-a rule-stops', 'host-b rule-stops'],
  ],
  ['host-a no longer masquerades', { asking: UNMASQUERADED }, ['host-a not-masqueraded']],
  [
    'host-a no longer masquerades, a router between',
    { asking: UNMASQUERADED, routed: true },
    ['host-a not-masqueraded'],
  ],
  ['host-b translates the port no more', { asked: withoutDnat }, ['host-b translation-lost']],
  [
    'host-a forwards nothing',
    {
      asking: sysctls({
        'ipv4/ip_forward': '0',
        'ipv4/conf/all/forwarding': '0',
        'ipv4/conf/docker0/forwarding': '0',
      }),
    },
    ['host-a forwarding-off'],
    'sysctl',
  ],
  [
    'host-b forwards nothing',
    {
      asked: sysctls({
        'ipv4/ip_forward': '0',
        'ipv4/conf/all/forwarding': '0',
        'ipv4/conf/eth0/forwarding': '0',
        'ipv4/conf/docker0/forwarding': '0',
      }),
    },
    ['host-b forwarding-off'],
    'sysctl',
  ],
  ['host-b has lost its address', { asked: onLink('eth0', { addresses: [] }) }, ['host-b address-elsewhere']],
  [
    "host-b's interface is down",
    { asked: onLink('eth0', { up: false, carrier: false }) },
    ['host-b wire-down'],
    'ip link set dev eth0 up',
  ],
  [
    "host-b's interface is down, and host-a's loses its carrier by it",
    {
      asking: onLink('eth0', { carrier: false }),
      asked: onLink('eth0', { up: false, carrier: false }),
    },
    ['host-b wire-down'],
  ],
  [
    'nothing listens in the container of host-b',
    { asked: onInside('web', () => ({ listeners: [] })) },
    ['host-b nothing-listens'],
  ],
  ['nothing publishes that port', { target: '192.0.2.20:9999' }, ['host-b not-published']],
  ['the address is of host-a itself', { target: '192.0.2.1:8080' }, ['host-a address-here']],
  [
    'both hosts have one address',
    {
      asked: onLink('eth0', {
        addresses: [
          { family: 'ipv4', address: '192.0.2.20', length: 24, scope: 'global' },
          { family: 'ipv4', address: '192.0.2.1', length: 24, scope: 'global' },
        ],
      }),
    },
    ['host-a wire-address-twice'],
  ],
  [
    'one hardware address',
    { asked: onLink('eth0', { mac: '02:00:00:00:00:0a' }) },
    ['host-a wire-mac-twice'],
  ],
  [
    "host-b's end of the wire takes smaller packets",
    { asked: onLink('eth0', { mtu: 1400 }) },
    ['host-b wire-mtu'],
    'ip link set dev eth0 mtu 1500',
  ],
  ['host-b has no route back', { routed: true, asked: withoutRoute('0.0.0.0/0') }, ['host-b route-missing']],
];

describe('the right host and cause, and no other', () => {
  test.each(FAULTS.map((row) => ({ row, name: row[0] })))('$name', ({ row: [, pair, causes, command] }) => {
    const diagnosis = followed(pair);
    expect(causesOf(diagnosis)).toEqual(causes);
    expect(diagnosis.verdict).toBe('fail');
    if (command !== undefined)
      expect(diagnosis.causes[0]?.check.remedies[0]?.commands.join('; ')).toContain(command);
  });
});

/** Rules of Docker's that are lost, as its comparison says. */
const findings =
  (...all: readonly Partial<Finding>[]): Change =>
  (facts) => ({
    ...facts,
    drift: {
      ...{ rules: 24, baseline: undefined },
      findings: all.map((one) => ({
        ...{ kind: 'missing', severity: 'outage', family: 'ipv4', table: 'filter', chain: 'FORWARD' },
        ...{ rule: '-A FORWARD -j DOCKER-FORWARD', consequence: 'packets are lost' },
        ...one,
      })),
    },
  });

const flushed = lost((save) => edited(save, /.*-A (?:FORWARD|DOCKER-FORWARD|DOCKER) .*\n/g, ''));

describe('what does not stop this packet is no cause of it, though something does', () => {
  const DROP: readonly string[] = ['host-b rule-stops'];
  test.each<readonly [string, Change, readonly string[]]>([
    ['rules of IPv6 are lost', all(dropForwarded, findings({ family: 'ipv6' })), DROP],
    ['what is lost kept others out', all(dropForwarded, findings({ severity: 'exposure' })), DROP],
    [
      'the kernel does not forward IPv6',
      all(dropForwarded, sysctls({ 'ipv6/conf/all/forwarding': '0' }), (facts) => ({
        ...facts,
        networks: facts.networks.map((one) => ({ ...one, ipv6: true })),
      })),
      DROP,
    ],
    ['what is lost is what lets it through', all(flushed, findings({})), ['host-b rules-lost']],
    [
      'what is lost lets it through, and IPv6 is lost too',
      all(flushed, findings({ severity: 'exposure' }, { family: 'ipv6' })),
      ['host-b rules-lost'],
    ],
  ])('%s', (_name, asked, causes) => {
    expect(causesOf(followed({ asked }))).toEqual(causes);
  });

  test('where nothing was followed no rule is a cause', () => {
    const unled: Change = (facts) => ({
      ...facts,
      ports: facts.ports.map((one) => ({ ...one, endpoint: undefined })),
    });
    const { verdict, causes } = followed({ asked: all(unled, findings({ family: 'ipv6' })) });
    expect(causes.map(({ check }) => check.code)).toEqual(['path-unknown']);
    expect(verdict).toBe('unknown');
  });
});

test('a packet that leaves, and should not as it does, is said to leave', () => {
  const [out] = followed({ asking: UNMASQUERADED }).legs;
  expect(out?.what).toMatch(
    /: leaves host-a by eth0 as 172\.17\.0\.2, not masqueraded: only hosts with a route there can answer$/,
  );
  expect(out?.verdict).toBe('fail');
});
