import { expect, test } from 'vitest';
import { nftAgreeHost } from '../../../support/agree/nft-host.ts';
import { NFT_STATES } from '../../../support/agree/nft-states.ts';
import { askBoth, disagreements } from '../../../support/agree/verdicts.ts';

/** What has no place in what is said of a host on which iptables plays no role. */
const OF_IPTABLES = /DOCKER-USER|iptables -I|iptables does not show/;

test.each(Object.entries(NFT_STATES))('check and doctor say the same: %s', async (what, state) => {
  for (const name of ['plain', 'modes', 'icc-false']) {
    const both = await askBoth(nftAgreeHost(name, state));
    expect(disagreements(both), name).toEqual([]);
    const { checks } = both.doctor.diagnosis;
    const said = checks.map(({ title, meaning, remedies }) => JSON.stringify({ title, meaning, remedies }));
    if (!what.startsWith('iptables')) expect(said.filter((text) => OF_IPTABLES.test(text))).toEqual([]);
  }
});

// Kept few: those with forty ports and twenty networks take half a minute each.
test.each([
  ...['accept-fwmark', 'allow-direct-routing', 'default-bridge', 'host-ipv4-snat', 'icc-false-default'],
  ...['internal', 'ipv6', 'isolated', 'legacy', 'links', 'modes', 'named-bridge', 'nat-unprotected'],
  ...['no-ip6tables', 'no-masquerade', 'noproxy', 'routed', 'stopped-paused', 'trusted', 'two-bridges'],
])('%s: no fault, as check says', async (name) => {
  const both = await askBoth(nftAgreeHost(name));
  expect(disagreements(both)).toEqual([]);
  expect(both.doctor.exit).toBe(0);
  expect(both.doctor.diagnosis).toMatchObject({ verdict: 'ok', firewallBackend: 'nftables' });
});
