import { sameBlock } from '../../net/address.ts';

/** A container as far as it can be named. */
export interface NameableContainer {
  readonly id: string;
  readonly name: string;
  /** Of compose; '' or absent for a container that belongs to none. */
  readonly service?: string;
  readonly project?: string;
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
  /** More than one thing is called so, or has it in its name. */
  | { readonly is: 'ambiguous'; readonly names: readonly string[] };

/**
 * What an argument names in full: a container by name, a network by name or bridge, either by the beginning of its id (four hex
 * digits and more), a compose service as `SERVICE` or `PROJECT/SERVICE`, a container by its own address. As with docker, a name
 * goes before an id that begins with the same text.
 *
 * @returns undefined for nobody
 */
export function matchExactly<Container extends NameableContainer, Network extends NameableNetwork>(
  argument: string,
  { containers, networks }: Nameable<Container, Network>,
): NameMatch<Container, Network> | undefined {
  if (argument === '') return undefined;
  const container = containers.find(({ name }) => name === argument);
  if (container !== undefined) return { is: 'container', container };
  const network = networks.find(({ name, bridge }) => name === argument || bridge === argument);
  if (network !== undefined) return { is: 'network', network };
  const isId = /^[0-9a-f]{4,64}$/.test(argument);
  const byId = ({ id }: { readonly id: string }): boolean => isId && id.startsWith(argument);
  return (
    onlyOf(containers.filter(byId), networks.filter(byId)) ??
    serviceNamed(argument, containers) ??
    onlyOf(
      containers.filter(({ attachments }) =>
        attachments.some(({ ipv4, ipv6 }) =>
          [ipv4, ipv6].some((own) => own !== '' && sameBlock(own, argument)),
        ),
      ),
      [],
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
  const others = networks.filter(holds);
  return others.length === 0 ? (oneService(found) ?? onlyOf(found, [])) : onlyOf(found, others);
}

/** What was found where it is one thing; names of all where it is several; undefined for nothing. */
function onlyOf<Container extends NameableContainer, Network extends NameableNetwork>(
  containers: readonly Container[],
  networks: readonly Network[],
): NameMatch<Container, Network> | undefined {
  const [container] = containers;
  const [network] = networks;
  if (containers.length + networks.length > 1)
    return { is: 'ambiguous', names: [...containers, ...networks].map(({ name }) => name) };
  if (container !== undefined) return { is: 'container', container };
  return network && { is: 'network', network };
}

function serviceNamed<Container extends NameableContainer>(
  argument: string,
  containers: readonly Container[],
): NameMatch<Container, never> | undefined {
  const found = containers.filter((one) => one.service === argument || qualifiedService(one) === argument);
  const projects = new Set(found.map(qualifiedService));
  // One service name in two projects is two services.
  return projects.size > 1 ? { is: 'ambiguous', names: [...projects] } : oneService(found);
}

/** `shop/web`; '' for a container that belongs to no service. */
export const qualifiedService = ({ service = '', project = '' }: NameableContainer): string =>
  service === '' || project === '' ? service : `${project}/${service}`;

/** The containers of one service, as that. */
function oneService<Container extends NameableContainer>(
  containers: readonly Container[],
): Extract<NameMatch<Container, never>, { is: 'container' | 'service' }> | undefined {
  const [container, ...others] = containers;
  if (container === undefined) return undefined;
  if (others.length === 0) return { is: 'container', container };
  const name = qualifiedService(container);
  return name !== '' && others.every((other) => qualifiedService(other) === name)
    ? { is: 'service', name: container.service ?? '', containers }
    : undefined;
}

/** The containers a match means; of a network all that are on it. */
export function containersOf<Container extends NameableContainer>(
  match: NameMatch<Container, NameableNetwork> | { readonly is: 'host' | 'port' | 'elsewhere' } | undefined,
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
    case 'host':
    case 'port':
    case 'elsewhere':
    case undefined:
      return [];
  }
}
