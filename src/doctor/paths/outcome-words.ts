import { hostPort } from '../../net/address.ts';
import type { PathOutcome } from '../../reach/goal.ts';
import type { Packet } from '../../trace/packet.ts';

/**
 * What became of a packet that did not come where it should, as reach, check, doctor and the page say it; '' where the end of its path
 * says it all.
 *
 * @param last - the packet as it ended, where its addresses are to be named
 */
export function outcomeWords(
  outcome: PathOutcome,
  last?: Pick<Packet, 'source' | 'destination' | 'destinationPort'>,
): string {
  switch (outcome.is) {
    case 'elsewhere':
    case 'detour':
      return `leaves by ${outcome.by}`;
    case 'not-undone':
      return `comes from ${last?.source ?? 'another address'}, not from the one that was asked`;
    case 'untranslated':
      return 'nothing translates it: it ends at this host';
    case 'unserved':
      return 'its docker-proxy is gone';
    case 'mistranslated':
      return `is translated to ${last === undefined ? 'another destination' : hostPort(last.destination, last.destinationPort)}`;
    case 'unmasked':
      return `leaves not masqueraded${last === undefined ? '' : `, as ${last.source}`}: only hosts with a route there can answer`;
    case 'reached':
    case 'unknown':
    case 'stopped':
    case 'lost':
      return '';
  }
}
