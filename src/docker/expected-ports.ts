import type { Family } from '../iptables/model.ts';
import { addressIn, type Endpoint, type Link, type LiveNetwork, type PublishedPort } from './inventory.ts';
import { isFalse, trustedInterfaces } from './options.ts';
import { modeOf, type Writing } from './writing.ts';

const widthOf = (family: Family): string => (family === 'ipv4' ? '32' : '128');
const familyOf = (address: string): Family => (address.includes(':') ? 'ipv6' : 'ipv4');
/** The rules of one published port in one family, on the endpoint that is its container's gateway (docker-rules §1). */
export function writePort(writing: Writing, network: LiveNetwork, published: PublishedPort): void {
  const { family, era, settings, book } = writing;
  const { endpoint, proto, port, hostIp, hostPort } = published;
  const ip = endpoint === undefined ? '' : addressIn(endpoint, family);
  if (ip === '' || familyOf(hostIp) !== family || network.internal) return;
  const { bridge } = network;
  const mode = modeOf(writing, network);
  const match = `-p ${proto} -m ${proto}`;
  const address = `${ip}/${widthOf(family)}`;
  if (mode !== 'routed' && hostPort !== undefined) {
    const linkLocal = family === 'ipv6' && era.skipsLinkLocal ? '! -s fe80::/10 ' : '';
    const on = isAny(hostIp) ? '' : `-d ${hostIp}/${widthOf(family)} `;
    const from = settings.userlandProxy ? `! -i ${bridge} ` : '';
    const to = family === 'ipv6' ? `[${ip}]` : ip;
    book.append(
      'nat',
      'DOCKER',
      `${linkLocal}${on}${from}${match} --dport ${String(hostPort)} -j DNAT --to-destination ${to}:${String(port)}`,
    );
    if (era.hairpinPorts === 'always' || !settings.userlandProxy)
      book.append(
        'nat',
        'POSTROUTING',
        `-s ${address} -d ${address} ${match} --dport ${String(port)} -j MASQUERADE`,
      );
  }
  writeAccept(writing, mode, `-d ${address} ! -i ${bridge} -o ${bridge} ${match} --dport ${String(port)}`);
  if (
    proto === 'sctp' &&
    (era.sctpChecksum === 'always' || (era.sctpChecksum === 'asked' && settings.sctpChecksum))
  )
    book.append(
      'mangle',
      'POSTROUTING',
      `-p sctp -m sctp --sport ${String(port)} -j CHECKSUM --checksum-fill`,
    );
  writeRawPort(writing, mode, published, bridge, address);
}

function writeAccept({ era, book }: Writing, mode: string, spec: string): void {
  // What a network of this mode lets in anyway needs no rule of its own.
  if (mode === 'nat-unprotected') return;
  if (era.layout === 'forward') book.append('filter', 'DOCKER', `${spec} -j ACCEPT`);
  else book.insert('filter', 'DOCKER', `${spec} -j ACCEPT`);
}

function writeRawPort(
  { family, era, settings, book }: Writing,
  mode: string,
  { proto, port, hostIp, hostPort }: PublishedPort,
  bridge: string,
  address: string,
): void {
  if (era.rawDrops === 'none' || (era.rawOptional && settings.noRaw)) return;
  const match = `-p ${proto} -m ${proto}`;
  if (era.rawDrops === 'port' && mode === 'nat')
    book.append('raw', 'PREROUTING', `-d ${address} ! -i ${bridge} ${match} --dport ${String(port)} -j DROP`);
  if (family === 'ipv4' && hostIp.startsWith('127.') && hostPort !== undefined && mode !== 'routed')
    book.append('raw', 'PREROUTING', `-d ${hostIp}/32 ! -i lo ${match} --dport ${String(hostPort)} -j DROP`);
}

/** From 28.2 on every endpoint is closed to packets that come past its bridge, published ports or not. */
export function writeRawEndpoint(writing: Writing, network: LiveNetwork, endpoint: Endpoint): void {
  const { family, era, settings, book } = writing;
  const ip = addressIn(endpoint, family);
  if (era.rawDrops !== 'endpoint' || settings.noRaw || settings.directRouting || ip === '') return;
  if (network.internal || modeOf(writing, network) !== 'nat') return;
  const to = `-d ${ip}/${widthOf(family)}`;
  for (const name of trustedInterfaces(network))
    book.append('raw', 'PREROUTING', `${to} -i ${name} -j ACCEPT`);
  book.append('raw', 'PREROUTING', `${to} ! -i ${network.bridge} -j DROP`);
}

/** `--link` opens a network whose containers may not otherwise talk. */
export function writeLink({ family, book }: Writing, network: LiveNetwork, link: Link): void {
  if (!isFalse(network.options['com.docker.network.bridge.enable_icc'])) return;
  const [parent, child] = [addressIn(link.parent, family), addressIn(link.child, family)];
  if (parent === '' || child === '') return;
  const width = widthOf(family);
  const { bridge } = network;
  const spec = (from: string, to: string, side: string) =>
    `-s ${from}/${width} -d ${to}/${width} -i ${bridge} -o ${bridge} -p ${link.proto} -m ${link.proto} --${side} ${String(link.port)} -j ACCEPT`;
  book.append('filter', 'DOCKER', spec(parent, child, 'dport'));
  book.append('filter', 'DOCKER', spec(child, parent, 'sport'));
}

const isAny = (address: string): boolean => address === '0.0.0.0' || address === '::' || address === '';
