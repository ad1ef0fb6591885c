import { expect, test } from 'vitest';
import type { HostRules } from '../../../../src/firewall/iptables/text/model.ts';
import { checked, memoryCheckHost } from '../../../support/app/checked.ts';
import { diagnosed } from '../../../support/app/diagnosed.ts';
import { withChain, withRule } from '../../../support/app/edit-rules.ts';
import { WHOLE_RULES } from '../../../support/app/memory-diagnosis-host.ts';

const own = (rule: string): string => `table inet own { # handle 5
	chain one { # handle 1
		type filter hook output priority filter; policy accept;
		${rule} # handle 2
	}
}
`;

const inChain = (rule: string): HostRules => {
  const led = withRule(withChain(WHOLE_RULES, 'ipv4', 'filter', 'BOX'), 'ipv4', 'filter', '-A OUTPUT -j BOX');
  return withRule(led, 'ipv4', 'filter', rule);
};

/** Ends what docker-proxy answers containers and what it asks them itself, and keeps this host from its own containers. */
test.each<[string, HostRules, string]>([
  ['of nftables, by interface', WHOLE_RULES, own('oifname "docker0" drop')],
  ['of nftables, by address', WHOLE_RULES, own('ip daddr 172.17.0.0/16 drop')],
  ['in OUTPUT', withRule(WHOLE_RULES, 'ipv4', 'filter', '-A OUTPUT -o docker0 -j DROP'), ''],
  ['in a chain that OUTPUT leads to', inChain('-A BOX -d 172.17.0.0/16 -j DROP'), ''],
])(
  'a drop %s is told, and nothing is offered that opens this host’s own way as well',
  async (_, rules, text) => {
    const changes = {
      readNatives: () => Promise.resolve(text === '' ? [] : [{ table: 'inet own', text }]),
    };
    const { verdict, removals } = await checked(memoryCheckHost(rules, changes), { stored: null });
    expect(verdict.effects.map(({ cause }) => cause)).toEqual(['overridden']);
    expect([...removals]).toEqual([]);
    for (const request of [{}, { target: ':8080', from: 'mate' }]) {
      const { causes } = (await diagnosed(rules, changes, request)).diagnosis;
      expect(causes.map(({ code }) => code)).toHaveLength(1);
      const commands = causes.flatMap(({ remedies }) => remedies.flatMap((one) => one.commands));
      expect(commands.filter((one) => !one.startsWith('rulesguard '))).toEqual([]);
    }
  },
);

test('a drop of docker-proxy’s answers alone is taken out: nothing else is opened by that', async () => {
  const natives = [{ table: 'inet own', text: own('tcp sport 8080 drop') }];
  const { diagnosis } = await diagnosed(WHOLE_RULES, { readNatives: () => Promise.resolve(natives) });
  expect(diagnosis.causes[0]?.remedies[0]?.commands).toEqual(['nft delete rule inet own one handle 2']);
});
