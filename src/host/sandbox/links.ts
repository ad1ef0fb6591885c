import { existsSync } from 'node:fs';
import { isRecord, listOf, textOf, type Json } from '../../docker/inventory/inventory.ts';
import type { Family } from '../../net/family.ts';
import { run } from '../command/command.ts';

/** Names that `ip` would not read as one name. */
const PLAIN = /^[^\s"'\\]+$/;

/** Interfaces beyond which those of single containers are left out: 400 bridges take the kernel 7.6 s to remove. */
const MANY = 100;

/**
 * The input of `ip -force -batch` that gives a network namespace the host's interfaces: bridges as bridges, all others as
 * `kind`, with the same names and addresses, up or down, and dummies as ports of the same bridges.
 *
 * @param links - the parsed JSON of `ip -details -json address show`
 */
export function linkBatch(links: unknown, kind: 'dummy' | 'bridge'): string {
  const all = listOf(links).filter(isRecord);
  const shown = all.length > MANY ? all.filter((link) => !isContainers(link)) : all;
  const lines = ['link set dev lo up', ...shown.flatMap((link) => linkLines(link, kind))];
  // A bridge is no port of another.
  if (kind === 'dummy') lines.push(...shown.flatMap(portLine));
  return `${lines.join('\n')}\n`;
}

/**
 * The input of `ip -4 -force -batch`, or `-6`, that gives a network namespace the host's routes and routing rules.
 *
 * @param routes - the text of `ip -oneline route show table all`
 * @param rules - the text of `ip rule show`
 */
export function routingBatch(routes: string, rules: string): string {
  const lines = ['rule flush'];
  for (const line of rules.split('\n')) {
    const [, priority, rest] = /^(\d+):\s+(.+)$/.exec(line) ?? [];
    // The first is there from the beginning, and no flush takes it.
    if (priority !== undefined && rest !== undefined && priority !== '0')
      lines.push(`rule add pref ${priority} ${rest.replaceAll(/ ?\[detached\]/g, '')}`);
  }
  for (const line of routes.split('\n'))
    // The kernel adds these routes itself with the addresses.
    if (line.trim() !== '' && !line.includes(' proto kernel'))
      lines.push(`route replace ${line.replaceAll(NOT_TAKEN, '').replaceAll('\\', ' ').trim()}`);
  return `${lines.join('\n')}\n`;
}

/** What `ip` prints of a route and does not take. */
const NOT_TAKEN = / (?:linkdown|dead|error -?\d+|expires \d+sec)\b/g;

const kindOf = (link: Json): string =>
  isRecord(link['linkinfo']) ? textOf(link['linkinfo']['info_kind']) : '';

/** Whether it is the host's end of a container's veth pair. */
const isContainers = (link: Json): boolean => kindOf(link) === 'veth' && textOf(link['master']) !== '';

function linkLines(link: Json, kind: string): readonly string[] {
  const name = textOf(link['ifname']);
  if (name === 'lo' || !PLAIN.test(name)) return [];
  const mac = textOf(link['address']);
  const isEthernet = /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(mac);
  const address = isEthernet ? ` address ${mac}` : '';
  const isUp = listOf(link['flags']).includes('UP');
  return [
    `link add name ${name}${address} type ${kindOf(link) === 'bridge' ? 'bridge' : kind}`,
    ...(isUp ? [`link set dev ${name} up`] : []),
    ...listOf(link['addr_info'])
      .filter(isRecord)
      .flatMap((info) => addressLine(name, info)),
  ];
}

function portLine(link: Json): readonly string[] {
  const [name, master] = [textOf(link['ifname']), textOf(link['master'])];
  const isPort = isRecord(link['linkinfo']) && textOf(link['linkinfo']['info_slave_kind']) === 'bridge';
  return isPort && PLAIN.test(name) && PLAIN.test(master) ? [`link set dev ${name} master ${master}`] : [];
}

function addressLine(name: string, info: Json): readonly string[] {
  const local = textOf(info['local']);
  const length = info['prefixlen'];
  if (local === '' || typeof length !== 'number') return [];
  const isIpv6 = local.includes(':');
  const peer = textOf(info['address']);
  if (peer !== '') return [`address replace ${local} peer ${peer}/${String(length)} dev ${name}`];
  return [`address replace ${local}/${String(length)} dev ${name}${isIpv6 ? ' nodad' : ''}`];
}

/** What gives a network namespace the host's interfaces, and routing of each family: inputs of `ip -force -batch`. */
export interface HostLinks {
  readonly links: string;
  readonly routing: Readonly<Record<Family, string>>;
}

/**
 * Reads the host's interfaces, routes and routing rules. Dummies only where the kernel has them already: loading the module would make
 * a `dummy0` on the host.
 *
 * @returns undefined where iproute2 is missing: no rule needs an interface to exist
 */
export async function readLinks(): Promise<HostLinks | undefined> {
  try {
    const [links, ipv4, ipv6] = await Promise.all([
      run(['ip', '-details', '-json', 'address', 'show']),
      readRoutingText('-4'),
      readRoutingText('-6'),
    ]);
    const kind = existsSync('/sys/module/dummy') ? 'dummy' : 'bridge';
    return { links: linkBatch(JSON.parse(links.stdout), kind), routing: { ipv4, ipv6 } };
  } catch {
    return undefined;
  }
}

async function readRoutingText(family: '-4' | '-6'): Promise<string> {
  const [routes, rules] = await Promise.all([
    run(['ip', family, '-oneline', 'route', 'show', 'table', 'all']),
    run(['ip', family, 'rule', 'show']),
  ]);
  return routingBatch(routes.stdout, rules.stdout);
}
