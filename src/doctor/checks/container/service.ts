import { hostPort, isLoopback } from '../../../net/address.ts';
import type { PublishedPort } from '../../../docker/inventory/inventory.ts';
import { checksOf, listNames } from '../check.ts';
import { advise } from '../../remedies/proposal.ts';
import type { Check } from '../../diagnosis.ts';
import type { ContainerFacts, Facts, ListeningSocket } from '../../facts/facts.ts';
import { insideOf } from '../../lookup.ts';

const { ok, warn, fail } = checksOf('container');

/** Whether something listens where the published ports lead. */
export function judgeServices(facts: Facts): readonly Check[] {
  return facts.containers.flatMap((container) => {
    const inside = insideOf(container);
    const ports = uniquePorts(facts.ports.filter((port) => port.container === container.name));
    if (inside?.listeners === undefined || ports.length === 0) return [];
    const { listeners } = inside;
    const judged = ports.map((port) => ({ port, state: stateOf(port, listeners) }));
    const isServed = judged.some(({ state }) => state === 'served');
    return judged.flatMap(({ port, state }) => {
      if (state === 'served') return served(port);
      // Paused on its way up it has not opened its sockets yet: that is no fault of its service.
      if (state === 'silent' && container.state === 'paused') return [];
      return judgePort(port, container, listeners, isServed);
    });
  });
}

/** Whether something listens where one published port leads, whatever else its container serves; nothing where that was not read. */
export function judgeServiceOf(
  published: PublishedPort,
  { containers }: Pick<Facts, 'containers'>,
): readonly Check[] {
  const container = containers.find(({ name }) => name === published.container);
  const listeners = container && insideOf(container)?.listeners;
  if (container === undefined || listeners === undefined || stateOf(published, listeners) === 'served')
    return [];
  return judgePort(published, container, listeners, false);
}

/** IPv4 and IPv6 bindings of one port lead to one socket. */
function uniquePorts(ports: readonly PublishedPort[]): readonly PublishedPort[] {
  const sockets = ports.filter(({ proto }) => proto !== 'sctp');
  return [...new Map(sockets.map((port) => [`${String(port.port)}/${port.proto}`, port])).values()];
}

const isLocal = ({ address }: ListeningSocket): boolean => isLoopback(address);

const onPort = (
  listeners: readonly ListeningSocket[],
  { port, proto }: PublishedPort,
): readonly ListeningSocket[] =>
  listeners.filter((listener) => listener.port === port && listener.proto === proto);

function stateOf(
  published: PublishedPort,
  listeners: readonly ListeningSocket[],
): 'served' | 'loopback' | 'elsewhere' | 'silent' {
  const found = onPort(listeners, published);
  if (found.length === 0) return 'silent';
  if (found.every(isLocal)) return 'loopback';
  const led = [published.endpoint?.ipv4, published.endpoint?.ipv6];
  // `::` takes IPv4 too, unless the program set IPV6_V6ONLY, which no file shows.
  return found.some(({ address }) => address === '0.0.0.0' || address === '::' || led.includes(address))
    ? 'served'
    : 'elsewhere';
}

const served = ({ container, port, proto }: PublishedPort): readonly Check[] => [
  ok('service', `${container} listens on ${String(port)}/${proto}`, { about: container }),
];

const spell = ({ address, port, proto }: ListeningSocket): string => `${hostPort(address, port)}/${proto}`;

function judgePort(
  published: PublishedPort,
  { name }: ContainerFacts,
  listeners: readonly ListeningSocket[],
  isServed: boolean,
): readonly Check[] {
  const { port, proto, hostPort } = published;
  const listening = listeners.map(spell);
  const found = onPort(listeners, published);
  const target = `${String(port)}/${proto}`;
  const facets = {
    about: name,
    evidence: [`listening inside: ${listening.join(', ') || 'nothing'}`],
    impairs: [name],
  };
  if (found.length > 0) {
    const where = listNames(found.map(({ address }) => address));
    const isOwn = found.every(isLocal);
    return [
      fail(
        isOwn ? 'loopback-only' : 'listens-elsewhere',
        `the service of ${name} on ${target} listens on ${where} only`,
        {
          ...facets,
          meaning: isOwn
            ? 'that is loopback inside the container: neither the host nor anyone else can reach it'
            : 'its published port leads to another of its addresses',
          remedies: [
            advise(`have the service of ${name} listen on 0.0.0.0, in its own configuration, and restart it`),
          ],
        },
      ),
    ];
  }
  const other = listeners.find((listener) => !isLocal(listener) && listener.port !== 0);
  const title = `nothing in ${name} listens on ${target}, which is published${hostPort === undefined ? '' : ` as ${String(hostPort)}`}`;
  const remedies = [
    advise(
      other === undefined
        ? `start the service of ${name}, or see why it exited: docker logs --tail 50 ${name}`
        : `publish the port that is listened on (-p ${String(hostPort ?? other.port)}:${String(other.port)}/${other.proto}), or have the service listen on ${target}`,
    ),
  ];
  const meaning = 'clients are refused by the container itself; the rules lead them there';
  // A container that serves one of its ports may leave another for later; one that serves none is not up.
  return [
    isServed
      ? warn('nothing-listens', title, { about: name, evidence: facets.evidence, meaning, remedies })
      : fail('nothing-listens', title, { ...facets, meaning, remedies }),
  ];
}
