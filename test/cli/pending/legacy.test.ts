import { expect, test } from 'vitest';
import { confirming, describeCli, withHost } from '../../support/cli.ts';

describeCli(
  'a change that waits, in the legacy variant',
  () => {
    test('is rolled back to the byte', () =>
      withHost(
        async (host) => {
          const before = await host.rules();
          const flush =
            'iptables-legacy -F; iptables-legacy -t nat -F; iptables-legacy -t nat -X; ip6tables-legacy -F';
          const words = confirming(1, 'sh', '-c', `${flush}; iptables-legacy -S`);
          const { code, stdout, stderr } = await host.attempt(words);
          expect(stdout).not.toContain('-A ');
          expect({ code, stderr }).toEqual({
            code: 1,
            stderr: expect.stringContaining('ROLLED BACK') as string,
          });
          expect(await host.rules()).toBe(before);
        },
        'engine-28.5-plain',
        'legacy',
      ));
  },
  'legacy',
);
