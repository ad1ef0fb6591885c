import type { Packet } from '../../../src/trace/packet.ts';
import type { Path } from '../../../src/trace/path.ts';
import { isIcmp } from '../../../src/trace/match/protocols.ts';
import type { Sighting } from './agent.ts';
import { onMap } from './families.ts';
import { HOMES } from './town.ts';

/** What became of one answer of the trace. `nobody`: it says where the packet is sent, and nobody lives there. */
export type Verdict = 'right' | 'unknown' | 'nobody' | 'wrong';

const isAs = (sighting: Sighting, { protocol, vague = [], ...packet }: Packet): boolean =>
  (vague.includes('source') || sighting.source === packet.source) &&
  (vague.includes('destination') || sighting.destination === packet.destination) &&
  (isIcmp(protocol) ||
    ((vague.includes('sourcePort') || sighting.sourcePort === packet.sourcePort) &&
      (vague.includes('destinationPort') || sighting.destinationPort === packet.destinationPort)));

/** Compares what the trace said with what was seen. */
export function judge({ end, last }: Path, seen: readonly Sighting[]): Verdict {
  if (end.at === 'unknown') return 'unknown';
  if (end.at === 'stopped' || end.at === 'lost') return seen.length === 0 ? 'right' : 'wrong';
  const [only] = seen;
  if (end.at === 'local')
    return seen.length === 1 && only?.where === 'host' && isAs(only, last) ? 'right' : 'wrong';
  const home = HOMES[onMap(end.nextHop === '' ? last.destination : end.nextHop)];
  if (home === undefined) return seen.length === 0 ? 'nobody' : 'wrong';
  const place = home.place;
  const there = only?.where === place && (place !== 'client' || only.device === end.outInterface);
  return seen.length === 1 && there && home.dev === end.outInterface && isAs(only, last) ? 'right' : 'wrong';
}

/** One wrong answer, to be read by people. */
export function explain({ packet, last, end, steps }: Path, seen: readonly Sighting[]): string {
  const told = (one: Packet): string =>
    `${one.protocol} ${one.source}:${String(one.sourcePort)} → ${one.destination}:${String(one.destinationPort)}`;
  return [
    `${told(packet)} by ${packet.inInterface || 'this machine'} ${packet.state}`,
    `  trace: ${JSON.stringify(end)}, as ${told(last)}`,
    `  kernel: ${seen.length === 0 ? 'not seen' : seen.map((one) => JSON.stringify(one)).join(' ')}`,
    ...steps.map(({ hook, variant = '', stage, chain = '', rule, what }) =>
      ['   ', hook, variant, stage, chain, what, rule?.text ?? ''].join(' '),
    ),
  ].join('\n');
}
