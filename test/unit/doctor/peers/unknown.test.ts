import { describe, expect, test } from 'vitest';
import { all } from '../../../support/doctor/causes.ts';
import { onContainer, onInside, onLink, type Change } from '../../../support/doctor/host-facts.ts';
import { inFront } from '../../../support/doctor/rule-changes.ts';
import { engineSilent, onMacvlan } from '../../../support/peers/aside.ts';
import { followed, type PeerPair } from '../../../support/peers/hosts.ts';

/** What was read of a container among many: of one that publishes something, its listeners too. */
const shallow = (name: string, listeners = false): Change =>
  onInside(name, (inside) => ({
    ...(listeners ? {} : { listeners: undefined }),
    ownRules: undefined,
    sysctls: new Map(inside.sysctls),
  }));

const interfacesUnseen: Change = (facts) => ({
  ...onLink('eth0', { addresses: [] })(facts),
  unseen: [{ what: 'interfaces', unavailable: 'ip did not answer' }],
});

const ipv6Alone: Change = (facts) => ({
  ...facts,
  ports: facts.ports.map(({ endpoint: _, ...one }) => ({ ...one, endpoint: undefined, proxied: undefined })),
});

type Row = readonly [name: string, pair: PeerPair, said: readonly RegExp[]];

/** What is not known is no cause, and no health either. */
const UNKNOWN: readonly Row[] = [
  ['the asking container was not read in depth', { asking: shallow('web') }, [/^web was not read in depth/]],
  ['nothing of it was read', { asking: onContainer('web', () => ({ inside: undefined })) }, [/^web was not/]],
  ['the asked container was not read in depth', { asked: shallow('web', true) }, [/^web was not read/]],
  [
    'the Engine of host-b does not answer',
    { asked: engineSilent },
    [/^who publishes 8080\/tcp on host-b is not known: the Engine did not answer$/],
  ],
  [
    'the Engine of host-a does not answer',
    { asking: engineSilent },
    [/^cannot tell whether there is a container or network web$/],
  ],
  [
    'the port is published by a way that is not followed',
    { asked: ipv6Alone },
    [/^how host-b leads 8080\/tcp from 192\.0\.2\.20 to web is not known$/],
  ],
  [
    'whether host-b has the address was not read',
    { asked: interfacesUnseen },
    [/^cannot tell whether host-b or a container there has 192\.0\.2\.20: its interfaces could not be read$/],
  ],
  [
    'whether a container of host-b has the address was not read',
    { target: '172.18.0.9:80', asked: engineSilent },
    [/^cannot tell whether host-b or a container there has 172\.18\.0\.9: the Engine did not answer$/],
  ],
  [
    'who asks is on a macvlan network alone',
    { asking: onMacvlan('web', '192.0.2.99') },
    [/^web is on macvlan network lan, which is not followed between hosts$/],
  ],
];

describe('what is not known', () => {
  test.each(UNKNOWN.map(([name, pair, said]) => ({ name, pair, said })))('$name', ({ pair, said }) => {
    const { causes, verdict } = followed(pair);
    const titles = causes.map(({ check }) => check.title);
    expect(titles).toHaveLength(said.length);
    said.forEach((words, at) => {
      expect(titles[at]).toMatch(words);
    });
    expect(verdict).toBe('unknown');
  });
});

test('where an Engine listed nothing its host’s own diagnosis calls no port unpublished', () => {
  const { asked } = followed({ asked: engineSilent });
  expect(asked.diagnosis.checks.filter(({ verdict }) => verdict === 'fail').map(({ code }) => code)).toEqual([
    'engine-hung',
  ]);
  expect(asked.diagnosis.checks.map(({ title }) => title)).toContain(
    'cannot tell whether a container publishes 192.0.2.20:8080/tcp',
  );
});

test('the command that reads more names the container, or the port behind which it is', () => {
  const remedies = (pair: PeerPair) => followed(pair).causes.map(({ check }) => check.remedies[0]?.what);
  expect(remedies({ asking: shallow('web') })).toEqual([
    'on host-a: sudo rulesguard doctor --facts web > facts.json',
  ]);
  expect(remedies({ asked: shallow('web', true) })).toEqual([
    'on host-b: sudo rulesguard doctor --facts 192.0.2.20:8080/tcp > facts.json',
  ]);
});

describe('a network asks: each of its containers is followed', () => {
  const cut: Change = onInside('mate', () => ({ links: [] }));

  test('a rule against one of them is told, whichever comes first', () => {
    for (const address of ['172.17.0.2', '172.17.0.3']) {
      const asking = inFront(`-A FORWARD -s ${address}/32 -j DROP`);
      const { verdict, causes, legs } = followed({ asker: 'bridge', asking });
      expect(causes.map(({ host, check }) => `${host} ${check.code}`)).toEqual(['host-a rule-stops']);
      expect(verdict).toBe('fail');
      expect(legs[0]?.what).toContain(`(${address})`);
    }
  });

  test('the one that does not get out is told', () => {
    expect(followed({ asker: 'bridge' }).verdict).toBe('ok');
    const { verdict, causes } = followed({ asker: 'bridge', asking: cut });
    expect(verdict).toBe(followed({ asker: 'mate', asking: cut }).verdict);
    expect(verdict).not.toBe('ok');
    expect(causes[0]?.check.about).toBe('mate');
  });

  test('one that does not run asks nothing', () => {
    const stopped = onContainer('mate', () => ({ state: 'exited', attachments: [], inside: undefined }));
    expect(followed({ asker: 'bridge', asking: stopped }).verdict).toBe('ok');
  });

  test('of many only some are followed: that is said, and is not healthy', () => {
    const many: Change = (facts) => ({
      ...facts,
      containers: [
        ...facts.containers,
        ...facts.containers.map((one, at) => ({
          ...one,
          ...{ id: `more${String(at)}`, name: `more${String(at)}` },
        })),
      ],
    });
    const { verdict, causes } = followed({ asker: 'bridge', asking: many });
    expect(causes.map(({ check }) => check.title)).toEqual(['3 of 4 containers of bridge were followed']);
    expect(verdict).toBe('unknown');
    const broken = followed({ asker: 'bridge', asking: all(many, cut) });
    expect(broken.between.map(({ title }) => title)).toContain('3 of 4 containers of bridge were followed');
  });
});
