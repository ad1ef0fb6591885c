import type {
  InternalNetwork,
  NetworkIntent,
  OpenNetwork,
  UnusedNetwork,
} from '../../../docker/intent/values.ts';
import { targetOf } from '../ownership/source-target.ts';
import { ESTABLISHED, writeNatJumps, type WriteContext } from './writing.ts';

const STAGE_1 = 'DOCKER-ISOLATION-STAGE-1';
const STAGE_2 = 'DOCKER-ISOLATION-STAGE-2';

/** The rules of one bridge network in one family (docs/reference/docker-iptables.md#bridge-networks). */
export function writeNetwork(writing: WriteContext, network: NetworkIntent): void {
  const { era, book } = writing;
  switch (network.kind) {
    case 'open':
      writeNat(writing, network);
      writeFilter(writing, network);
      if (era.layout === 'forward') {
        writeNatJumps(writing);
        book.raise('filter', 'FORWARD', `-j ${STAGE_1}`);
      }
      writeIsolation(writing, network);
      return;
    case 'internal':
      writeInternal(writing, network);
      if (era.layout === 'forward') book.raise('filter', 'FORWARD', `-j ${STAGE_1}`);
      return;
    case 'unused':
      writeIsolation(writing, network);
      return;
  }
}

function writeNat({ book }: WriteContext, network: OpenNetwork): void {
  const { bridge, leaves, fromHost } = network;
  if (leaves.as !== 'itself')
    for (const subnet of network.subnets)
      book.insert('nat', 'POSTROUTING', `-s ${subnet} ! -o ${bridge} -j ${targetOf(leaves)}`);
  if (fromHost !== undefined)
    book.insert('nat', 'POSTROUTING', `-o ${bridge} -m addrtype --src-type LOCAL -j ${targetOf(fromHost)}`);
  if (network.asksPublished === 'docker-proxy') book.insert('nat', 'DOCKER', `-i ${bridge} -j RETURN`);
}

function writeFilter(writing: WriteContext, network: OpenNetwork): void {
  const { era, book } = writing;
  const { bridge, inside } = network;
  if (era.layout === 'forward') {
    if (inside === 'open') book.insert('filter', 'FORWARD', `-i ${bridge} -o ${bridge} -j ACCEPT`);
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
  writeUnpublished(writing, network);
  const chain = era.layout === 'chains' ? 'DOCKER-FORWARD' : 'FORWARD';
  if (inside === 'open') book.append('filter', chain, `-i ${bridge} -j ACCEPT`);
  else {
    book.append('filter', chain, `-i ${bridge} -o ${bridge} -j DROP`);
    book.append('filter', chain, `-i ${bridge} ! -o ${bridge} -j ACCEPT`);
  }
}

function writeUnpublished({ intent, book }: WriteContext, { bridge, unpublished }: OpenNetwork): void {
  if (unpublished === 'left-to-host') return;
  if (unpublished === 'ping-only') {
    const icmp = intent.family === 'ipv4' ? 'icmp' : 'ipv6-icmp';
    book.append('filter', 'DOCKER', `-o ${bridge} -p ${icmp} -j ACCEPT`);
  }
  const closing = unpublished === 'open' ? 'ACCEPT' : 'DROP';
  book.append('filter', 'DOCKER', `! -i ${bridge} -o ${bridge} -j ${closing}`);
}

function writeInternal({ intent, era, book }: WriteContext, network: InternalNetwork): void {
  const { bridge } = network;
  const chain = era.isolation === 'stages' ? STAGE_1 : 'DOCKER-INTERNAL';
  const byInterface = intent.family === 'ipv6' && era.ipv6InternalByInterface;
  for (const subnet of network.subnets) {
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
  const isOpen = network.inside === 'open';
  const inside = `-i ${bridge} -o ${bridge} -j ${isOpen ? 'ACCEPT' : 'DROP'}`;
  if (era.layout === 'chains') book.append('filter', 'DOCKER-FORWARD', inside);
  else if (era.layout === 'forward' && isOpen) book.insert('filter', 'FORWARD', inside);
  else book.append('filter', 'FORWARD', inside);
}

function writeIsolation({ era, book }: WriteContext, { bridge, others }: OpenNetwork | UnusedNetwork): void {
  if (others === 'as-outside') return;
  const hop = `-i ${bridge} ! -o ${bridge} -j ${STAGE_2}`;
  if (era.layout === 'forward') book.insert('filter', STAGE_1, hop);
  else book.append('filter', STAGE_1, hop);
  book.insert('filter', STAGE_2, `-o ${bridge} -j DROP`);
  if (others === 'apart') return;
  book.insert('filter', STAGE_1, `-o ${bridge} -j RETURN`);
  book.insert('filter', STAGE_1, `-i ${bridge} ${ESTABLISHED}`);
}
