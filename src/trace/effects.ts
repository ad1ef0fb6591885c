import { markAndMask } from './match/connection.ts';
import { isVague, type Packet } from './packet.ts';
import type { Extension } from './match/rule-parts.ts';

/** Targets that pass a packet on and change nothing that a later decision here depends on. */
export const HARMLESS_TARGETS: ReadonlySet<string> = new Set([
  ...[
    'AUDIT',
    'CHECKSUM',
    'CLASSIFY',
    'CONNSECMARK',
    'DSCP',
    'ECN',
    'HL',
    'IDLETIMER',
    'LED',
    'LOG',
    'NFLOG',
  ],
  ...['RATEEST', 'SECMARK', 'TCPMSS', 'TCPOPTSTRIP', 'TOS', 'TRACE', 'TTL', 'ULOG'],
]);

/** Targets that pass a packet on and change what later rules may ask for. */
export const CHANGING_TARGETS: ReadonlySet<string> = new Set([
  'MARK',
  'CONNMARK',
  'CT',
  'NOTRACK',
  'SET',
  'HMARK',
]);

const settle = (packet: Packet, field: 'mark' | 'connmark', mark: number): Packet => ({
  ...packet,
  [field]: mark >>> 0,
});

/**
 * What MARK and CONNMARK make of a packet, as xt_mark.c and xt_connmark.c compute it; undefined for options that are not
 * known here.
 *
 * @param tracked - without a connection CONNMARK does nothing
 */
export function markedBy(
  { name: target, options }: Extension,
  packet: Packet,
  tracked: boolean,
): Packet | undefined {
  const field = target === 'MARK' ? 'mark' : 'connmark';
  const [option] = options;
  if (option === undefined) return undefined;
  if (target === 'CONNMARK' && !tracked) return packet;
  const mask = (name: string): number =>
    Number(options.find((one) => one.name === name)?.values[0] ?? 0xffffffff);
  const [nfmask, ctmask] = [mask('--nfmask'), mask('--ctmask')];
  const extra = options.filter((one) => one !== option && one.name !== '--nfmask' && one.name !== '--ctmask');
  const given = markAndMask(option.values[0] ?? '');
  if (extra.length > 0 || isVague(packet, 'mark', 'connmark')) return undefined;
  const old = packet[field];
  switch (option.name) {
    case '--set-xmark':
      return given && settle(packet, field, (old & ~given.mask) ^ given.mark);
    case '--set-mark':
      return given && settle(packet, field, (old & ~(given.mask | given.mark)) | given.mark);
    case '--and-mark':
      return given && settle(packet, field, old & given.mark);
    case '--or-mark':
      return given && settle(packet, field, old | given.mark);
    case '--xor-mark':
      return given && settle(packet, field, old ^ given.mark);
    case '--save-mark':
      return settle(packet, 'connmark', (packet.connmark & ~ctmask) ^ (packet.mark & nfmask));
    case '--restore-mark':
      return settle(packet, 'mark', (packet.mark & ~nfmask) ^ (packet.connmark & ctmask));
    default:
      return undefined;
  }
}
