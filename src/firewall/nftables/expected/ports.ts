import type {
  ClosedEndpoint,
  HostBinding,
  LinkIntent,
  PublishedIntent,
} from '../../../docker/intent/values.ts';
import { inNft } from '../../../docker/intent/trusted.ts';
import { isAny } from '../../../net/address.ts';
import type { NftStatement } from '../tables/model.ts';
import { FORWARD_IN, NAT_IN, RAW_PREROUTING, TRANSLATIONS } from '../tables/names.ts';
import {
  ACCEPT,
  comesFrom,
  comesPast,
  COUNTER,
  DROP,
  MASQUERADE,
  matchAddress,
  matchPort,
} from './statements.ts';
import type { TableWriting } from './writing.ts';

/** The rules of one published port in one family: let through, translated, and closed where it is on a loopback address. */
export function writePort(writing: TableWriting, published: PublishedIntent): void {
  const { book, intent } = writing;
  const { bridge, proto, address, port, binding, admitted } = published;
  if (admitted === 'by-port') {
    const to = [matchAddress(intent.family, 'daddr', address), matchPort(proto, 'dport', port)];
    book.rule(`${FORWARD_IN.prefix}${bridge}`, 'ports', [...to, COUNTER, ACCEPT]);
  }
  if (binding !== undefined) writeBinding(writing, published, binding);
}

function writeBinding(
  { book, intent }: TableWriting,
  { bridge, proto, address, port }: PublishedIntent,
  binding: HostBinding,
): void {
  const { family, sharedLoopback } = intent;
  const hostPort = matchPort(proto, 'dport', binding.port);
  const asked = isEvery(binding) ? [] : [matchAddress(family, 'daddr', binding.address)];
  const conditions: readonly NftStatement[] = [
    ...(binding.ownNetwork === 'docker-proxy' ? [comesPast(bridge)] : []),
    ...(binding.linkLocal === 'docker-proxy' ? [matchAddress(family, 'saddr', 'fe80::/10', true)] : []),
    ...asked,
    hostPort,
  ];
  book.rule(TRANSLATIONS, 'initial', [...conditions, COUNTER, { is: 'dnat', address, port }], 'DNAT');
  if (binding.hairpin) {
    const [from, to] = [matchAddress(family, 'saddr', address), matchAddress(family, 'daddr', address)];
    const own = [from, to, matchPort(proto, 'dport', port), COUNTER, MASQUERADE];
    book.rule(`${NAT_IN.prefix}${bridge}`, 'initial', own, 'MASQ TO OWN PORT');
  }
  if (!binding.closedRemotely) return;
  if (sharedLoopback !== '')
    book.rule(
      RAW_PREROUTING,
      'ports',
      [comesFrom(sharedLoopback), ...asked, hostPort, COUNTER, ACCEPT],
      'ACCEPT WSL2 LOOPBACK',
    );
  book.rule(
    RAW_PREROUTING,
    'ports',
    [comesPast('lo'), ...asked, hostPort, COUNTER, DROP],
    'DROP REMOTE LOOPBACK',
  );
}

const isEvery = ({ address }: HostBinding): boolean => address === '' || isAny(address);

/** An endpoint that is closed to packets that come past its bridge. */
export function writeEndpoint(
  { book, intent }: TableWriting,
  { bridge, address, trusted }: ClosedEndpoint,
): void {
  const to = matchAddress(intent.family, 'daddr', address);
  book.rule(
    RAW_PREROUTING,
    'ports',
    [to, comesPast(bridge, ...trusted.map(inNft)), COUNTER, DROP],
    'DROP DIRECT ACCESS',
  );
}

/** `--link` opens a network whose containers may not otherwise talk. */
export function writeLink(
  { book, intent }: TableWriting,
  { bridge, from, to, proto, port }: LinkIntent,
): void {
  const { family } = intent;
  const chain = `${FORWARD_IN.prefix}${bridge}`;
  const [asks, asked] = [matchAddress(family, 'saddr', from), matchAddress(family, 'daddr', to)];
  book.rule(chain, 'links', [asks, asked, matchPort(proto, 'dport', port), COUNTER, ACCEPT]);
  // The conditions stand in this order as 29.7 writes them, and nft lists them as they were written.
  const [answers, answered] = [matchAddress(family, 'saddr', to), matchAddress(family, 'daddr', from)];
  book.rule(chain, 'links', [answers, matchPort(proto, 'sport', port), answered, COUNTER, ACCEPT]);
}
