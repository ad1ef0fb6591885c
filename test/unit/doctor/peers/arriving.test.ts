import { expect, test } from 'vitest';
import { arrivingPaths } from '../../../../src/doctor/peers/arriving.ts';
import { linkOf } from '../../../../src/doctor/lookup.ts';
import { healthyFacts, onContainer } from '../../../support/doctor/host-facts.ts';

const facts = onContainer('web', ({ attachments }) => ({
  attachments: attachments.map((one) => ({ ...one, ipv6: 'fd00:a::2' })),
}))(healthyFacts());

test.each([
  ['172.17.0.2', '192.0.2.9'],
  ['fd00:a::2', '2001:db8::9'],
])(
  'a container with addresses of both families is asked by the one that was named: %s',
  (address, source) => {
    const link = linkOf(facts.netState, 'eth0');
    if (link === undefined) throw new Error('the host has no eth0');
    const packet = {
      address,
      source,
      port: 80,
      proto: 'tcp',
      dev: 'eth0',
      nextHop: '',
      isSeen: true,
    } as const;
    const trouble = { target: { kind: 'host' }, containers: new Set<string>(), trouble: [] } as const;
    const paths = arrivingPaths(packet, { link, isDirect: true }, trouble, facts);
    expect(paths.map(({ packet: { source: from, destination } }) => [from, destination])).toEqual([
      [source, address],
    ]);
  },
);
