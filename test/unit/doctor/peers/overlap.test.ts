import { describe, expect, test } from 'vitest';
import { all } from '../../../support/doctor/causes.ts';
import type { Change } from '../../../support/doctor/host-facts.ts';
import { causesOf, followed, UNMASQUERADED } from '../../../support/peers/hosts.ts';

/** A network whose containers leave with their own addresses, by design. */
const routedNetwork: Change = (facts) =>
  all(UNMASQUERADED, (one) => ({
    ...one,
    networks: one.networks.map((network) => ({ ...network, masquerade: false })),
  }))(facts);

describe('a network of one host holds an address of the other', () => {
  const first = (diagnosis: ReturnType<typeof followed>) => diagnosis.causes[0]?.check.remedies[0]?.commands;
  /** A second network, whose bridge has the first address of its subnet. */
  const networkOf =
    (subnet: string): Change =>
    (facts) => {
      const [address, length] = subnet.replace(/\d+\//, '1/').split('/');
      const gateway = subnet.replace(/(\d+)\/.*/, (_, last: string) => String(Number(last) + 1));
      return {
        ...facts,
        networks: [
          ...facts.networks,
          ...facts.networks.slice(0, 1).map((one) => ({
            ...{ ...one, id: 'over', name: 'over', bridge: 'br-over', isDefault: false },
            ...{ subnets: [subnet], gateways: [gateway] },
          })),
        ],
        netState: {
          ...facts.netState,
          links: [
            ...facts.netState.links,
            ...facts.netState.links
              .filter(({ name }) => name === 'docker0')
              .map((one) => ({
                ...{ ...one, name: 'br-over', index: 99 },
                addresses: [
                  { family: 'ipv4' as const, address: gateway, length: Number(length), scope: 'global' },
                ],
              })),
          ],
          routes: [
            ...facts.netState.routes,
            ...facts.netState.routes
              .filter(({ dev }) => dev === 'docker0')
              .slice(0, 1)
              .map((one) => ({
                ...{ ...one, to: subnet, dev: 'br-over', prefSource: address ?? '' },
              })),
          ],
        },
      };
    };

  test('of both, and nothing masquerades: it does not get home', () => {
    const diagnosis = followed({ asking: routedNetwork });
    expect(causesOf(diagnosis)).toEqual(['host-a wire-overlap']);
    expect(first(diagnosis)?.[0]).toMatch(
      /^iptables .* -A POSTROUTING -s 172\.17\.0\.0\/16 ! -o docker0 -j MASQUERADE$/,
    );
  });

  test('of the asking one: it does not leave', () => {
    const diagnosis = followed({ asking: networkOf('192.0.2.16/28') });
    expect(causesOf(diagnosis)).toEqual(['host-a wire-overlap']);
    expect(first(diagnosis)).toEqual(['ip route replace 192.0.2.20/32 dev eth0']);
  });

  test('of the asking one, behind a router', () => {
    const diagnosis = followed({ asking: networkOf('198.51.100.0/24'), routed: true });
    expect(causesOf(diagnosis)).toEqual(['host-a wire-overlap']);
    expect(first(diagnosis)).toEqual(['ip route replace 198.51.100.20/32 via 192.0.2.2 dev eth0']);
  });

  test('and somebody asks from that very network: no route of its host helps', () => {
    const diagnosis = followed({ target: '172.17.0.3:80' });
    expect(causesOf(diagnosis)[0]).toBe('host-a wire-overlap');
    expect(first(diagnosis)).toEqual([]);
    expect(diagnosis.causes[0]?.check.remedies[0]?.what).toMatch(/bip in \/etc\/docker\/daemon\.json/);
  });

  test('of the asked one: its answer does not leave', () => {
    const diagnosis = followed({ asked: networkOf('192.0.2.0/28') });
    expect(causesOf(diagnosis)).toEqual(['host-b wire-overlap']);
  });
});
