import type { CapturedPacket, ProbeResult } from '../../probe/result.ts';
import type { PeerPlace } from '../peer.ts';
import type { Listened } from './listened.ts';

/** What was seen of one probe on both hosts. */
export interface PeerProbe {
  readonly result: Pick<ProbeResult, 'from' | 'to' | 'answer' | 'detail' | 'captured' | 'notes'>;
  readonly listened: Listened;
  readonly asking: ProbedHost;
  readonly asked: ProbedHost;
}

/** One of both hosts, and its interfaces to the outside. */
export interface ProbedHost {
  readonly host: string;
  readonly wires: readonly string[];
}

/** Finds what was seen of one direction on interfaces to the outside. */
const seenBy =
  ({ wires }: ProbedHost, packets: readonly CapturedPacket[]) =>
  ({ out, reply }: Pick<CapturedPacket, 'out' | 'reply'>): CapturedPacket | undefined =>
    packets.find((one) => one.out === out && one.reply === reply && wires.includes(one.link));

/** Where a question and its answer were seen on interfaces to the outside. */
export function sightingsOf({ result, listened, asking, asked }: PeerProbe) {
  const [here, there] = [seenBy(asking, result.captured ?? []), seenBy(asked, listened.packets)];
  return {
    left: here({ out: true, reply: false }),
    came: there({ out: false, reply: false }),
    sentBack: there({ out: true, reply: true }),
    cameBack: here({ out: false, reply: true }),
  };
}

/** What keeps from being seen where a probe stopped. */
export function blindAt({
  result,
  listened,
  asking,
  asked,
}: PeerProbe): { readonly place: PeerPlace; readonly host: string; readonly why: string } | undefined {
  const here = result.captured;
  if (here === undefined)
    return { place: 'asking', host: asking.host, why: result.notes[0] ?? 'nothing watched here' };
  if (listened.unavailable !== '') return { place: 'asked', host: asked.host, why: listened.unavailable };
  const isNameless = (packets: readonly CapturedPacket[]): boolean => packets.some(({ link }) => link === '');
  const why = 'its tcpdump is too old to name interfaces';
  if (isNameless(here)) return { place: 'asking', host: asking.host, why };
  return isNameless(listened.packets) ? { place: 'asked', host: asked.host, why } : undefined;
}
