import type { Family } from '../iptables/model.ts';
import { eraOf } from './era.ts';
import type { Inventory } from './inventory.ts';
import type { OwnedHost, OwnedRule } from './ownership.ts';

/**
 * What a daemon was started with, as far as its rules depend on it. The API does not tell most of it (docker-rules §0,
 * §5): it is read from the daemon's process, or inferred from rules it wrote.
 */
export interface Settings {
  /** `--userland-proxy`, on by default. */
  readonly userlandProxy: boolean;
  /** `--ip6tables`: on by default from 27 on, before that off, and up to 26 only with `--experimental`. */
  readonly ip6tables: boolean;
  /** `--allow-direct-routing` (28.2 and later): no raw drops. */
  readonly directRouting: boolean;
  /** Environment `DOCKER_INSECURE_NO_IPTABLES_RAW=1` (28.0.2 and later): nothing in raw at all. */
  readonly noRaw: boolean;
  /** Environment `DOCKER_IPTABLES_SCTP_CHECKSUM=1` (28.x; before, always). */
  readonly sctpChecksum: boolean;
  /** `--bridge-accept-fwmark` (29.0 and later), as `iptables-save` prints it, e.g. `0x1/0x3`; '' for none. */
  readonly acceptMark: string;
  /** This kernel lacks xt_u32, so an Engine before 24 writes the overlay rules with `-m bpf`. */
  readonly overlayByBpf: boolean;
}

/** What `/proc` shows of the daemon that owns the rules; undefined where it shows nothing certain. */
export interface DaemonFacts extends Partial<Settings> {
  /** `--iptables=false`: this Engine writes no rules at all. */
  readonly iptables?: boolean;
}

/** The dockerd processes in this network namespace. */
export interface DaemonSight {
  /** How many there are; 0 when none can be seen (another pid namespace, or not root). */
  readonly count: number;
  /** Of the one there is; empty when there are several, or none. */
  readonly facts: DaemonFacts;
}

/** What speaks for a daemon's settings, the most certain first. */
export interface SettingsEvidence {
  readonly inventory: Pick<Inventory, 'version' | 'userlandProxy' | 'swarm'>;
  /** From the daemon's own process. */
  readonly facts: DaemonFacts;
  /** Rules it wrote: the live ones, then those a baseline recorded. Asked for only where its process does not tell. */
  readonly written: () => readonly OwnedHost[];
}

/** The settings of the daemon that owns the rules, as far as anything shows them; else the version's defaults. */
export function inferSettings({ inventory, facts, written }: SettingsEvidence): Settings {
  const era = eraOf(inventory.version);
  return {
    userlandProxy: inventory.userlandProxy ?? facts.userlandProxy ?? firstOf(written, proxyIn) ?? true,
    ip6tables: facts.ip6tables ?? (era?.ip6tables === 'default' || writesIpv6(facts, written)),
    directRouting: facts.directRouting ?? false,
    noRaw: facts.noRaw ?? false,
    sctpChecksum: facts.sctpChecksum ?? false,
    acceptMark: facts.acceptMark ?? firstOf(written, markIn) ?? '',
    overlayByBpf: inventory.swarm.encrypted.length > 0 && (firstOf(written, bpfIn) ?? false),
  };
}

/** Before 27 an option; where the daemon's words cannot be read, rules that stand there tell. */
function writesIpv6(facts: DaemonFacts, written: SettingsEvidence['written']): boolean {
  const isRead = facts.userlandProxy !== undefined;
  return !isRead && written().some(({ families }) => families.ipv6.size > 0);
}

function firstOf<Value>(
  written: SettingsEvidence['written'],
  tell: (rules: readonly OwnedRule[]) => Value | undefined,
): Value | undefined {
  for (const owned of written()) {
    const told = tell([...dockersIn(owned, 'ipv4'), ...dockersIn(owned, 'ipv6')]);
    if (told !== undefined) return told;
  }
  return undefined;
}

const dockersIn = ({ families }: OwnedHost, family: Family): readonly OwnedRule[] =>
  [...families[family].values()].flatMap((chains) =>
    [...chains.values()].flatMap(({ rules }) => rules.filter(({ owner }) => owner === 'docker')),
  );

/** docker-rules §5: with docker-proxy the OUTPUT jump leaves out loopback, and translations leave out their own bridge. */
function proxyIn(rules: readonly OwnedRule[]): boolean | undefined {
  const jump = rules.find(({ shape, rule }) => shape?.id === 'nat-jump' && rule.chain === 'OUTPUT');
  if (jump !== undefined) return jump.rule.text.includes(' ! -d ');
  const translation = rules.find(({ shape }) => shape?.id === 'dnat');
  if (translation !== undefined) return translation.captures?.bridge !== undefined;
  return rules.some(({ shape }) => shape?.id === 'proxy-return') ? true : undefined;
}

const markIn = (rules: readonly OwnedRule[]): string | undefined => {
  const rule = rules.find(({ shape }) => shape?.id === 'mark-accept')?.rule.text;
  return rule === undefined ? undefined : /--mark (\S+)/.exec(rule)?.[1];
};

const bpfIn = (rules: readonly OwnedRule[]): boolean | undefined => {
  const rule = rules.find(({ shape }) => shape?.id === 'overlay-mark');
  return rule === undefined ? undefined : rule.rule.text.includes(' -m bpf ');
};
