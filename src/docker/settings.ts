import { eraOf } from './era.ts';
import type { Inventory } from './inventory/inventory.ts';

/**
 * What a daemon was started with, as far as its rules depend on it. The API exposes hardly any of it
 * (docs/reference/docker-iptables.md#settings): it is read from the daemon's process, or inferred from rules it
 * wrote.
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
  /** The host is a guest of WSL2 that mirrors Windows' network (27.3 and later): it has an interface `loopback0` and `/usr/bin/wslinfo`. */
  readonly mirroredWsl: boolean;
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

/** What the rules that a daemon wrote show of its settings; undefined where they show nothing. Used only where nothing else shows it. */
export interface SettingsInRules {
  readonly userlandProxy: () => boolean | undefined;
  readonly ip6tables: () => boolean;
  readonly acceptMark: () => string | undefined;
  readonly overlayByBpf: () => boolean | undefined;
}

/** The evidence for a daemon's settings, the most certain first. */
export interface SettingsSources {
  readonly inventory: Pick<Inventory, 'version' | 'userlandProxy' | 'swarm'>;
  /** From the daemon's own process. */
  readonly facts: DaemonFacts;
  readonly rules: SettingsInRules;
}

/** The settings of the daemon that owns the rules, as far as anything shows them; else the version's defaults. */
export function settingsFrom({ inventory, facts, rules }: SettingsSources): Settings {
  return {
    userlandProxy: inventory.userlandProxy ?? facts.userlandProxy ?? rules.userlandProxy() ?? true,
    ip6tables: writesIpv6(inventory.version, facts, rules.ip6tables),
    directRouting: facts.directRouting ?? false,
    noRaw: facts.noRaw ?? false,
    sctpChecksum: facts.sctpChecksum ?? false,
    acceptMark: facts.acceptMark ?? rules.acceptMark() ?? '',
    mirroredWsl: facts.mirroredWsl ?? false,
    overlayByBpf: inventory.swarm.encrypted.length > 0 && (rules.overlayByBpf() ?? false),
  };
}

/**
 * Whether a daemon writes rules of IPv6: from 27 on by default, before as an option.
 *
 * @param inRules - whether such rules are there: asked where the daemon's arguments cannot be read
 */
export function writesIpv6(version: string, facts: DaemonFacts, inRules: () => boolean): boolean {
  const isRead = facts.userlandProxy !== undefined;
  return facts.ip6tables ?? (eraOf(version)?.ip6tables === 'default' || (!isRead && inRules()));
}
