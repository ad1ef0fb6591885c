import type { CheckCode } from '../doctor/codes.ts';
import type { Check } from '../doctor/diagnosis.ts';
import { setSysctl } from '../doctor/remedies/routing.ts';

/** What Docker needs of the kernel, as sysctl names it. The last two are there once br_netfilter is loaded. */
export const SETTINGS = [
  'net.ipv4.ip_forward',
  'net.ipv6.conf.all.forwarding',
  'net.bridge.bridge-nf-call-iptables',
  'net.bridge.bridge-nf-call-ip6tables',
] as const;
export type SettingName = (typeof SETTINGS)[number];

/** Something of the host itself that Docker needs and that is not there. */
export interface HostLack {
  /** In one line, as doctor has it. */
  readonly says: string;
  /** Doctor's first remedy, to be typed in order; none where there is no command for it. */
  readonly commands: readonly string[];
}

/** What of this host is no rule, and yet decides whether packets of Docker's networks arrive. */
const CODES: ReadonlySet<CheckCode> = new Set([
  ...(['forwarding-off', 'interface-forwarding-off', 'bridge-filter-off'] as const),
  ...(['bridge-missing', 'bridge-down', 'bridge-address-missing'] as const),
  ...(['route-missing', 'route-blocked', 'route-lost'] as const),
  ...(['veth-missing', 'veth-down', 'veth-detached'] as const),
]);

/** What doctor found to be gone of the host itself, each with the command that it offers. */
export const lacksIn = (checks: readonly Check[]): readonly HostLack[] =>
  checks
    .filter(({ verdict, code }) => verdict === 'fail' && CODES.has(code))
    .map(({ title, remedies }) => ({ says: title, commands: remedies[0]?.commands ?? [] }));

/** The command that switches a setting on. */
export const onCommand = (name: string): string =>
  setSysctl(name.replace(/^net\./, '').replaceAll('.', '/'), '1').command;

/** The settings of which doctor says that switching them on is all that is to be done: that is harmless then. */
export const settingsIn = (lacks: readonly HostLack[]): readonly SettingName[] =>
  SETTINGS.filter((name) =>
    lacks.some(({ commands }) => commands.length === 1 && commands[0] === onCommand(name)),
  );
