import { formatBlock, parseBlock } from '../iptables/address.ts';
import type { Family } from '../iptables/model.ts';
import type { LiveNetwork } from './inventory.ts';
import { isFalse, isMasqueraded, sourceTarget } from './options.ts';
import { modeOf, uses, writeNatJumps, type Writing } from './writing.ts';

const ESTABLISHED = '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT';
const STAGE_1 = 'DOCKER-ISOLATION-STAGE-1';
const STAGE_2 = 'DOCKER-ISOLATION-STAGE-2';

/** The rules of one bridge network in one family (docker-rules §1.1, §1.3, §1.4). */
export function writeNetwork(writing: Writing, network: LiveNetwork): void {
  const { family, era, book } = writing;
  const isUsed = uses(network, family);
  if (isUsed) {
    if (network.internal) writeInternal(writing, network);
    else {
      writeNat(writing, network);
      writeFilter(writing, network);
    }
    if (era.layout === 'forward') {
      if (!network.internal) writeNatJumps(writing);
      book.raise('filter', 'FORWARD', `-j ${STAGE_1}`);
    }
  }
  if (network.internal || era.isolation !== 'stages') return;
  if (isUsed || (family === 'ipv6' && era.ipv6IsolatesAll)) writeIsolation(writing, network);
}

function writeNat(writing: Writing, network: LiveNetwork): void {
  const { family, era, settings, book } = writing;
  const { bridge } = network;
  const routed = modeOf(writing, network) === 'routed';
  const target = family === 'ipv6' && !era.hostIpv6 ? 'MASQUERADE' : sourceTarget(network, family);
  const isHidden = isMasqueraded(network);
  if (!routed && isHidden)
    for (const subnet of subnetsOf(network, family))
      book.insert('nat', 'POSTROUTING', `-s ${subnet} ! -o ${bridge} -j ${target}`);
  // In routed mode, and without masquerading, too (recorded on 28.5).
  if (!settings.userlandProxy)
    book.insert('nat', 'POSTROUTING', `-o ${bridge} -m addrtype --src-type LOCAL -j ${target}`);
  const returns =
    settings.userlandProxy &&
    era.proxyReturn !== 'never' &&
    (isHidden || (routed && era.proxyReturn === 'routed-too'));
  if (returns) book.insert('nat', 'DOCKER', `-i ${bridge} -j RETURN`);
}

function writeFilter(writing: Writing, network: LiveNetwork): void {
  const { era, book } = writing;
  const { bridge } = network;
  const mode = modeOf(writing, network);
  const connects = allowsIcc(network);
  if (era.layout === 'forward') {
    if (connects) book.insert('filter', 'FORWARD', `-i ${bridge} -o ${bridge} -j ACCEPT`);
    else book.append('filter', 'FORWARD', `-i ${bridge} -o ${bridge} -j DROP`);
    book.insert('filter', 'FORWARD', `-i ${bridge} ! -o ${bridge} -j ACCEPT`);
    book.insert('filter', 'FORWARD', `-o ${bridge} -j DOCKER`);
    book.insert('filter', 'FORWARD', `-o ${bridge} ${ESTABLISHED}`);
    return;
  }
  if (era.layout === 'chains') {
    book.append('filter', 'DOCKER-CT', `-o ${bridge} ${ESTABLISHED}`);
    book.append('filter', 'DOCKER-BRIDGE', `-o ${bridge} -j DOCKER`);
  }
  if (mode === 'routed') {
    const icmp = writing.family === 'ipv4' ? 'icmp' : 'ipv6-icmp';
    book.append('filter', 'DOCKER', `-o ${bridge} -p ${icmp} -j ACCEPT`);
  }
  const closing = mode === 'nat-unprotected' ? 'ACCEPT' : 'DROP';
  book.append('filter', 'DOCKER', `! -i ${bridge} -o ${bridge} -j ${closing}`);
  const chain = era.layout === 'chains' ? 'DOCKER-FORWARD' : 'FORWARD';
  if (connects) book.append('filter', chain, `-i ${bridge} -j ACCEPT`);
  else {
    book.append('filter', chain, `-i ${bridge} -o ${bridge} -j DROP`);
    book.append('filter', chain, `-i ${bridge} ! -o ${bridge} -j ACCEPT`);
  }
}

function writeInternal({ family, era, book }: Writing, network: LiveNetwork): void {
  const { bridge } = network;
  const chain = era.isolation === 'stages' ? STAGE_1 : 'DOCKER-INTERNAL';
  const byInterface = family === 'ipv6' && era.ipv6InternalByInterface;
  for (const subnet of subnetsOf(network, family)) {
    book.insert(
      'filter',
      chain,
      `! -d ${subnet} -i ${bridge}${byInterface ? ` ! -o ${bridge}` : ''} -j DROP`,
    );
    book.insert(
      'filter',
      chain,
      `! -s ${subnet}${byInterface ? ` ! -i ${bridge}` : ''} -o ${bridge} -j DROP`,
    );
  }
  const inside = `-i ${bridge} -o ${bridge} -j ${allowsIcc(network) ? 'ACCEPT' : 'DROP'}`;
  if (era.layout === 'chains') book.append('filter', 'DOCKER-FORWARD', inside);
  else if (era.layout === 'forward' && allowsIcc(network)) book.insert('filter', 'FORWARD', inside);
  else book.append('filter', 'FORWARD', inside);
}

function writeIsolation(writing: Writing, network: LiveNetwork): void {
  const { era, book, family } = writing;
  const { bridge } = network;
  const hop = `-i ${bridge} ! -o ${bridge} -j ${STAGE_2}`;
  if (era.layout === 'forward') book.insert('filter', STAGE_1, hop);
  else book.append('filter', STAGE_1, hop);
  book.insert('filter', STAGE_2, `-o ${bridge} -j DROP`);
  if (era.layout === 'forward' || !uses(network, family) || modeOf(writing, network) !== 'routed') return;
  book.insert('filter', STAGE_1, `-o ${bridge} -j RETURN`);
  book.insert('filter', STAGE_1, `-i ${bridge} ${ESTABLISHED}`);
}

const allowsIcc = ({ options }: LiveNetwork): boolean =>
  !isFalse(options['com.docker.network.bridge.enable_icc']);

/** The subnets of one family, as the kernel masks them and save prints them. */
function subnetsOf({ subnets }: LiveNetwork, family: Family): readonly string[] {
  return subnets.flatMap((subnet) => {
    const block = parseBlock(subnet);
    return block?.family === family ? [formatBlock(block)] : [];
  });
}
