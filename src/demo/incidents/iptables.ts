import { Fault } from '../../fault.ts';
import { rulesetsOf } from '../../firewall/iptables/desired/recorded-rules.ts';
import { printRuleset } from '../../firewall/iptables/text/print.ts';
import { iptablesIn, toolName } from '../../firewall/iptables/text/tools.ts';
import type { Baseline } from '../../reconcile/baseline.ts';
import { carriedText } from '../../host/command/this-program.ts';
import type { DemoMachine } from '../machine.ts';
import { EVERYDAY_PROBES } from '../probes.ts';
import type { DemoCommand, DemoIncident } from './incident.ts';

const SAMPLE = 'engine-28.5-plain.json';

/** A rule of the operator's own, written after the flush: it is nobody's to touch. */
const OWN_RULE = '-A POSTROUTING -s 10.8.0.0/24 -o eth0 -m comment --comment vpn -j MASQUERADE';

/** The rules of a real Engine 28.5, from the samples that ship with rulesguard. */
function readSample(): Baseline {
  const file = `baselines/${SAMPLE}`;
  try {
    return JSON.parse(carriedText(file)) as Baseline;
  } catch (cause) {
    throw new Fault('RG_BASELINE', 3, `${file}, the demo's rules, cannot be read`, {
      cause,
      hint: 'Install rulesguard again, or: git checkout -- baselines',
    });
  }
}

/** `iptables` with these words, in the variant that the sample's rules are loaded with. */
const iptables = (...words: readonly string[]): DemoCommand => ({
  typed: ['iptables', ...words].join(' '),
  words: [iptablesIn('ipv4', 'nft'), ...words],
});

/** The machine's IPv4 rules without the time in the header, and counters. */
async function saved(host: DemoMachine): Promise<readonly string[]> {
  const { stdout } = await host.exec([toolName('ipv4', 'nft', 'save')]);
  return stdout
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/ \[\d+:\d+\]$/, ''));
}

/**
 * `iptables -t nat -F` on a host of an Engine 28.5.
 *
 * @throws Fault RG_BASELINE where the sample that holds its rules cannot be read
 */
export function iptablesIncident(): DemoIncident {
  const sample = readSample();
  return {
    firewall: 'iptables',
    tools: ['iptables-nft', 'ip6tables-nft'],
    lost: "Docker's NAT rules are",
    engine: sample.engine?.version ?? '28.5',
    damage: {
      title: 'Someone tidies up NAT, and adds a rule of their own',
      commands: [iptables('-t', 'nat', '-F'), iptables('-t', 'nat', ...OWN_RULE.split(' '))],
      told: [
        'The published ports still answer, so a health check stays green: docker-proxy takes over, and',
        'the container no longer knows its clients. Nothing gets out of the containers any more.',
      ],
    },
    probes: EVERYDAY_PROBES,
    async load(host) {
      const rulesets = rulesetsOf(sample.families);
      for (const family of ['ipv4', 'ipv6'] as const)
        await host.exec([toolName(family, 'nft', 'restore')], { input: printRuleset(rulesets[family]) });
    },
    rulesNow: async (host) => (await saved(host)).filter((line) => line !== OWN_RULE),
    hasOwnRule: async (host) => (await saved(host)).filter((line) => line === OWN_RULE).length === 1,
  };
}
