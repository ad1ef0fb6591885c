import { expect, test } from 'vitest';
import { contentHindrance } from '../../../../../src/firewall/iptables/desired/recordable.ts';

const READ = { readInFull: true } as const;

test.each([
  [undefined, undefined, undefined],
  ['nft is missing', undefined, /nft is missing/],
  ['chains kept changing', ['ip nat POSTROUTING', 'ip filter FORWARD'], undefined],
  ['chains kept changing', ['ip nat POSTROUTING', 'ip6 filter DOCKER-USER'], /kept changing/],
])('what stands in DOCKER-USER is not written where %s %j', (unverified, moving, expected) => {
  const live = {
    variant: 'nft',
    ...(unverified === undefined ? {} : { unverified }),
    ...(moving === undefined ? {} : { moving }),
  } as const;
  const told = contentHindrance(READ, live);
  if (expected === undefined) expect(told).toBeUndefined();
  else expect(told).toMatch(expected);
});
