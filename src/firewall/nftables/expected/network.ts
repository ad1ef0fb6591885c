import type {
  InternalNetwork,
  MaskedSource,
  NetworkIntent,
  OpenNetwork,
} from '../../../docker/intent/values.ts';
import type { NftStatement } from '../tables/model.ts';
import { FORWARD_IN, FORWARD_OUT, JUMP_MAPS, NAT_IN, NAT_OUT } from '../tables/names.ts';
import { markText, nftMatch } from '../tables/rule.ts';
import {
  ACCEPT,
  comesFrom,
  comesPast,
  COUNTER,
  DROP,
  ESTABLISHED,
  isLocal,
  leavesPast,
  MASQUERADE,
  matchAddress,
} from './statements.ts';
import type { TableWriting } from './writing.ts';

/** The chains of one bridge network in one family, and what leads to them. A network that the family does not use has none. */
export function writeNetwork(writing: TableWriting, network: NetworkIntent): void {
  if (network.kind === 'unused') return;
  const { book } = writing;
  const { bridge } = network;
  for (const { map, prefix } of JUMP_MAPS) {
    book.chain(`${prefix}${bridge}`);
    book.element(map, bridge, `${prefix}${bridge}`);
  }
  for (const { prefix } of [FORWARD_IN, FORWARD_OUT])
    book.rule(`${prefix}${bridge}`, 'initial', [ESTABLISHED, COUNTER, ACCEPT]);
  if (network.kind === 'internal') writeInternal(writing, network);
  else writeOpen(writing, network);
}

function writeInternal({ book }: TableWriting, { bridge, inside }: InternalNetwork): void {
  const [into, out] = [`${FORWARD_IN.prefix}${bridge}`, `${FORWARD_OUT.prefix}${bridge}`];
  book.rule(into, 'initial', [comesPast(bridge), COUNTER, DROP], 'INTERNAL NETWORK INGRESS');
  book.rule(out, 'initial', [leavesPast(bridge), COUNTER, DROP], 'INTERNAL NETWORK EGRESS');
  book.rule(into, 'icc', [COUNTER, inside === 'open' ? ACCEPT : DROP], 'ICC');
}

function writeOpen(writing: TableWriting, network: OpenNetwork): void {
  const { book, intent } = writing;
  const { bridge, inside, unpublished } = network;
  const into = `${FORWARD_IN.prefix}${bridge}`;
  if (intent.admittedMark !== '')
    book.rule(into, 'mark', [matchMark(intent.admittedMark), COUNTER, ACCEPT], 'ALLOW FW MARK');
  book.rule(into, 'icc', [comesFrom(bridge), COUNTER, inside === 'open' ? ACCEPT : DROP], 'ICC');
  book.rule(`${FORWARD_OUT.prefix}${bridge}`, 'initial', [COUNTER, ACCEPT], 'OUTGOING');
  if (unpublished === 'ping-only') {
    const ping =
      intent.family === 'ipv4' ? nftMatch('ip protocol', ['icmp']) : nftMatch('meta l4proto', ['ipv6-icmp']);
    book.rule(into, 'initial', [ping, COUNTER, ACCEPT], 'ICMP');
  }
  if (unpublished === 'open') book.rule(into, 'final', [COUNTER, ACCEPT], 'UNPROTECTED');
  else if (unpublished !== 'left-to-host') book.rule(into, 'final', [COUNTER, DROP], 'UNPUBLISHED PORT DROP');
  writeNat(writing, network);
}

function writeNat({ book, intent }: TableWriting, { bridge, subnets, leaves, fromHost }: OpenNetwork): void {
  if (leaves.as !== 'itself')
    for (const subnet of subnets)
      book.rule(
        `${NAT_OUT.prefix}${bridge}`,
        'initial',
        [leavesPast(bridge), matchAddress(intent.family, 'saddr', subnet), COUNTER, translated(leaves)],
        named(leaves),
      );
  if (fromHost !== undefined)
    book.rule(
      `${NAT_IN.prefix}${bridge}`,
      'initial',
      [isLocal('saddr'), COUNTER, translated(fromHost)],
      `${named(fromHost)} FROM HOST`,
    );
}

const translated = (source: MaskedSource): NftStatement =>
  source.as === 'interface' ? MASQUERADE : { is: 'snat', address: source.address, port: undefined };

const named = ({ as }: MaskedSource): string => (as === 'interface' ? 'MASQUERADE' : 'SNAT');

/** A mark as intent has it: `0x1`, or `0x1/0x3` with the bits that count. */
function matchMark(admitted: string): NftStatement {
  const [mark, mask] = admitted.split('/').map(Number);
  return nftMatch('meta mark', [markText(mark ?? 0)], { mask });
}
