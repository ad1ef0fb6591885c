import { nearest } from '../nearest.ts';
import type { Asked } from './asked.ts';
import { checksOf, listNames } from './check.ts';
import type { Check } from './diagnosis.ts';
import { meantBy } from './containers-from.ts';
import type { Facts } from './facts.ts';
import { findPort } from './find-port.ts';
import { readPort } from './port-word.ts';

const { fail, unknown } = checksOf('container');

/** Finds what a word of the command line means: a container first, then a network, then a port. */
export function findTarget(word: string | undefined, facts: Facts): Asked {
  if (word === undefined || word === '')
    return { target: { kind: 'host' }, containers: new Set(), trouble: [] };
  const isMeant = meantBy(word, [...facts.containers, ...facts.networks]);
  const container = facts.containers.find(isMeant);
  if (container !== undefined)
    return {
      target: { kind: 'container', name: container.name },
      containers: new Set([container.name]),
      trouble: [],
    };
  const network = facts.networks.find(isMeant);
  if (network !== undefined) {
    const on = facts.containers.filter(({ attachments }) =>
      attachments.some(({ networkId }) => networkId === network.id),
    );
    return {
      target: { kind: 'network', name: network.name },
      containers: new Set(on.map(({ name }) => name)),
      trouble: [],
    };
  }
  // A bare number that names nobody is a port, typed in a hurry.
  const port = readPort(word) ?? readPort(`:${word}`);
  if (port !== undefined) return findPort(port, facts);
  return {
    target: { kind: 'container', name: word },
    containers: new Set(),
    trouble: [unknownName(word, facts)],
  };
}

function unknownName(word: string, { containers, networks, engine, unseen = [] }: Facts): Check {
  const names = [...containers, ...networks].map(({ name }) => name);
  const isListed = engine.answered && !unseen.some(({ what }) => what === 'containers');
  if (!isListed)
    return unknown('not-found', `whether there is a container or network ${word} is not known`, {
      about: word,
      always: true,
      meaning: 'the Engine did not say what there is',
    });
  const meant = nearest(word, names);
  return fail('not-found', `there is no container or network ${word}`, {
    about: word,
    always: true,
    meaning: meant === undefined ? '' : `did you mean ${meant}?`,
    evidence: [
      `containers: ${listNames(
        containers.map(({ name }) => name),
        8,
      )}`,
    ],
    remedies: [{ what: 'see what there is', commands: ['docker ps -a', 'docker network ls'] }],
  });
}

/** Whether there is such an asker: a running container, `host` or `outside`. A slip of the finger must not read as healthy. */
export function askerTrouble(from: string, facts: Facts): readonly Check[] {
  if (from === '' || from === 'host' || from === 'outside') return [];
  const names = facts.containers.map(({ name }) => name);
  if (names.includes(from)) return [];
  const meant = nearest(from, names);
  return [
    unknown('from-unknown', `--from ${from}: there is no such container`, {
      about: from,
      always: true,
      meaning:
        meant === undefined ? 'it takes the name of a container, host or outside' : `did you mean ${meant}?`,
    }),
  ];
}
