import { parseBlock, sameBlock } from '../iptables/address.ts';
import { nearest } from '../nearest.ts';
import { checksOf, listNames } from './check.ts';
import type { Check, Target } from './diagnosis.ts';
import { meantBy } from './containers-from.ts';
import type { Facts } from './facts.ts';
import { isAny, isLoopback } from './path-request.ts';
import { readPort } from './port-word.ts';

const { fail, unknown } = checksOf('container');

/** What doctor was asked about, found among what there is; or why it was not. */
export interface Asked {
  readonly target: Target;
  /** Names of the containers meant by it. */
  readonly containers: ReadonlySet<string>;
  readonly trouble: readonly Check[];
}

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
      meaning: 'the Engine did not say what there is',
    });
  const meant = nearest(word, names);
  return fail('not-found', `there is no container or network ${word}`, {
    about: word,
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

type PortTarget = Extract<Target, { kind: 'port' }>;

const isEvery = (address: string): boolean => address === '' || isAny(address);

const isAddress = (address: string): boolean => !isEvery(address) && parseBlock(address) !== undefined;

const isHere = (address: string, { terrain }: Facts): boolean =>
  terrain.links.some(({ addresses }) => addresses.some((one) => sameBlock(one.address, address)));

const elsewhere = (address: string, spelled: string, { terrain }: Facts): Check =>
  fail('address-not-here', `${address} is no address of this host`, {
    about: spelled,
    meaning: 'packets for it do not come here, or are passed on untouched',
    evidence: [
      `addresses here: ${listNames(
        terrain.links.flatMap(({ name, addresses }) =>
          name === 'lo' ? [] : addresses.filter(({ scope }) => scope === 'global').map((one) => one.address),
        ),
        6,
      )}`,
    ],
    remedies: [{ what: 'ask about an address of this host, or on the host that has it', commands: [] }],
  });

function findPort(target: PortTarget, facts: Facts): Asked {
  const { address, port, proto } = target;
  const spelled = `${address === '' ? '' : `${address}:`}${String(port)}/${proto}`;
  if (isAddress(address) && !isLoopback(address) && !isHere(address, facts))
    return { target, containers: new Set(), trouble: [elsewhere(address, spelled, facts)] };
  const bound = facts.ports.filter((one) => one.hostPort === port);
  const led = bound.filter(
    (one) => one.proto === proto && (isEvery(address) || isEvery(one.hostIp) || one.hostIp === address),
  );
  const containers = new Set(led.map(({ container }) => container));
  if (led.length > 0 && !(led.every(({ hostIp }) => isLoopback(hostIp)) && address === ''))
    return { target, containers, trouble: [] };
  const about = { about: spelled };
  const listed = facts.ports.map(
    (one) =>
      `${one.hostIp}:${String(one.hostPort ?? '')} → ${one.container}:${String(one.port)}/${one.proto}`,
  );
  const own = facts.listeners.find((one) => one.port === port && one.proto === proto);
  const [other] = bound;
  const wanted = facts.containers.find(({ wanted: ports }) =>
    ports?.some(({ hostPort }) => hostPort === port),
  );
  // Judged with the container: its mode, or that it does not run, is why.
  if (other === undefined && wanted !== undefined)
    return { target, containers: new Set([wanted.name]), trouble: [] };
  if (other !== undefined && other.proto === proto)
    return {
      target,
      containers,
      trouble: [
        fail('published-elsewhere', `port ${String(port)} is published on ${other.hostIp} only`, {
          ...about,
          meaning: isLoopback(other.hostIp)
            ? 'only this host itself reaches it'
            : 'it does not answer on other addresses',
          evidence: listed.filter((line) => line.includes(`:${String(port)} `)),
          remedies: [
            {
              what: `run ${other.container} again with -p ${String(port)}:${String(other.port)}, or ask ${other.hostIp}`,
              commands: [],
            },
          ],
        }),
      ],
    };
  if (other !== undefined)
    return {
      target,
      containers,
      trouble: [
        fail(
          'published-other-protocol',
          `port ${String(port)} is published for ${other.proto}, not for ${proto}`,
          {
            ...about,
            evidence: listed.filter((line) => line.includes(`:${String(port)} `)),
            remedies: [
              {
                what: `run ${other.container} again with -p ${String(port)}:${String(other.port)}/${proto}`,
                commands: [],
              },
            ],
          },
        ),
      ],
    };
  if (own !== undefined && !isLoopback(own.address)) return { target, containers, trouble: [] };
  return {
    target,
    containers,
    trouble: [
      fail(
        'not-published',
        `no running container publishes ${spelled}${own === undefined ? '' : ', and what listens there listens on loopback only'}`,
        {
          ...about,
          meaning: 'clients are refused by this host',
          evidence: listed.length === 0 ? ['no container publishes anything'] : listed.slice(0, 6),
          remedies: [
            {
              what: `start the container that should, or run it again with -p ${String(port)}:PORT`,
              commands: [],
            },
          ],
        },
      ),
    ],
  };
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
      meaning:
        meant === undefined ? 'it takes the name of a container, host or outside' : `did you mean ${meant}?`,
    }),
  ];
}
