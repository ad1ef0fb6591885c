import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from '../fault.ts';
import { rulesetsOf } from '../firewall/iptables/desired/recorded-rules.ts';
import type { Baseline } from '../reconcile/baseline.ts';
import { printRuleset } from '../firewall/iptables/text/print.ts';
import { iptablesIn, toolName } from '../firewall/iptables/text/tools.ts';
import type { DemoMachine } from './machine.ts';
import { THIS_PROGRAM } from './machine.ts';

const SAMPLE = 'engine-28.5-plain.json';

/** The rules of a real Engine 28.5, from the samples that ship with rulesguard. */
export function readSample(): Baseline {
  const entry = realpathSync(THIS_PROGRAM.at(-1) ?? '');
  const file = join(dirname(entry), '..', 'baselines', SAMPLE);
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Baseline;
  } catch (cause) {
    throw new Fault('RG_BASELINE', 3, `${file}, the demo's rules, cannot be read`, {
      cause,
      hint: 'Install rulesguard again, or: git checkout -- baselines',
    });
  }
}

/** Writes the sample's rules into a machine that has none. */
export async function loadRules(machine: DemoMachine, sample: Baseline): Promise<void> {
  const rulesets = rulesetsOf(sample.families);
  for (const family of ['ipv4', 'ipv6'] as const)
    await machine.exec([toolName(family, 'nft', 'restore')], { input: printRuleset(rulesets[family]) });
}

/** The machine's IPv4 rules without what changes by itself: the time in the header, and counters. */
export async function rulesNow(machine: DemoMachine): Promise<readonly string[]> {
  const { stdout } = await machine.exec([toolName('ipv4', 'nft', 'save')]);
  return stdout
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/ \[\d+:\d+\]$/, ''));
}

/** Runs `iptables` with these words on a machine, in the variant that {@link loadRules} wrote. */
export async function iptables(machine: DemoMachine, words: readonly string[]): Promise<void> {
  await machine.exec([iptablesIn('ipv4', 'nft'), ...words]);
}
