import { Fault } from '../../fault.ts';
import { near } from '../../nearest.ts';
import { isAny, isLoopback } from '../../net/address.ts';
import {
  matchExactly,
  matchName,
  qualifiedService,
  type Nameable,
  type NameableContainer,
  type NameableNetwork,
  type NameMatch,
} from './names.ts';
import { isAddress, portOrNumber, unbracketed, type PortTarget } from './port-argument.ts';

/** What an argument of the command line names, of `doctor` and of `reach` alike. */
export type Named<Container, Network> =
  | NameMatch<Container, Network>
  /** This host itself, by one of its addresses. */
  | { readonly is: 'host' }
  | { readonly is: 'port'; readonly port: PortTarget }
  /** An address that nobody on this host has. */
  | { readonly is: 'elsewhere'; readonly address: string };

/**
 * Finds what an argument names: a whole name, id, service or container's address first, then a port or URL, then an address, then
 * part of a name. `web:80` is about the container web, for names of containers mean nothing to the outside.
 *
 * @param isOwn - whether an address is one of this host's
 * @returns undefined for nobody
 */
export function readArgument<Container extends NameableContainer, Network extends NameableNetwork>(
  argument: string,
  all: Nameable<Container, Network>,
  isOwn: (address: string) => boolean,
): Named<Container, Network> | undefined {
  const word = unbracketed(argument);
  const exact = matchExactly(word, all);
  if (exact !== undefined) return exact;
  const port = portOrNumber(argument);
  if (port !== undefined) return matchExactly(port.address, all) ?? { is: 'port', port };
  if (!isAddress(word)) return matchName(word, all);
  return isOwn(word) || isAny(word) || isLoopback(word) ? { is: 'host' } : { is: 'elsewhere', address: word };
}

/** Names are listed up to so many. */
const LISTED = 12;

/**
 * What is thrown for an argument that names nothing here, or more than one thing: what is near it, else what there is.
 *
 * @param spelled - the argument as it was typed, with its option where it has one
 * @param kinds - what might be called so
 */
export function namesNothing(
  spelled: string,
  argument: string,
  match: Extract<NameMatch<unknown, unknown>, { is: 'ambiguous' }> | undefined,
  { containers, networks }: Nameable,
  kinds: string,
): Fault {
  if (match !== undefined) {
    const { names } = match;
    return new Fault('RG_USAGE', 2, `${spelled} may mean ${String(names.length)} things`, {
      details: listed(names),
      hint: 'Name one of them in full.',
    });
  }
  const services = containers.flatMap((one) => {
    const { service = '' } = one;
    return service === '' ? [] : [service, qualifiedService(one)];
  });
  const containerNames = containers.map(({ name }) => name);
  const networkNames = networks.map(({ name }) => name);
  const words = [...new Set([...services, ...networkNames, ...containerNames])];
  const similar = near(argument.toLowerCase(), words, (word) => word.toLowerCase().split(/[-_./]/)).slice(
    0,
    4,
  );
  return new Fault('RG_USAGE', 2, `${spelled}: no ${kinds} is called so`, {
    details:
      similar.length > 0
        ? []
        : [`containers: ${enumerated(containerNames)}`, `networks: ${enumerated(networkNames)}`],
    hint:
      similar.length > 0
        ? `Did you mean ${similar.join(', or ')}?`
        : 'All there are: docker ps -a; docker network ls',
  });
}

const enumerated = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : listed(names).join(', ');

const listed = (names: readonly string[]): readonly string[] =>
  names.length <= LISTED ? names : [...names.slice(0, LISTED), `… and ${String(names.length - LISTED)} more`];
