import type { FamilyIntent, HostIntent, OverlayIntent } from '../../../docker/intent/values.ts';
import { HOOK_PRIORITY } from '../../../net/hook-priority.ts';
import type { NftBase, NftStatement, NftTable } from '../tables/model.ts';
import {
  BRIDGES_TABLE,
  ENCRYPTED_IN,
  ENCRYPTED_OUT,
  ENCRYPTED_VNIS,
  FORWARD,
  FORWARD_IN,
  FORWARD_OUT,
  JUMP_MAP_TYPE,
  JUMP_MAPS,
  NAT_IN,
  NAT_OUT,
  NAT_OUTPUT,
  NAT_PREROUTING,
  OVERLAY_TABLE,
  POSTROUTING,
  RAW_PREROUTING,
  TRANSLATIONS,
  VNI_FIELD,
  type JumpMap,
} from '../tables/names.ts';
import { nftMatch } from '../tables/rule.ts';
import { writeNetwork } from './network.ts';
import { writeEndpoint, writeLink, writePort } from './ports.ts';
import { comesFrom, COUNTER, DROP, isLocal, matchAddress, matchPort } from './statements.ts';
import { TableBook } from './table-book.ts';
import type { TableWriting } from './writing.ts';

const LOOPBACK = { ipv4: '127.0.0.0/8', ipv6: '::1' } as const;
/** The mark by which the kernel's IPsec policy knows what to encrypt. */
const ENCRYPT_MARK = 0xd0_c4_e3;

/**
 * The tables that say with nftables what Docker means, as an Engine 29.7 keeps them: at its start, then network by network, then
 * container by container. Source: docs/reference/docker-nftables.md, and the recordings of 29.7.2.
 *
 * Not written: what the swarm's routing mesh needs (no machine with IPVS was recorded), and an encrypted overlay between addresses of
 * IPv6. Without an encrypted overlay no table `docker-overlay` is required, although an overlay of any kind leaves an idle one.
 */
export const expectedTables = ({ ipv4, ipv6 }: HostIntent): readonly NftTable[] => [
  bridgesTable(ipv4),
  ...(ipv6 === undefined ? [] : [bridgesTable(ipv6)]),
  ...(ipv4.overlays.length === 0 ? [] : [overlayTable(ipv4.overlays)]),
];

function bridgesTable(intent: FamilyIntent): NftTable {
  const book = new TableBook(intent.family, BRIDGES_TABLE);
  const writing: TableWriting = { intent, book };
  writeDaemon(writing);
  for (const network of intent.networks) writeNetwork(writing, network);
  for (const endpoint of intent.endpoints) writeEndpoint(writing, endpoint);
  for (const port of intent.published) writePort(writing, port);
  for (const link of intent.links) writeLink(writing, link);
  return book.table();
}

const hook = (type: string, name: string, priority: number): NftBase => ({
  type,
  hook: name,
  priority,
  policy: 'accept',
});

/** What is written at daemon start, whatever networks there are. */
function writeDaemon({ book, intent }: TableWriting): void {
  const { family, sharedLoopback } = intent;
  const { filter, srcnat, dstnat, raw } = HOOK_PRIORITY;
  for (const { map } of JUMP_MAPS) book.map(map, JUMP_MAP_TYPE);
  book.chain(FORWARD, hook('filter', 'forward', filter));
  book.chain(POSTROUTING, hook('nat', 'postrouting', srcnat));
  book.chain(TRANSLATIONS);
  book.chain(NAT_PREROUTING, hook('nat', 'prerouting', dstnat));
  book.chain(NAT_OUTPUT, hook('nat', 'output', dstnat));
  book.chain(RAW_PREROUTING, hook('filter', 'prerouting', raw));
  book.rule(FORWARD, 'initial', [lookup('oifname', FORWARD_IN)]);
  book.rule(FORWARD, 'initial', [lookup('iifname', FORWARD_OUT)]);
  book.rule(POSTROUTING, 'initial', [lookup('iifname', NAT_OUT)]);
  book.rule(POSTROUTING, 'initial', [lookup('oifname', NAT_IN)]);
  const published: readonly NftStatement[] = [isLocal('daddr'), COUNTER, { is: 'jump', chain: TRANSLATIONS }];
  const byProxy = intent.loopback === 'docker-proxy';
  const elsewhere = byProxy ? [matchAddress(family, 'daddr', LOOPBACK[family], true)] : [];
  book.rule(NAT_PREROUTING, 'initial', published);
  book.rule(NAT_OUTPUT, 'initial', [...elsewhere, ...published]);
  if (byProxy && sharedLoopback !== '') {
    const shared = [comesFrom(sharedLoopback), matchAddress(family, 'daddr', LOOPBACK[family])];
    book.rule(TRANSLATIONS, 'initial', [...shared, COUNTER, { is: 'return' }]);
  }
}

const lookup = (field: string, { map }: JumpMap): NftStatement => ({ is: 'vmap', field, map });

/** Packets of these overlays leave marked, so that the kernel encrypts them, and come in only encrypted. */
function overlayTable(overlays: readonly OverlayIntent[]): NftTable {
  const book = new TableBook('ipv4', OVERLAY_TABLE);
  const { mangle, raw } = HOOK_PRIORITY;
  book.set(
    ENCRYPTED_VNIS,
    `typeof ${VNI_FIELD}`,
    overlays.map(({ vni }) => String(vni)),
  );
  book.chain(ENCRYPTED_OUT, hook('route', 'output', mangle));
  book.chain(ENCRYPTED_IN, hook('filter', 'input', raw));
  const vni = nftMatch(VNI_FIELD, [`@${ENCRYPTED_VNIS}`]);
  // One port serves all overlays of a swarm.
  for (const { port } of overlays) {
    const vxlan = [matchPort('udp', 'dport', port), vni, COUNTER];
    book.rule(ENCRYPTED_OUT, 'initial', [...vxlan, { is: 'set-mark', mark: ENCRYPT_MARK }]);
    book.rule(ENCRYPTED_IN, 'initial', [nftMatch('meta ipsec', ['missing']), ...vxlan, DROP]);
  }
  return book.table();
}
