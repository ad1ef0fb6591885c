import { readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Fault } from '../fault.ts';
import { rulesetsOf } from '../guard/baseline.ts';
import type { Baseline } from '../guard/baseline.ts';
import { printRuleset } from '../iptables/print.ts';
import type { Family } from '../iptables/model.ts';
import type { Machine } from './machine.ts';
import { THIS_PROGRAM } from './machine.ts';

const SAMPLE = 'engine-28.5-plain.json';
const TOOL: Readonly<Record<Family, string>> = { ipv4: 'iptables-nft', ipv6: 'ip6tables-nft' };

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
export async function loadRules(machine: Machine, sample: Baseline): Promise<void> {
  const rulesets = rulesetsOf(sample.families);
  for (const family of ['ipv4', 'ipv6'] as const)
    await machine.exec([`${TOOL[family]}-restore`], { input: printRuleset(rulesets[family]) });
}

/** The machine's IPv4 rules without what changes by itself: the time in the header, and counters. */
export async function rulesNow(machine: Machine): Promise<readonly string[]> {
  const { stdout } = await machine.exec([`${TOOL.ipv4}-save`]);
  return stdout
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => line.replace(/ \[\d+:\d+\]$/, ''));
}

/** Runs `iptables` with these words on a machine, in the backend that {@link loadRules} wrote. */
export async function iptables(machine: Machine, words: readonly string[]): Promise<void> {
  await machine.exec([TOOL.ipv4, ...words]);
}
