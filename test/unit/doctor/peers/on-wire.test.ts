import { describe, expect, test } from 'vitest';
import { all } from '../../../support/doctor/causes.ts';
import {
  onContainer,
  onInside,
  onLink,
  onNetState,
  type Change,
} from '../../../support/doctor/host-facts.ts';
import { inFront } from '../../../support/doctor/rule-changes.ts';
import { followed, type PeerPair } from '../../../support/peers/hosts.ts';
import { onLan } from '../../../support/peers/modes-facts.ts';

const PAIR = {
  asking: onLan('web', '192.0.2.65'),
  asked: onLan('web', '192.0.2.97'),
  target: '192.0.2.97:80',
} as const;

const told = (pair: PeerPair) => {
  const { verdict, causes } = followed({ ...PAIR, ...pair });
  return { verdict, causes: causes.map(({ host, check }) => `${host} ${check.code}`) };
};
const WELL = { verdict: 'ok', causes: [] };
const dropAll = inFront('-A FORWARD -j DROP');

describe('macvlan: past the rules of both hosts', () => {
  test('all is well, whatever those rules are', () => {
    expect(told({})).toEqual(WELL);
    expect(told({ asking: all(PAIR.asking, dropAll), asked: all(PAIR.asked, dropAll) })).toEqual(WELL);
  });

  test('the way names what is beneath, and what is not seen', () => {
    const { legs, between } = followed(PAIR);
    expect(legs.map(({ part, what }) => `${part}: ${what}`)).toEqual([
      'out: web (192.0.2.65) leaves host-a by eth0 beneath macvlan network lan: no rule of host-a sees it',
      'there: over the wire to eth0 of host-b: nobody routes in between',
      'in: comes into web by eth0 beneath macvlan network lan: no rule of host-b sees it',
      'answer: its answer leaves host-b by eth0 beneath macvlan network lan: no rule of host-b sees it',
      'back: over the wire to eth0 of host-a: nobody routes in between',
      'home: comes into web by eth0 beneath macvlan network lan: no rule of host-a sees it',
    ]);
    expect(between.map(({ code }) => code)).toEqual(['wire-unseen']);
  });

  test('so it is with ipvlan that does not route', () => {
    const pair = {
      asking: onLan('web', '192.0.2.65', { driver: 'ipvlan' }),
      asked: onLan('web', '192.0.2.97', { driver: 'ipvlan' }),
    };
    expect(told(pair)).toEqual(WELL);
  });
});

/** What is wrong, and where. */
const FAULTS: readonly (readonly [name: string, pair: PeerPair, causes: readonly string[]])[] = [
  [
    'the interface beneath is down at host-a',
    { asking: all(PAIR.asking, onLink('eth0', { up: false })) },
    ['host-a wire-down'],
  ],
  [
    'the interface beneath is down at host-b',
    { asked: all(PAIR.asked, onLink('eth0', { up: false })) },
    ['host-b wire-down'],
  ],
  ['it has no carrier', { asked: all(PAIR.asked, onLink('eth0', { carrier: false })) }, ['host-b wire-down']],
  ['it is gone', { asked: onLan('web', '192.0.2.97', { parent: 'eth7' }) }, ['host-b wire-parent-missing']],
  ['there is none', { asked: onLan('web', '192.0.2.97', { parent: '' }) }, ['host-b wire-parent-missing']],
  ['it is internal', { asked: onLan('web', '192.0.2.97', { internal: true }) }, ['host-b internal-network']],
  [
    'a container of host-a has the address too',
    { asking: all(PAIR.asking, onLan('mate', '192.0.2.97')) },
    ['host-a wire-address-twice'],
  ],
  ['another port', { target: '192.0.2.97:8080' }, ['host-b nothing-listens']],
  [
    'the container lost its address',
    {
      asked: all(
        PAIR.asked,
        onInside('web', ({ links }) => ({
          links: links.map((one) => ({ ...one, mac: '02:00:00:00:00:97', addresses: [] })),
        })),
      ),
    },
    ['host-b container-interface-missing'],
  ],
  [
    'two subnets, and nobody between them',
    { asked: onLan('web', '198.18.0.97', { subnets: ['198.18.0.0/24'] }), target: '198.18.0.97:80' },
    ['host-a wire-apart', 'host-b wire-apart'],
  ],
];

test.each(FAULTS)('macvlan: %s', (_name, pair, causes) => {
  expect(told(pair)).toEqual({ verdict: 'fail', causes });
});

const netdev: Change = onNetState(() => ({
  natives: [
    {
      table: 'netdev own',
      text: 'table netdev own {\n\tchain i {\n\t\ttype filter hook ingress device "eth0" priority 0; policy drop;\n\t}\n}',
    },
  ],
}));

/** What cannot be told, and what is missing. */
const UNKNOWN: readonly (readonly [name: string, pair: PeerPair, said: readonly RegExp[]])[] = [
  [
    'who is between two subnets',
    {
      asking: onLan('web', '192.0.2.65', {}, '192.0.2.254'),
      asked: onLan('web', '198.18.0.97', { subnets: ['198.18.0.0/24'] }, '198.18.0.254'),
      target: '198.18.0.97:80',
    },
    [
      /whether 192\.0\.2\.254 leads from web on host-a to 198\.18\.0\.97$/,
      /whether 198\.18\.0\.254 leads from/,
    ],
  ],
  [
    'two VLANs by their names',
    {
      asking: all(onLink('eth0', { name: 'eth0.10' }), onLan('web', '192.0.2.65', { parent: 'eth0.10' })),
    },
    [/^cannot tell whether eth0\.10 of host-a and eth0 of host-b are one VLAN$/],
  ],
  [
    'a table of nftables that is hooked onto the interface itself',
    { asked: all(PAIR.asked, netdev) },
    [/^what table netdev own does to packets on eth0 of host-b is not followed$/],
  ],
  [
    'facts of a version that does not say what is beneath',
    { asked: onLan('web', '192.0.2.97', { parent: undefined }) },
    [/^by which interface of host-b macvlan network lan leads out is not in its facts$/],
  ],
  [
    'an ipvlan that routes',
    {
      asking: onLan('web', '192.0.2.65', { driver: 'ipvlan', ipvlanLayer3: true }),
      asked: onLan('web', '192.0.2.97', { driver: 'ipvlan', ipvlanLayer3: true }),
    },
    [/^web is on ipvlan network lan, which is not followed between hosts$/],
  ],
];

test.each(UNKNOWN)('cannot tell: %s', (_name, pair, said) => {
  const { causes, verdict } = followed({ ...PAIR, ...pair });
  expect(causes.map(({ check }) => check.title)).toHaveLength(said.length);
  said.forEach((words, at) => {
    expect(causes[at]?.check.title).toMatch(words);
  });
  expect(verdict).toBe('unknown');
});

describe('from behind the rules of host-a to a macvlan container of host-b', () => {
  const plain: Change = (facts) => facts;

  test.each(['web', 'host'])('%s asks', (asker) => {
    expect(told({ asking: plain, asker })).toEqual(WELL);
    expect(told({ asking: plain, asked: all(PAIR.asked, dropAll), asker })).toEqual(WELL);
    const { legs } = followed({ ...PAIR, asking: plain, asker });
    expect(
      legs.map(({ part, verdict, path }) => `${part} ${verdict} ${path === undefined ? '' : 'by rules'}`),
    ).toEqual(['out ok by rules', 'there ok ', 'in ok ', 'answer ok ', 'back ok ', 'home ok by rules']);
  });

  test('a rule of host-a stops it; what is beneath is down at host-b', () => {
    expect(told({ asking: dropAll })).toEqual({ verdict: 'fail', causes: ['host-a rule-stops'] });
    const down = all(PAIR.asked, onLink('eth0', { up: false }));
    expect(told({ asking: plain, asked: down })).toEqual({ verdict: 'fail', causes: ['host-b wire-down'] });
  });
});

test('a port that a container on macvlan was to publish is asked at the host', () => {
  const published = onContainer('web', () => ({
    requestedPorts: [{ proto: 'tcp', port: 80, hostIp: '', hostPort: 8080 }],
  }));
  const { verdict, causes } = followed({
    asked: all(PAIR.asked, published),
    target: '192.0.2.20:8080',
  });
  expect(verdict).toBe('fail');
  expect(causes.map(({ host, check }) => `${host} ${check.code}: ${check.title}`)).toEqual([
    'host-b not-published: web is on macvlan network lan, where nothing is published: -p 8080:80 opens no port',
  ]);
  expect(causes[0]?.check.remedies[0]?.what).toMatch(
    /^ask for 192\.0\.2\.97:80\/tcp; host-b itself does not/,
  );
});

describe('from macvlan to a published port of host-b', () => {
  const plain: Change = (facts) => facts;
  const pair = { asked: plain, target: '192.0.2.20:8080' };

  test('host-b sees the container itself ask, and host-a sees nothing', () => {
    const { verdict, causes, legs } = followed({ ...PAIR, ...pair, asking: all(PAIR.asking, dropAll) });
    expect(causes).toEqual([]);
    expect(verdict).toBe('ok');
    expect(legs.map(({ part, verdict: one }) => `${part} ${one}`)).toEqual(
      ['out', 'there', 'in', 'answer', 'back', 'home'].map((part) => `${part} ok`),
    );
    expect(legs[1]?.wire?.packet.source).toBe('192.0.2.65');
  });

  test('a rule of host-b stops it', () => {
    expect(told({ ...pair, asked: inFront('-A FORWARD -s 192.0.2.65/32 -j DROP') })).toEqual({
      verdict: 'fail',
      causes: ['host-b rule-stops'],
    });
  });

  test('the interface beneath is down at host-a', () => {
    expect(told({ ...pair, asking: all(PAIR.asking, onLink('eth0', { up: false })) })).toEqual({
      verdict: 'fail',
      causes: ['host-a wire-down'],
    });
  });

  test('a router is between, whose routes are not seen', () => {
    const { verdict, causes } = followed({
      ...{ asking: onLan('web', '192.0.2.65', {}, '192.0.2.254'), asked: plain, routed: true },
      target: '198.51.100.20:8080',
    });
    expect(verdict).toBe('unknown');
    expect(causes[0]?.check.title).toBe(
      'cannot tell whether 192.0.2.254 leads from web on host-a to 198.51.100.20',
    );
  });
});
