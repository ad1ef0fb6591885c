import type { NamedPath } from '../../../../src/doctor/diagnosis.ts';
import { makeRule, type Rule } from '../../../../src/firewall/iptables/text/model.ts';
import type { Packet } from '../../../../src/trace/packet.ts';
import type { Path, PathStep } from '../../../../src/trace/path.ts';

/** A new TCP connection from outside, as it comes in by the uplink. */
export const packet = (fields: Partial<Packet> = {}): Packet => ({
  family: 'ipv4',
  inInterface: 'eth0',
  outInterface: '',
  inPort: '',
  source: '198.51.100.7',
  destination: '192.0.2.10',
  protocol: 'tcp',
  sourcePort: 40_000,
  destinationPort: 8080,
  tcpFlags: ['SYN'],
  state: 'NEW',
  mark: 0,
  connmark: 0,
  translated: { source: false, destination: false },
  original: { source: '198.51.100.7', destination: '192.0.2.10', destinationPort: 8080 },
  ...fields,
});

const step = (
  hook: PathStep['hook'],
  stage: string,
  what: string,
  rule?: Rule,
  chain?: string,
): PathStep => ({
  hook,
  stage,
  what,
  ...(stage === 'routing' || stage === 'bridge' ? {} : { variant: 'nft' }),
  ...(rule === undefined ? (chain === undefined ? {} : { chain }) : { rule, chain: rule.chain }),
});

/** The rule of nobody's that stops web, with a comment that would be a script and move a terminal's cursor. */
export const FOREIGN = makeRule(
  '-A FORWARD -p tcp -m tcp --dport 80 -m comment --comment "harden <script>alert(1)</script> \u001b[2J" -j DROP',
  '4182:250920',
);

const translated = packet({
  outInterface: 'docker0',
  destination: '172.17.0.2',
  destinationPort: 80,
  translated: { source: false, destination: true },
});

/** Up to the routing decision, a published port's packet does the same whether it gets through or not. */
export const arriving: readonly PathStep[] = [
  step('PREROUTING', 'raw', 'policy ACCEPT', undefined, 'PREROUTING'),
  step('PREROUTING', 'mangle', 'policy ACCEPT', undefined, 'PREROUTING'),
  step(
    'PREROUTING',
    'nat',
    'jumps to DOCKER',
    makeRule('-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER', '4190:251400'),
  ),
  step(
    'PREROUTING',
    'nat',
    'to 172.17.0.2:80',
    makeRule(
      '-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80',
      '4182:250920',
    ),
  ),
  step('FORWARD', 'routing', 'route via docker0'),
  step('FORWARD', 'mangle', 'policy ACCEPT', undefined, 'FORWARD'),
];

const allowed: readonly PathStep[] = [
  ...[
    ['jumps to DOCKER-USER', '-A FORWARD -j DOCKER-USER'],
    ['jumps to DOCKER-FORWARD', '-A FORWARD -j DOCKER-FORWARD'],
    ['jumps to DOCKER-CT', '-A DOCKER-FORWARD -j DOCKER-CT'],
    ['jumps to DOCKER-BRIDGE', '-A DOCKER-FORWARD -j DOCKER-BRIDGE'],
    ['jumps to DOCKER', '-A DOCKER-BRIDGE -o docker0 -j DOCKER'],
    ['ACCEPT', '-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT'],
  ].map(([what = '', text = '']) => step('FORWARD', 'filter', what, makeRule(text, '912:54720'))),
  step('POSTROUTING', 'mangle', 'policy ACCEPT', undefined, 'POSTROUTING'),
  step('POSTROUTING', 'nat', 'policy ACCEPT', undefined, 'POSTROUTING'),
];

export const through: Path = {
  packet: packet(),
  last: translated,
  steps: [...arriving, ...allowed],
  end: { at: 'sent', outInterface: 'docker0', nextHop: '' },
};

export const dropped: Path = {
  packet: packet(),
  last: translated,
  steps: [...arriving, step('FORWARD', 'filter', 'DROP', FOREIGN)],
  end: {
    at: 'stopped',
    hook: 'FORWARD',
    variant: 'nft',
    table: 'filter',
    chain: 'FORWARD',
    rule: FOREIGN,
    target: 'DROP',
  },
};

const outgoing = packet({
  inInterface: 'docker0',
  inPort: 'veth1c9d0a2',
  source: '172.17.0.2',
  destination: '198.51.100.53',
  destinationPort: 443,
  original: { source: '172.17.0.2', destination: '198.51.100.53', destinationPort: 443 },
});

const MASQUERADE = makeRule('-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE', '30412:1824720');

export const outward = (masked: boolean): Path => ({
  packet: outgoing,
  last: { ...outgoing, outInterface: 'eth0', ...(masked && { source: '192.0.2.10' }) },
  steps: [
    step('PREROUTING', 'raw', 'policy ACCEPT', undefined, 'PREROUTING'),
    step('FORWARD', 'routing', 'route via eth0, next hop 192.0.2.1'),
    step('FORWARD', 'filter', 'ACCEPT', makeRule('-A DOCKER-FORWARD -i docker0 -j ACCEPT', '30412:1824720')),
    masked
      ? step('POSTROUTING', 'nat', 'from 192.0.2.10', MASQUERADE)
      : step('POSTROUTING', 'nat', 'policy ACCEPT', undefined, 'POSTROUTING'),
  ],
  end: { at: 'sent', outInterface: 'eth0', nextHop: '192.0.2.1' },
});

export const named = (fields: Partial<NamedPath> & Pick<NamedPath, 'name' | 'path'>): NamedPath => ({
  kind: 'published',
  subjects: ['web', 'bridge'],
  shouldPass: true,
  verdict: 'ok',
  flaw: '',
  ...fields,
});
