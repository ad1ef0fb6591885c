import { expect, test } from 'vitest';
import { describeCli, withHost, type CliHost } from '../../support/cli.ts';
import { serveRecorded } from '../../support/recorded/engine.ts';

/** What doctor says beside an Engine, on a host where all would be well but for what nft is given. */
function besideNft(text: string, judge: (told: string, code: number) => void): Promise<void> {
  const body = async (host: CliHost) => {
    const engine = await serveRecorded(host, 'engine-29.7-plain');
    try {
      const { code, stderr } = await host.ns.exec('nft', ['-f', '-'], { input: text });
      if (code !== 0) throw new Error(stderr);
      const { stdout, code: exit } = await host.attempt(['doctor'], { env: engine.env });
      judge(stdout, exit);
    } finally {
      engine.close();
    }
  };
  return withHost(body, 'engine-29.7-plain');
}

const closed = (rules: string): string =>
  `table ip filter {
  chain lan { udp dport 5353 accept; counter drop; }
  chain forward { type filter hook forward priority -1; policy drop; ${rules} }
}`;

describeCli('doctor beside what nft wrote into a table named ip filter', () => {
  test('a rule that keeps iptables from showing a table: cannot tell, without a cause', () =>
    besideNft('add rule ip filter DOCKER-USER ct state established accept', (told, code) => {
      expect({ code, told }).toEqual({ code: 3, told: expect.stringMatching(/^CANNOT TELL/) as string });
      // Sentences are broken between words.
      expect(told.replace(/\s+/g, ' ')).toContain('table filter cannot be shown by iptables');
      expect(told.replace(/\s+/g, ' ')).toContain('nft delete rule ip filter DOCKER-USER handle');
      expect(told).not.toContain('rulesguard restore');
      expect(told).not.toMatch(/translat|masquerad/);
    }));

  test.each([
    ['policy drop alone', '', "nftables' own table ip filter drops every forwarded packet"],
    [
      'policy drop, and a verdict map that lets other bridges through',
      'iifname vmap { "br7" : accept, "docker0" : accept };',
      "the policy of chain forward of nftables' own table ip filter drops packets",
    ],
    [
      'a verdict map that leads into another chain',
      'iifname vmap { "docker0" : accept, "eth0" : jump lan };',
      "a rule in chain lan of nftables' own table ip filter drops packets",
    ],
  ])('%s: the chain is named', (_, rules, expected) =>
    besideNft(closed(rules), (told, code) => {
      expect({ code, told }).toEqual({ code: 1, told: expect.stringMatching(/^FAULT/) as string });
      expect(told).toContain(expected);
      expect(told).not.toContain('rulesguard restore');
    }),
  );
});
