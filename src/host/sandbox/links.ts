import { existsSync } from 'node:fs';
import { isRecord, listOf, textOf, type Json } from '../../docker/inventory/inventory.ts';
import { run } from '../command/command.ts';

/** Names that `ip` would not read as one name. */
const PLAIN = /^[^\s"'\\]+$/;

/** Interfaces beyond which those of single containers are left out: 400 bridges take the kernel 7.6 s to remove. */
const MANY = 100;

/**
 * The input of `ip -force -batch` that gives a network namespace the host's interfaces: bridges as bridges, all others as
 * `kind`, with the same names and addresses, up or down.
 *
 * @param links - the parsed JSON of `ip -details -json address show`
 * @param routes - the text of `ip route show` for each family, with its option: `-4`, `-6`
 */
export function linkBatch(
  links: unknown,
  routes: readonly (readonly [family: string, text: string])[],
  kind: 'dummy' | 'bridge',
): string {
  const all = listOf(links).filter(isRecord);
  const shown = all.length > MANY ? all.filter((link) => !isContainers(link)) : all;
  const lines = ['link set dev lo up', ...shown.flatMap((link) => linkLines(link, kind))];
  for (const [family, text] of routes)
    for (const line of text.split('\n'))
      // The kernel adds these routes itself with the addresses.
      if (line !== '' && !line.includes(' proto kernel'))
        lines.push(
          `${family === '-6' ? '-6 ' : ''}route replace ${line.replaceAll(/ (?:linkdown|dead)\b/g, '')}`,
        );
  return `${lines.join('\n')}\n`;
}

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

function addressLine(name: string, info: Json): readonly string[] {
  const local = textOf(info['local']);
  const length = info['prefixlen'];
  if (local === '' || typeof length !== 'number') return [];
  const isIpv6 = local.includes(':');
  return [`address replace ${local}/${String(length)} dev ${name}${isIpv6 ? ' nodad' : ''}`];
}

/**
 * Reads the host's interfaces and routes. Dummies only where the kernel has them already: loading the module would make a
 * `dummy0` on the host. Empty where iproute2 is missing: no rule needs an interface to exist.
 */
export async function readLinks(): Promise<string> {
  try {
    const [links, ipv4, ipv6] = await Promise.all([
      run(['ip', '-details', '-json', 'address', 'show']),
      run(['ip', '-4', 'route', 'show']),
      run(['ip', '-6', 'route', 'show']),
    ]);
    return linkBatch(
      JSON.parse(links.stdout),
      [
        ['-4', ipv4.stdout],
        ['-6', ipv6.stdout],
      ],
      existsSync('/sys/module/dummy') ? 'dummy' : 'bridge',
    );
  } catch {
    return '';
  }
}
