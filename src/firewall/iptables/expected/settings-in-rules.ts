import {
  settingsFrom,
  type Settings,
  type SettingsInRules,
  type SettingsSources,
} from '../../../docker/settings.ts';
import type { Family } from '../../../net/family.ts';
import type { OwnedHost, OwnedRule } from '../ownership/ownership.ts';

/** Rules the daemon wrote: the live ones, then those a baseline recorded. */
type WrittenRules = () => readonly OwnedHost[];

/** What speaks for a daemon's settings, its rules among it. */
export interface SettingsEvidence extends Omit<SettingsSources, 'rules'> {
  /** Asked for only where its process does not show it. */
  readonly written: WrittenRules;
}

/** The settings of the daemon that owns the rules, as far as anything shows them; else the version's defaults. */
export const inferSettings = ({ inventory, facts, written }: SettingsEvidence): Settings =>
  settingsFrom({ inventory, facts, rules: settingsIn(written) });

const settingsIn = (written: WrittenRules): SettingsInRules => ({
  userlandProxy: () => firstOf(written, proxyIn),
  ip6tables: () => written().some(({ families }) => families.ipv6.size > 0),
  acceptMark: () => firstOf(written, markIn),
  overlayByBpf: () => firstOf(written, bpfIn),
});

function firstOf<Value>(
  written: WrittenRules,
  read: (rules: readonly OwnedRule[]) => Value | undefined,
): Value | undefined {
  for (const owned of written()) {
    const found = read([...dockersIn(owned, 'ipv4'), ...dockersIn(owned, 'ipv6')]);
    if (found !== undefined) return found;
  }
  return undefined;
}

const dockersIn = ({ families }: OwnedHost, family: Family): readonly OwnedRule[] =>
  [...families[family].values()].flatMap((chains) =>
    [...chains.values()].flatMap(({ rules }) => rules.filter(({ owner }) => owner === 'docker')),
  );

/**
 * docs/reference/docker-iptables.md#settings: with docker-proxy the OUTPUT jump leaves out loopback, and translations
 * leave out their own bridge.
 */
function proxyIn(rules: readonly OwnedRule[]): boolean | undefined {
  const jump = rules.find(({ shape, rule }) => shape?.id === 'nat-jump' && rule.chain === 'OUTPUT');
  if (jump !== undefined) return jump.rule.text.includes(' ! -d ');
  const translation = rules.find(({ shape }) => shape?.id === 'dnat');
  if (translation !== undefined) return translation.captures?.bridge !== undefined;
  return rules.some(({ shape }) => shape?.id === 'proxy-return') ? true : undefined;
}

const markIn = (rules: readonly OwnedRule[]): string | undefined => {
  const rule = rules.find(({ shape }) => shape?.id === 'mark-accept')?.rule.text;
  // A mask of no bits lets every packet pass: whoever wrote that, it is not written again.
  return rule === undefined ? undefined : /--mark (?!\S+\/0x0 )(\S+) /.exec(rule)?.[1];
};

const bpfIn = (rules: readonly OwnedRule[]): boolean | undefined => {
  const rule = rules.find(({ shape }) => shape?.id === 'overlay-mark');
  return rule === undefined ? undefined : rule.rule.text.includes(' -m bpf ');
};
