import { blockOf, sameBlock } from '../net/address.ts';
import { memory } from '../trace/memory.ts';
import type { NetworkState } from '../trace/network-state.ts';
import type { Packet } from '../trace/packet.ts';
import type { Path } from '../trace/path.ts';
import { inBlock } from '../trace/routing/addresses.ts';
import { linkOf } from '../trace/routing/local.ts';
import { isUsualTable, lookupRoute } from '../trace/routing/route.ts';

/** Where a packet should end. */
export type Goal =
  /** At a container: by its bridge, to its address and port. */
  | {
      readonly to: 'container';
      readonly bridge: string;
      readonly address: string;
      readonly port: number;
      /** docker-proxy serves it too, where nothing translates. */
      readonly orProxy?: boolean;
    }
  /** Outside, with an address of this host as source where the network masquerades. */
  | {
      readonly to: 'outside';
      readonly masqueraded: boolean;
      /** Of an answer: the interface the question came in by. */
      readonly by?: string;
      /** Of what a container asks: the bridge it came in by. */
      readonly from?: string;
    }
  /** At a program of this host. */
  | { readonly to: 'host' };

/** What became of a packet, held against what should. */
export type PathOutcome =
  | { readonly is: 'reached' }
  | { readonly is: 'unknown' }
  /** It ends where no rule, or none of those it met, should have ended it. */
  | { readonly is: 'stopped' }
  | { readonly is: 'lost' }
  /** It leaves by another interface than the one its goal is at. */
  | { readonly is: 'elsewhere'; readonly by: string }
  /** An answer that leaves by another uplink than its question came in by. */
  | { readonly is: 'detour'; readonly by: string }
  /** An answer that does not come from the address that was asked: NAT was not undone. */
  | { readonly is: 'not-undone' }
  /** Nothing translated it: it ends at this host itself. */
  | { readonly is: 'untranslated' }
  /** As it should be, nothing translated it; and the docker-proxy that should take it is not there. */
  | { readonly is: 'unserved' }
  /** Something else translated it. */
  | { readonly is: 'mistranslated' }
  /** It leaves with an address that only hosts with a route to it can answer. */
  | { readonly is: 'unmasked' };

/** Whether a packet came where it should. */
export function outcomeOf(path: Path, goal: Goal, netState: NetworkState): PathOutcome {
  const { end, last } = path;
  switch (end.at) {
    case 'unknown':
      return { is: 'unknown' };
    case 'stopped':
      return !isYetToBeRouted(path) && isOffCourse(last, goal)
        ? { is: 'elsewhere', by: last.outInterface }
        : { is: 'stopped' };
    case 'lost':
      // Only of one that was about to leave is the interface the one its route says.
      return end.why === 'interface-down' && isOffCourse(last, goal)
        ? { is: 'elsewhere', by: last.outInterface }
        : { is: 'lost' };
    case 'local':
      if (goal.to === 'host') return { is: 'reached' };
      if (goal.to === 'container' && goal.orProxy === true && !last.translated.destination)
        return { is: 'reached' };
      return last.translated.destination ? { is: 'mistranslated' } : { is: 'untranslated' };
    case 'sent':
      break;
  }
  const { outInterface } = end;
  if (goal.to === 'outside') {
    if (goal.by !== undefined && outInterface !== goal.by)
      return isLedAway(path, goal.by, netState)
        ? { is: 'elsewhere', by: outInterface }
        : { is: 'detour', by: outInterface };
    // On a bridge without an address of the host's a packet is carried to whoever is there: nobody outside.
    if (goal.from !== undefined && (outInterface === goal.from || leadsNowhere(end, last, netState)))
      return { is: 'elsewhere', by: outInterface };
    // Of a range, or borrowed from another interface: which one it is, is not known.
    if (goal.masqueraded && last.vague?.includes('source') === true) return { is: 'unknown' };
    return goal.masqueraded && !isOwnAddress(netState, last.source) ? { is: 'unmasked' } : { is: 'reached' };
  }
  if (goal.to === 'host') return { is: 'elsewhere', by: outInterface };
  if (!sameBlock(last.destination, goal.address) || last.destinationPort !== goal.port)
    return { is: 'mistranslated' };
  return outInterface === goal.bridge ? { is: 'reached' } : { is: 'elsewhere', by: outInterface };
}

/**
 * Whether nobody outside is where a packet leaves without a gateway: by an interface that has no address, or not by the one whose
 * neighbour is asked.
 */
function leadsNowhere(
  { outInterface, nextHop }: Extract<Path['end'], { at: 'sent' }>,
  { family, destination }: Packet,
  { links }: NetworkState,
): boolean {
  const near = links.filter(({ addresses }) =>
    addresses.some(
      (own) =>
        own.family === family &&
        own.scope === 'global' &&
        inBlock(destination, blockOf(`${own.address}/${String(own.length)}`)) === true,
    ),
  );
  const isBare = !links.some(
    ({ name, addresses }) => name === outInterface && addresses.some((own) => own.family === family),
  );
  const isElsewhere = near.length > 0 && near.every(({ name }) => name !== outInterface);
  return nextHop === '' && (isBare || isElsewhere);
}

/** What became of an answer: whoever asked takes an answer only from the address that was asked. */
export function answerOutcome(outcome: PathOutcome, there: Path, { last }: Path): PathOutcome {
  const { destination } = there.packet;
  const isFromElsewhere = last.vague?.includes('source') !== true && !sameBlock(last.source, destination);
  return outcome.is === 'reached' && isFromElsewhere ? { is: 'not-undone' } : outcome;
}

/**
 * The address that docker-proxy has to serve to take what ends at this host instead of a container: the one that was asked, or, of what was
 * redirected to the port's own number, '' for any.
 *
 * @returns undefined for what docker-proxy takes in no case
 */
export function proxyAddress(
  { end, last }: Path,
  outcome: PathOutcome,
  asked: { readonly at: string; readonly hostPort: number },
): string | undefined {
  if (outcome.is === 'untranslated') return asked.at;
  const isRedirected = outcome.is === 'mistranslated' && end.at === 'local';
  return isRedirected && last.destinationPort === asked.hostPort ? '' : undefined;
}

/** Whether a rule of policy routing leads an answer away from a client on the very link it asked by. */
function isLedAway({ packet, last }: Path, by: string, netState: NetworkState): boolean {
  const { family, source, destination, mark, protocol, destinationPort } = last;
  // It is routed before its source, address and port, is translated back.
  const found = lookupRoute(netState, {
    ...{ family, source: packet.source, destination, mark, inInterface: packet.inInterface },
    ...{ protocol, sourcePort: packet.sourcePort, destinationPort },
  });
  const isNear = linkOf(netState, by)?.addresses.some(
    (own) =>
      own.family === family && inBlock(destination, blockOf(`${own.address}/${String(own.length)}`)) === true,
  );
  return isNear === true && source !== '' && found.kind === 'unicast' && !isUsualTable(found.rule.table);
}

/** What this host sends is routed once more behind OUTPUT, by the address that it got there. */
const isYetToBeRouted = ({ steps, last }: Path): boolean =>
  steps.at(-1)?.hook === 'OUTPUT' && last.translated.destination;

/** Routed away from its goal: whoever stopped it afterwards was right to. */
const isOffCourse = ({ outInterface, destination }: Packet, goal: Goal): boolean =>
  goal.to === 'container' &&
  outInterface !== '' &&
  outInterface !== goal.bridge &&
  sameBlock(destination, goal.address);

/** Whether an address is one of this host's. */
export const isOwnAddress = ({ links }: Pick<NetworkState, 'links'>, address: string): boolean =>
  worn(links, address, () =>
    links.some(({ addresses }) => addresses.some((own) => sameBlock(own.address, address))),
  );

const worn = memory<boolean>();
