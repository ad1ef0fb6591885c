import type { NetworkPlace } from '../../../../src/docker/inventory/container-answer.ts';
import type { NetworkLink, LinkAddress, Route } from '../../../../src/trace/network-state.ts';
import { all } from '../causes.ts';
import { onContainer, onInside, onLink, onNetwork, onNetState, sysctls, type Change } from '../host-facts.ts';

/** What IPv6 adds to the healthy host: a subnet of its own on the default bridge, and `web` on it. */

export const SIX = 'fd00:6::2';
export const GATEWAY6 = 'fd00:6::1';

export const six = (address: string, length = 64): LinkAddress => ({
  family: 'ipv6',
  address,
  length,
  scope: 'global',
});

export const route6 = (to: string, via: string, dev: string, metric = 1024): Route => ({
  family: 'ipv6',
  table: 'main',
  type: 'unicast',
  to,
  via,
  dev,
  metric,
  prefSource: '',
  flags: [],
});

const FOUR: LinkAddress = { family: 'ipv4', address: '172.17.0.2', length: 16, scope: 'global' };

/** `web`'s interface inside, changed. */
export const onEth0 = (change: Partial<NetworkLink>): Change =>
  onInside('web', ({ links }) => ({
    links: links.map((link) => (link.name === 'eth0' ? { ...link, ...change } : link)),
  }));

/** The addresses `web` has left beside its IPv4 one. */
export const wearing = (...addresses: readonly LinkAddress[]): Change =>
  onEth0({ addresses: [FOUR, ...addresses] });

/** `web`'s IPv6 default routes, in place of the one it has. */
export const leading = (...routes: readonly Route[]): Change =>
  onInside('web', (inside) => ({
    routes: [...inside.routes.filter(({ to }) => to !== '::/0'), ...routes],
  }));

/** Kernel settings of `web`'s namespace. */
export const settings = (values: Readonly<Record<string, string>>): Change =>
  onInside('web', () => ({ sysctls: new Map(Object.entries(values)) }));

/** What the Engine says of `web`'s place on its network. */
export const attached = (change: Partial<NetworkPlace>): Change =>
  onContainer('web', ({ attachments }) => ({
    attachments: attachments.map((one, i) => (i === 0 ? { ...one, ...change } : one)),
  }));

/** The healthy host, its default bridge with IPv6 as well. */
export const WITH_SIX: Change = all(
  onNetwork({
    ipv6: true,
    subnets: ['172.17.0.0/16', 'fd00:6::/64'],
    gateways: ['172.17.0.1', GATEWAY6],
  }),
  onLink('docker0', {
    addresses: [{ family: 'ipv4', address: '172.17.0.1', length: 16, scope: 'global' }, six(GATEWAY6)],
  }),
  sysctls({ 'ipv6/conf/all/forwarding': '1', 'ipv6/conf/docker0/forwarding': '1' }),
  onNetState(({ routes }) => ({ routes: [...routes, route6('fd00:6::/64', '', 'docker0', 256)] })),
  attached({ ipv6: SIX, gateway6: GATEWAY6, mac: '02:42:ac:11:00:02' }),
  onEth0({ mac: '02:42:ac:11:00:02' }),
  wearing(six(SIX)),
  leading(route6('::/0', GATEWAY6, 'eth0')),
);
