import { firewallOf } from '../../firewall/iptables/ownership/managers.ts';
import { isNobodys } from '../../reach/far.ts';
import { sh } from '../../shell.ts';
import type { Remedy } from '../diagnosis.ts';
import type { Facts } from '../facts/facts.ts';
import type { Followed, Group } from '../paths/follow.ts';
import { managerAt, type StopPlace } from '../whose.ts';
import type { NativeStopPlace } from './native-stop.ts';
import { advise, proposal, type Proposal, type RemedyStep } from './proposal.ts';

const listed = (ports: readonly string[]): string => ports.join(', ');

/** How a firewall is told to let a port of this host in, where no command of it does that for good. */
const WAYS: Readonly<Record<string, (ports: readonly string[], six: string) => string>> = {
  ufw: (ports) => `to open it: ufw keeps INPUT; ${ports.map((port) => `ufw allow ${port}`).join(' && ')}`,
  firewalld: (ports) =>
    `to open it: firewalld keeps INPUT; firewall-cmd --zone=ZONE ${ports.map((port) => `--add-port=${port}`).join(' ')}, and with --permanent to keep it (the zone: firewall-cmd --get-active-zones)`,
  csf: (ports, six) =>
    `to open it: csf keeps INPUT; add ${listed(ports)} to TCP${six}_IN or UDP${six}_IN in /etc/csf/csf.conf, then csf -r`,
  shorewall: (ports, six) =>
    `to open it: shorewall keeps INPUT; accept ${listed(ports)} in /etc/shorewall${six}/rules, then shorewall${six} reload`,
  NixOS: (ports) =>
    `to open it: NixOS keeps INPUT; add ${listed(ports)} to networking.firewall.allowedTCPPorts or allowedUDPPorts, then nixos-rebuild switch`,
  fw4: (ports) =>
    `to open it: OpenWrt's fw4 keeps INPUT; add a rule for ${listed(ports)} to /etc/config/firewall, then fw4 reload`,
};

/**
 * The firewall that decides what this host takes in, where it has decided: whatever is put in front of its rules by hand is gone with its
 * next reload. Undefined where none has, and of an answer, which every firewall lets in.
 */
export function inputKeeper(stop: StopPlace, { netState }: Pick<Facts, 'netState'>): string | undefined {
  const { end, family, hook } = stop;
  if (hook !== 'INPUT' || stop.later !== undefined) return undefined;
  const manager = managerAt(stop, { netState });
  if (manager !== undefined) return manager in WAYS ? manager : undefined;
  // A rule in INPUT itself may be anybody's; the policy is the firewall's.
  if (end.rule !== undefined || end.native !== undefined) return undefined;
  const held = netState.rulesets.find(({ variant }) => variant === end.variant);
  return firewallOf(held?.rules[family].tables.get(end.table));
}

/** How the firewall that keeps INPUT is told to let the ports in; undefined where none keeps it. */
export function keepersWay({ followed }: Group, stop: StopPlace, facts: Facts): Remedy | undefined {
  const way = WAYS[inputKeeper(stop, facts) ?? ''];
  const ports = [...new Set(followed.map(portOf))].filter((port) => port !== '');
  return way === undefined || ports.length === 0
    ? undefined
    : advise(way(ports, stop.family === 'ipv6' ? '6' : ''));
}

const portOf = ({ path: { last } }: Followed): string =>
  last.destinationPort === 0 ? '' : `${String(last.destinationPort)}/${last.protocol}`;

const ZONE = /^filter_IN_(?!policy_)(.+?)(?:_(?:pre|log|deny|allow|post))?$/;

/** Opens ports in the firewalld zone that refuses them, which the chains on the way name: to all of the zone, else to who asks alone. */
export function zonePorts({ followed }: Group, { end }: NativeStopPlace): readonly Proposal[] {
  return [zoneStep, senderStep].flatMap((stepOf): readonly Proposal[] => {
    const steps = followed.map((one) => stepOf(one, end.table)).filter((step) => step !== undefined);
    const distinct = [...new Map(steps.map((step) => [step.command, step])).values()];
    return steps.length < followed.length
      ? []
      : [proposal('to open it: firewalld keeps INPUT; with --permanent as well, to keep it', ...distinct)];
  });
}

function zoneStep(followed: Followed, table: string): RemedyStep | undefined {
  const zone = zoneOf(followed, table);
  if (zone === undefined) return undefined;
  return allowing(
    sh`firewall-cmd --zone=${zone} --add-port=${portOf(followed)}`,
    table,
    zone,
    match(followed),
  );
}

function senderStep(followed: Followed, table: string): RemedyStep | undefined {
  const zone = zoneOf(followed, table);
  const { family, source, protocol, destinationPort } = followed.path.last;
  if (zone === undefined || source === '' || isNobodys(source)) return undefined;
  const rich = `rule family="${family}" source address="${source}" port port="${String(destinationPort)}" protocol="${protocol}" accept`;
  const from = `${family === 'ipv6' ? 'ip6' : 'ip'} saddr ${source}`;
  return allowing(
    sh`firewall-cmd --zone=${zone} --add-rich-rule=${rich}`,
    table,
    zone,
    `${from} ${match(followed)}`,
  );
}

const match = ({ path: { last } }: Followed): string =>
  `${last.protocol} dport ${String(last.destinationPort)}`;

/** The zone by whose chains a packet came; undefined where it has no port, or is an answer. */
const zoneOf = (followed: Followed, table: string): string | undefined =>
  portOf(followed) === '' || followed.path.packet.state === 'ESTABLISHED'
    ? undefined
    : followed.path.steps
        .filter(({ stage }) => stage === table)
        .flatMap(({ chain = '' }) => ZONE.exec(chain)?.[1] ?? [])
        .at(-1);

/** What firewalld writes for it. */
const allowing = (command: string, table: string, zone: string, condition: string): RemedyStep => ({
  command,
  change: {
    ...{ of: 'native', table },
    edit: { op: 'append', chain: `filter_IN_${zone}_allow`, rule: `${condition} accept` },
  },
});
