import { nearest } from '../../nearest.ts';
import { sh } from '../../shell.ts';
import { byCommands, checksOf, listNames } from '../checks/check.ts';
import type { Check } from '../diagnosis.ts';
import type { ContainerFacts, Facts } from '../facts/facts.ts';
import { isOwnAddress } from '../lookup.ts';
import { findPort } from './find-port.ts';
import { containersOf, matchExactly, matchName, type NameMatch } from './names.ts';
import { portOrNumber } from './port-argument.ts';
import type { ResolvedTarget } from './resolved.ts';

const { unknown } = checksOf('container');

/**
 * Finds what an argument of the command line names: a whole name or a container's address first, then a port or URL, then part
 * of a name.
 */
export function findTarget(argument: string | undefined, facts: Facts): ResolvedTarget {
  if (argument === undefined || argument === '') return resolved({ kind: 'host' });
  const exact = matchExactly(argument, facts);
  if (exact !== undefined) return byName(argument, exact, facts);
  const port = portOrNumber(argument);
  if (port !== undefined) {
    // `web:80` is about the container web: names of containers mean nothing to the outside.
    const host = port.address === '' ? undefined : matchExactly(port.address, facts);
    return host === undefined ? findPort(port, facts) : byName(argument, host, facts);
  }
  if (isOwnAddress(facts.netState, argument)) return resolved({ kind: 'host' });
  return byName(argument, matchName(argument, facts), facts);
}

const resolved = (
  target: ResolvedTarget['target'],
  containers: readonly ContainerFacts[] = [],
  ...trouble: readonly Check[]
): ResolvedTarget => ({ target, containers: new Set(containers.map(({ name }) => name)), trouble });

function byName(
  argument: string,
  match: NameMatch<ContainerFacts, Facts['networks'][number]> | undefined,
  facts: Facts,
): ResolvedTarget {
  const containers = containersOf(match, facts.containers);
  switch (match?.is) {
    case 'container':
      return resolved({ kind: 'container', name: match.container.name }, containers);
    case 'service':
      return resolved({ kind: 'service', name: match.name }, containers);
    case 'network':
      return resolved({ kind: 'network', name: match.network.name }, containers);
    case 'ambiguous':
      return resolved({ kind: 'container', name: argument }, [], ambiguous(argument, match.names));
    case undefined:
      return resolved({ kind: 'container', name: argument }, [], notFound(argument, facts));
  }
}

function ambiguous(argument: string, names: readonly string[]): Check {
  const shown = names.slice(0, 4);
  return unknown(
    'ambiguous',
    `${argument} is part of ${String(names.length)} names: ${listNames(names, 6)}`,
    {
      about: argument,
      always: true,
      remedies: [byCommands('ask about one of them', ...shown.map((name) => sh`rulesguard doctor ${name}`))],
    },
  );
}

function notFound(argument: string, { containers, networks, engine, unseen = [] }: Facts): Check {
  const isListed = engine.answered && !unseen.some(({ what }) => what === 'containers');
  if (!isListed)
    return unknown('not-found', `cannot tell whether there is a container or network ${argument}`, {
      about: argument,
      always: true,
      meaning: 'the Engine did not say what there is',
    });
  const services = containers.flatMap(({ service = '' }) => (service === '' ? [] : [service]));
  const similar = nearest(argument, [...[...containers, ...networks].map(({ name }) => name), ...services]);
  return unknown('not-found', `no container, compose service or network is called ${argument}`, {
    about: argument,
    always: true,
    meaning: similar === undefined ? '' : `did you mean ${similar}?`,
    evidence: [
      `containers: ${listNames(
        containers.map(({ name }) => name),
        8,
      )}`,
    ],
    remedies: [
      similar === undefined
        ? byCommands('see what there is', 'docker ps -a', 'docker network ls')
        : byCommands('ask about that', sh`rulesguard doctor ${similar}`),
    ],
  });
}

/** The sender, found among the containers. */
export interface ResolvedSender {
  /** A container's name, `host`, `outside`; '' for every sender. */
  readonly from: string;
  readonly trouble: readonly Check[];
}

/** Finds the sender that `--from` names: `host`, `outside`, or a container. A typing error must not read as healthy. */
export function findSender(from: string, facts: Facts): ResolvedSender {
  if (from === '' || from === 'host' || from === 'outside') return { from, trouble: [] };
  const match = matchName(from, { containers: facts.containers, networks: [] });
  const [first] = containersOf(match, facts.containers);
  if (first !== undefined) return { from: first.name, trouble: [] };
  const names = facts.containers.map(({ name }) => name);
  const similar = nearest(from, names);
  const trouble =
    match?.is === 'ambiguous'
      ? unknown('from-unknown', `--from ${from} is part of ${listNames(match.names, 6)}`, {
          about: from,
          always: true,
          meaning: 'name one of them',
        })
      : unknown('from-unknown', `--from ${from}: no container is called so`, {
          about: from,
          always: true,
          meaning:
            similar === undefined
              ? 'it takes the name of a container, host or outside'
              : `did you mean ${similar}?`,
        });
  return { from, trouble: [trouble] };
}
