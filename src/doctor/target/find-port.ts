import type { PublishedPort } from '../../docker/inventory/inventory.ts';
import { FAMILIES, FAMILY_NAMES, familyOf } from '../../net/family.ts';
import { isAny, isLoopback, parseBlock } from '../../net/address.ts';
import type { PortTarget } from './port-argument.ts';
import type { ResolvedTarget } from './resolved.ts';
import { checksOf, listNames } from '../checks/check.ts';
import { advise } from '../remedies/proposal.ts';
import type { Check } from '../diagnosis.ts';
import { isUnseen, type Facts } from '../facts/facts.ts';
import { isOwnAddress } from '../lookup.ts';
import { isListed, unlistedPort } from './listed.ts';

const { fail, unknown } = checksOf('container');

const isEvery = (address: string): boolean => address === '' || isAny(address);

const isAddress = (address: string): boolean => !isEvery(address) && parseBlock(address) !== undefined;

const spell = ({ address, port, proto }: PortTarget): string =>
  `${address === '' ? '' : `${address}:`}${String(port)}/${proto}`;

/** Whether a port is published on every address of the host of the family of one that is asked; every family for a name. */
const isOfAll = ({ hostIp }: PublishedPort, address: string): boolean =>
  isEvery(hostIp) && (!isAddress(address) || familyOf(hostIp) === familyOf(address));

/** Finds who publishes a port; where nobody publishes it as requested, what is in its place. */
export function findPort(target: PortTarget, facts: Facts): ResolvedTarget {
  const { address, port, proto } = target;
  const found = (containers: readonly string[], ...trouble: readonly Check[]): ResolvedTarget => ({
    target,
    containers: new Set(containers),
    // What is wrong with the target itself is the answer, whichever container it names.
    trouble: trouble.map((check) => ({ ...check, always: true })),
  });
  if (
    isAddress(address) &&
    !isLoopback(address) &&
    !isUnseen(facts, 'interfaces') &&
    !isOwnAddress(facts.netState, address)
  )
    return found([], elsewhere(target, facts));
  const bound = facts.ports.filter((one) => one.hostPort === port);
  const led = bound.filter(
    (one) => one.proto === proto && (isEvery(address) || one.hostIp === address || isOfAll(one, address)),
  );
  const containers = led.map(({ container }) => container);
  if (led.length > 0 && !(led.every(({ hostIp }) => isLoopback(hostIp)) && address === ''))
    return found(containers);
  const [other] = bound;
  if (other !== undefined)
    return found(
      containers,
      other.proto === proto
        ? onAnotherAddress(target, other, facts)
        : forAnotherProtocol(target, other, facts),
    );
  // Judged with the container: its mode, or that it does not run, is why.
  const requesting = facts.containers.find(({ requestedPorts: ports }) =>
    ports?.some(({ hostPort }) => hostPort === port),
  );
  if (requesting !== undefined) return found([requesting.name]);
  if (isOfMesh(target, facts)) return found([], ofMesh(target));
  const { unservedPorts = [] } = facts.intended?.inventory.swarm ?? {};
  if (unservedPorts.some((one) => one.port === port && (one.proto ?? proto) === proto))
    return found([], unservedByMesh(target));
  const own = facts.listeners.find((one) => one.port === port && one.proto === proto);
  if (own !== undefined && !isLoopback(own.address)) return found([]);
  return found(
    [],
    isListed(facts) ? notPublished(target, own !== undefined, facts) : unlistedPort(spell(target)),
  );
}

/** Whether a rule of the swarm's translates the port: it publishes it on every node, wherever the service's containers run. */
const isOfMesh = ({ port, proto }: PortTarget, { owned }: Facts): boolean =>
  FAMILIES.some((family) =>
    [...(owned?.families[family].get('nat')?.values() ?? [])].some(({ rules }) =>
      rules.some(
        ({ shape, captures }) =>
          shape?.id === 'ingress-dnat' && captures?.proto === proto && captures.hostPort === String(port),
      ),
    ),
  );

const ofMesh = (target: PortTarget): Check =>
  unknown('swarm-port', `${spell(target)} is published by the swarm's routing mesh, which is not followed`, {
    about: spell(target),
    meaning: 'its packets go through the ingress network to a node that runs the service',
    remedies: [advise('docker service ps SERVICE shows whether its tasks run; check compares the rules')],
  });

const unservedByMesh = (target: PortTarget): Check =>
  fail('swarm-port', `a service publishes ${spell(target)}, and the swarm's routing mesh does not serve it`, {
    about: spell(target),
    meaning: 'none of its tasks runs on any node',
    remedies: [advise('docker service ps SERVICE shows why its tasks do not run')],
  });

function elsewhere(target: PortTarget, { netState }: Facts): Check {
  const here = netState.links.flatMap(({ name, addresses }) =>
    name === 'lo' ? [] : addresses.filter(({ scope }) => scope === 'global').map((one) => one.address),
  );
  return fail('address-not-here', `${target.address} is no address of this host`, {
    about: spell(target),
    meaning: 'packets for it do not come here, or are passed on untouched',
    evidence: [`addresses here: ${listNames(here, 6)}`],
    remedies: [advise('ask about an address of this host, or on the host that has it')],
  });
}

const publications = ({ ports }: Facts, hostPort?: number): readonly string[] =>
  ports
    .filter((one) => hostPort === undefined || one.hostPort === hostPort)
    .map(
      (one) =>
        `${one.hostIp}:${String(one.hostPort ?? '')} → ${one.container}:${String(one.port)}/${one.proto}`,
    );

function onAnotherAddress(target: PortTarget, other: PublishedPort, facts: Facts): Check {
  const { hostIp, container, port } = other;
  const again = `run ${container} again with -p ${String(target.port)}:${String(port)}`;
  const family = FAMILY_NAMES[familyOf(hostIp)];
  const [where, meaning, ask] = isEvery(hostIp)
    ? [
        `for ${family} only`,
        'it does not answer by the other family',
        `ask an ${family} address of this host`,
      ]
    : [
        `on ${hostIp} only`,
        isLoopback(hostIp) ? 'only this host itself reaches it' : 'it does not answer on other addresses',
        `ask ${hostIp}`,
      ];
  return fail('published-elsewhere', `port ${String(target.port)} is published ${where}`, {
    ...{ about: spell(target), meaning },
    evidence: publications(facts, target.port),
    remedies: [advise(`${again}, or ${ask}`)],
  });
}

function forAnotherProtocol(target: PortTarget, other: PublishedPort, facts: Facts): Check {
  const { port, proto } = target;
  return fail(
    'published-other-protocol',
    `port ${String(port)} is published for ${other.proto}, not for ${proto}`,
    {
      about: spell(target),
      evidence: publications(facts, port),
      remedies: [
        advise(`run ${other.container} again with -p ${String(port)}:${String(other.port)}/${proto}`),
      ],
    },
  );
}

function notPublished(target: PortTarget, listensOnLoopback: boolean, facts: Facts): Check {
  const listed = publications(facts);
  const also = listensOnLoopback ? ', and what listens there listens on loopback only' : '';
  return fail('not-published', `no running container publishes ${spell(target)}${also}`, {
    about: spell(target),
    meaning: 'clients are refused by this host',
    evidence: listed.length === 0 ? ['no container publishes anything'] : listed.slice(0, 6),
    remedies: [
      advise(`start the container that should, or run it again with -p ${String(target.port)}:PORT`),
    ],
  });
}
