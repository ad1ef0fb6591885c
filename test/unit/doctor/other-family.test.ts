import { all, describeCauses } from '../../support/doctor/causes.ts';
import { onNetState, type Change } from '../../support/doctor/host-facts.ts';
import { route6, six, SIX, wearing, WITH_SIX } from '../../support/doctor/samples/ipv6-facts.ts';

const ROUTED: Change = onNetState(({ routes }) => ({
  routes: [...routes, route6('::/0', '2001:db8::fe', 'eth0')],
}));
/** The host has an address of IPv6, and `web` is published by IPv4 alone. */
const FOUR_ONLY: Change = all(
  ROUTED,
  onNetState(({ links }) => ({
    links: links.map((one) =>
      one.name === 'eth0' ? { ...one, addresses: [...one.addresses, six('2001:db8::1')] } : one,
    ),
  })),
  (facts) => ({
    ...facts,
    ports: facts.ports.filter(({ hostIp }) => hostIp === '0.0.0.0'),
  }),
);
const same: Change = (facts) => facts;

describeCauses('what is told of the other family', [
  ['a container without IPv6 asks by it', same, ['no-address'], undefined, '[2001:db8:9::9]:443', 'web'],
  [
    'one with IPv6 that nothing masquerades',
    all(WITH_SIX, ROUTED),
    ['not-masqueraded'],
    undefined,
    '[2001:db8:9::9]:443',
    'web',
  ],
  ['one that was given IPv6 by hand', wearing(six(SIX)), [], undefined, '[2001:db8:9::9]:443', 'web'],
  [
    'a port that is published by IPv4 alone',
    FOUR_ONLY,
    ['published-elsewhere'],
    undefined,
    '[2001:db8::1]:8080',
    'outside',
  ],
  ['the same, asked by IPv4', FOUR_ONLY, [], undefined, '192.0.2.1:8080', 'outside'],
]);
