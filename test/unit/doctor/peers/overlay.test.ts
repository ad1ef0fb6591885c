import { describe, expect, test } from 'vitest';
import { all } from '../../../support/doctor/causes.ts';
import { onContainer, onInside, onLink, type Change } from '../../../support/doctor/host-facts.ts';
import { rewritten } from '../../../support/doctor/rule-changes.ts';
import { edited } from '../../../support/edited.ts';
import { followed, type PeerPair } from '../../../support/peers/hosts.ts';
import { inSwarm, ONE_OVERLAY, onOverlay } from '../../../support/peers/modes-facts.ts';

const { asking, asked, target } = ONE_OVERLAY;

const inFilter = (...rules: readonly string[]): Change =>
  rewritten((save) =>
    edited(
      save,
      /^\[\d+:\d+\] -A FORWARD -j DOCKER-USER$/m,
      `${rules.map((rule) => `[0:0] ${rule}\n`).join('')}$&`,
    ),
  );

const told = ({ causes, verdict }: ReturnType<typeof followed>) => ({
  verdict,
  causes: causes.map(({ host, check }) => `${host} ${check.code}`),
});

/** What Engine 28.5 writes for an encrypted overlay. */
const VNI =
  '-m udp --dport 4789 -m bpf --bytecode "7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 4098,6 0 0 0,6 0 0 4294967295"';
const DOCKERS = `-A INPUT -p udp -m policy --dir in --pol none ${VNI} -j DROP`;

describe('all is well', () => {
  test('the question travels in VXLAN from node to node, and so does its answer', () => {
    const diagnosis = followed({ asking, asked, target });
    expect(told(diagnosis)).toEqual({ verdict: 'ok', causes: [] });
    expect(diagnosis.legs.map(({ part, verdict }) => `${part} ${verdict}`)).toEqual(
      ['out', 'there', 'in', 'answer', 'back', 'home'].map((part) => `${part} ok`),
    );
    expect(diagnosis.legs[0]?.what).toBe(
      'web → 10.0.1.4:80/tcp in VXLAN 4097 of overlay wide: host-a → 192.0.2.20:4789/udp: leaves host-a by eth0 as 192.0.2.1',
    );
  });

  test('what the swarm knows is said not to be seen', () => {
    const { between } = followed({ asking, asked, target });
    expect(between.map(({ code, title }) => `${code}: ${title}`)).toEqual([
      "overlay-unseen: what the swarm told each host of the other's containers on wide is not seen",
    ]);
  });

  const well: readonly (readonly [string, PeerPair])[] = [
    ['FORWARD drops all: VXLAN is not forwarded', { asked: all(asked, inFilter('-A FORWARD -j DROP')) }],
    [
      'only the one who asks opens conversations of the swarm',
      {
        asked: all(
          asked,
          inFilter('-A OUTPUT -p tcp -m tcp --dport 7946 -m conntrack --ctstate NEW -j DROP'),
        ),
      },
    ],
    ["Docker's own rules for another, encrypted overlay", { asked: all(asked, inFilter(DOCKERS)) }],
    [
      'another port for the data, of which the worker does not know',
      {
        asking: all(inSwarm('192.0.2.1', { dataPort: 4800 }), onOverlay('web', '10.0.1.2'), listens(4800)),
        asked: all(asked, listens(4800)),
      },
    ],
  ];
  test.each(well)('%s', (_name, pair) => {
    expect(told(followed({ asking, asked, target, ...pair }))).toEqual({ verdict: 'ok', causes: [] });
  });
});

function listens(port: number): Change {
  return (facts) => ({
    ...facts,
    listeners: [...facts.listeners, { proto: 'udp', address: '0.0.0.0', port }],
  });
}

/** What is wrong, and where. */
const FAULTS: readonly (readonly [name: string, pair: PeerPair, causes: readonly string[]])[] = [
  [
    'OUTPUT of host-a drops VXLAN',
    { asking: all(asking, inFilter('-A OUTPUT -p udp -m udp --dport 4789 -j DROP')) },
    ['host-a rule-stops'],
  ],
  [
    'INPUT of host-b drops VXLAN',
    { asked: all(asked, inFilter('-A INPUT -p udp -m udp --dport 4789 -j DROP')) },
    ['host-b rule-stops'],
  ],
  [
    'INPUT of host-a drops it, so the answer does not come back',
    { asking: all(asking, inFilter('-A INPUT -p udp -m udp --dport 4789 -j DROP')) },
    ['host-a rule-stops'],
  ],
  [
    'nobody hears where containers are',
    {
      asked: all(
        asked,
        inFilter(
          '-A INPUT -p udp -m udp --dport 7946 -j DROP',
          '-A OUTPUT -p udp -m udp --dport 7946 -j DROP',
        ),
      ),
    },
    ['host-b rule-stops', 'host-b rule-stops'],
  ],
  [
    'host-b is in no swarm',
    { asked: all(inSwarm('', { state: 'inactive' }), onOverlay('web', '10.0.1.4')) },
    ['host-b overlay-node'],
  ],
  [
    'the swarm knows host-b by another address',
    { asked: all(inSwarm('192.0.2.21'), onOverlay('web', '10.0.1.4')) },
    ['host-b overlay-node'],
  ],
  [
    'the interface of VXLAN is gone',
    { asked: all(asked, (facts) => ({ ...facts, listeners: facts.listeners.slice(1) })) },
    ['host-b overlay-closed'],
  ],
  [
    'dockerd does not listen',
    { asked: all(asked, (facts) => ({ ...facts, listeners: facts.listeners.slice(0, 1) })) },
    ['host-b overlay-closed'],
  ],
  [
    'the wire is down',
    { asked: all(asked, onLink('eth0', { up: false, carrier: false })) },
    ['host-b wire-down'],
  ],
  ['smaller packets at host-b', { asked: all(asked, onLink('eth0', { mtu: 1400 })) }, ['host-b wire-mtu']],
  ['nothing listens', { target: '10.0.1.4:81' }, ['host-b nothing-listens']],
  [
    'it listens on loopback',
    {
      asked: all(
        asked,
        onInside('web', () => ({ listeners: [{ proto: 'tcp', address: '127.0.0.1', port: 80 }] })),
      ),
    },
    ['host-b loopback-only'],
  ],
  [
    'it is paused',
    {
      asked: all(
        asked,
        onContainer('web', () => ({ state: 'paused' })),
      ),
    },
    ['host-b container-paused'],
  ],
  [
    'its interface is gone',
    {
      asked: all(
        asked,
        onInside('web', () => ({ links: [] })),
      ),
    },
    ['host-b container-interface-missing'],
  ],
  ['who asks is not on it', { asker: 'mate' }, ['host-a no-shared-network']],
  ['the host itself asks', { asker: 'host' }, ['host-a no-shared-network']],
  [
    'two networks of one name',
    { asked: all(inSwarm('192.0.2.20'), onOverlay('web', '10.0.1.4', { id: 'wide2' })) },
    ['host-a no-shared-network'],
  ],
];

test.each(FAULTS)('%s', (_name, pair, causes) => {
  expect(told(followed({ asking, asked, target, ...pair }))).toEqual({ verdict: 'fail', causes });
});

/** What cannot be told, and what is missing. */
const UNKNOWN: readonly (readonly [name: string, pair: PeerPair, said: readonly RegExp[]])[] = [
  [
    'an address that no container of host-b has',
    { target: '10.0.1.9:80' },
    [/^no container of host-b has 10\.0\.1\.9 on overlay wide$/],
  ],
  [
    'who is on an overlay alone asks a published port',
    { target: '192.0.2.20:8080' },
    [/^web is on overlay network wide alone: what it asks elsewhere is not followed between hosts$/],
  ],
  [
    'a version whose facts do not say the address of a node',
    { asked: all(asked, inSwarm('192.0.2.20'), withoutNodeAddress) },
    [/^the address by which the swarm knows host-b is not in its facts$/],
  ],
  [
    'neither is a manager, and nothing takes the usual port',
    {
      asking: all(inSwarm('192.0.2.1', { manager: false }), onOverlay('web', '10.0.1.2')),
      asked: all(asked, (facts) => ({ ...facts, listeners: facts.listeners.slice(1) })),
    },
    [/^cannot tell by which port overlays of this swarm travel: nothing on host-b takes 4789\/udp$/],
  ],
];

function withoutNodeAddress(facts: Parameters<Change>[0]): ReturnType<Change> {
  const { intended } = facts;
  const swarm = intended?.inventory.swarm;
  if (intended === undefined || swarm === undefined) return facts;
  const { nodeAddress: _, ...rest } = swarm;
  return { ...facts, intended: { ...intended, inventory: { ...intended.inventory, swarm: rest } } };
}

test.each(UNKNOWN)('cannot tell: %s', (_name, pair, said) => {
  const { causes, verdict } = followed({ asking, asked, target, ...pair });
  expect(verdict).toBe('unknown');
  expect(causes).toHaveLength(said.length);
  said.forEach((words, at) => {
    expect(causes[at]?.check.title).toMatch(words);
  });
});

test('a host whose own firewall lets one direction of the gossip through is told to open the other', () => {
  const shut = inFilter('-A INPUT -p tcp -m tcp --dport 7946 -m conntrack --ctstate NEW -j DROP');
  const { verdict, between } = followed({ asking: all(asking, shut), asked, target });
  expect(verdict).toBe('ok');
  expect(between.map(({ title }) => title)).toContain(
    'host-b cannot open 7946/tcp to host-a; the other way it is open',
  );
});

test('packets that do not fit the wire are noted: their containers are told to send smaller ones', () => {
  const small = onLink('eth0', { mtu: 1460 });
  const { verdict, between } = followed({ asking: all(asking, small), asked: all(asked, small), target });
  expect(verdict).toBe('ok');
  const [note] = between.filter(({ code }) => code === 'overlay-mtu');
  expect(note?.title).toBe('the largest packets of overlay wide do not fit eth0 of host-a, by 40 bytes');
  expect(note?.remedies[0]?.what).toBe('make wide again with -o com.docker.network.driver.mtu=1410');
});
