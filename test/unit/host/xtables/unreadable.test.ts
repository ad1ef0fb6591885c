import { expect, test } from 'vitest';
import { lacksModules } from '../../../../src/host/xtables/modules.ts';
import { nativeRulesIn } from '../../../../src/host/xtables/native-rules.ts';

/** What the tools of Debian 12 and 13 say, and those of Ubuntu 22.04. */
test.each([
  "iptables v1.8.9 (legacy): can't initialize iptables table `nat': Table does not exist (do you need to insmod?)",
  "ip6tables-legacy-save v1.8.9: can't initialize ip6tables table `filter': Permission denied (you must be root)",
  'iptables-nft-save v1.8.13 (nf_tables): Failed to initialize nft: Protocol not supported',
  'iptables/1.8.7 Failed to initialize nft: Protocol not supported',
  'iptables-nft-save v1.8.9 (nf_tables): Could not fetch rule set generation id: Invalid argument',
])('a kernel without iptables is told by: %s', (said) => {
  expect(lacksModules(said)).toBe(true);
});

test.each([
  'iptables-nft-save v1.8.13 (nf_tables): Parsing nftables rule failed',
  'iptables-restore v1.8.13 (nf_tables): Set banned does not exist.',
  'Another app is currently holding the xtables lock.',
])('it is not told by: %s', (said) => {
  expect(lacksModules(said)).toBe(false);
});

const LISTING = `table ip filter { # handle 1
	set banned { # handle 9
		type ipv4_addr
		elements = { 198.51.100.3 }
	}

	chain DOCKER-USER { # handle 4
		ct state established accept # handle 36
		iifname "eth9" counter packets 0 bytes 0 drop # handle 37
		ip saddr 1.2.3.4 counter name "c1" drop # handle 38
	}

	chain own { # handle 50
		type filter hook forward priority -1; policy drop;
	}
}
table ip own { # handle 2
	chain forward { # handle 1
		type filter hook forward priority filter; policy accept;
		ct state established accept # handle 2
	}
}
`;

test("rules of nft's own among those of iptables are found, in iptables' tables alone", () => {
  expect(nativeRulesIn(LISTING)).toEqual([
    { place: 'ip filter DOCKER-USER', rule: 'ct state established accept', handle: '36' },
    { place: 'ip filter DOCKER-USER', rule: 'ip saddr 1.2.3.4 counter name "c1" drop', handle: '38' },
  ]);
});
