import { sameBlock } from '../../net/address.ts';

/** A container as far as it can be named. */
export interface NameableContainer {
  readonly id: string;
  readonly name: string;
  /** Of compose; '' or absent for a container that belongs to none. */
  readonly service?: string;
  readonly attachments: readonly {
    readonly networkId: string;
    readonly ipv4: string;
    readonly ipv6: string;
  }[];
}

/** A network as far as it can be named. */
export interface NameableNetwork {
  readonly id: string;
  readonly name: string;
  readonly bridge: string;
}

/** What there is to be named. */
export interface Nameable<
  Container extends NameableContainer = NameableContainer,
  Network extends NameableNetwork = NameableNetwork,
> {
  readonly containers: readonly Container[];
  readonly networks: readonly Network[];
}

/** What an argument names. */
export type NameMatch<Container, Network> =
  | { readonly is: 'container'; readonly container: Container }
  | { readonly is: 'service'; readonly name: string; readonly containers: readonly Container[] }
  | { readonly is: 'network'; readonly network: Network }
  /** It is part of more than one name. */
  | { readonly is: 'ambiguous'; readonly names: readonly string[] };

/**
 * What an argument names in full: a container by name, a network by name or bridge, either by the beginning of its id (four hex
 * digits and more), a compose service, a container by its own address. As with docker, a name goes before an id that begins
 * with the same text.
 *
 * @returns undefined for nobody
 */
export function matchExactly<Container extends NameableContainer, Network extends NameableNetwork>(
  argument: string,
  { containers, networks }: Nameable<Container, Network>,
): NameMatch<Container, Network> | undefined {
  if (argument === '') return undefined;
  const isId = /^[0-9a-f]{4,64}$/.test(argument);
  const containerBy = (is: (one: Container) => boolean): NameMatch<Container, Network> | undefined => {
    const container = containers.find(is);
    return container && { is: 'container', container };
  };
  const networkBy = (is: (one: Network) => boolean): NameMatch<Container, Network> | undefined => {
    const network = networks.find(is);
    return network && { is: 'network', network };
  };
  return (
    containerBy(({ name }) => name === argument) ??
    networkBy(({ name, bridge }) => name === argument || bridge === argument) ??
    (isId ? containerBy(({ id }) => id.startsWith(argument)) : undefined) ??
    (isId ? networkBy(({ id }) => id.startsWith(argument)) : undefined) ??
    serviceNamed(argument, containers) ??
    containerBy(({ attachments }) =>
      attachments.some(({ ipv4, ipv6 }) =>
        [ipv4, ipv6].some((own) => own !== '' && sameBlock(own, argument)),
      ),
    )
  );
}

/**
 * As {@link matchExactly}; an argument that is no whole name may be part of one: `web` of `shop-web-1`.
 *
 * @returns undefined for nobody
 */
export function matchName<Container extends NameableContainer, Network extends NameableNetwork>(
  argument: string,
  all: Nameable<Container, Network>,
): NameMatch<Container, Network> | undefined {
  return matchExactly(argument, all) ?? matchPart(argument, all);
}

function matchPart<Container extends NameableContainer, Network extends NameableNetwork>(
  argument: string,
  { containers, networks }: Nameable<Container, Network>,
): NameMatch<Container, Network> | undefined {
  const part = argument.toLowerCase();
  if (part.length < 2 || /^\d+$/.test(part)) return undefined;
  const holds = ({ name }: { readonly name: string }): boolean => name.toLowerCase().includes(part);
  const found = containers.filter(holds);
  const [container, ...others] = found;
  if (container === undefined) {
    const [network, ...more] = networks.filter(holds);
    if (network === undefined) return undefined;
    return more.length === 0
      ? { is: 'network', network }
      : { is: 'ambiguous', names: [network, ...more].map(({ name }) => name) };
  }
  if (others.length === 0) return { is: 'container', container };
  const { service = '' } = container;
  return service !== '' && others.every((other) => other.service === service)
    ? { is: 'service', name: service, containers: found }
    : { is: 'ambiguous', names: found.map(({ name }) => name) };
}

function serviceNamed<Container extends NameableContainer>(
  argument: string,
  containers: readonly Container[],
): Extract<NameMatch<Container, never>, { is: 'container' | 'service' }> | undefined {
  const found = containers.filter(({ service }) => service === argument);
  const [container, ...others] = found;
  if (container === undefined) return undefined;
  return others.length === 0
    ? { is: 'container', container }
    : { is: 'service', name: argument, containers: found };
}

/** The containers a match means; of a network all that are on it. */
export function containersOf<Container extends NameableContainer>(
  match: NameMatch<Container, NameableNetwork> | undefined,
  containers: readonly Container[],
): readonly Container[] {
  switch (match?.is) {
    case 'container':
      return [match.container];
    case 'service':
      return match.containers;
    case 'network': {
      const { id } = match.network;
      return containers.filter(({ attachments }) => attachments.some(({ networkId }) => networkId === id));
    }
    case 'ambiguous':
    case undefined:
      return [];
  }
}
