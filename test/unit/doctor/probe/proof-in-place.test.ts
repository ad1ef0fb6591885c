import { describe, expect, test } from 'vitest';
import type { ProbeResult } from '../../../../src/doctor/probe/result.ts';
import { judgeProbe } from '../../../../src/doctor/probe/proof.ts';
import {
  DROP,
  STOP,
  LOST,
  FORWARDING,
  LOCAL,
  beside,
  published,
  counted,
  at,
  SEEN,
  IN_PLACE,
  ARRIVED,
  BLIND,
  judged,
  titled,
} from '../../../support/doctor/seen.ts';

describe('this host in place of the outside', () => {
  const PROXIED =
    'proof-proxy fail: port 8080 answers, but through docker-proxy: web sees 172.17.0.1 instead of its clients; the translation is lost';
  test.each(
    titled([
      [
        published(),
        { answer: 'answered', captured: ARRIVED },
        'proof-passed ok: outside → web:80: answered | seen from this host, not from outside: its packets do not pass FORWARD',
      ],
      [published(LOCAL), { answer: 'answered', proxy: true, translation: 'missing' }, PROXIED],
      [published(), { answer: 'answered', proxy: true, translation: 'missing' }, PROXIED],
      [published(LOCAL), { answer: 'answered', proxy: true, translation: 'still' }, PROXIED],
      // The counter rose by somebody else's packet: this one never came to the container itself.
      [published(LOCAL), { answer: 'answered', proxy: true, captured: [] }, PROXIED],
      [
        published(),
        { answer: 'answered', proxy: true, translation: 'still' },
        "proof-unknown unknown: outside → web:80: docker-proxy answers this host itself, so nothing is shown of the outside's way | the translation is there, but packets of this host do not meet it: nat's OUTPUT does not lead to it",
      ],
      [
        published(),
        { answer: 'answered', proxy: true, translation: 'unknown', ...BLIND },
        'proof-unknown unknown: outside → web:80: answers, perhaps through docker-proxy: nothing shows whether it was translated',
      ],
      [
        published(),
        { answer: 'answered', proxy: true, translation: 'unknown', captured: ARRIVED },
        'proof-passed ok: outside → web:80: answered | seen from this host, not from outside: its packets do not pass FORWARD',
      ],
      // Nothing is to be translated: on loopback, or where a container has no address of this family, the proxy is the way.
      [
        published(LOCAL),
        { answer: 'answered', proxy: true, translation: 'none' },
        'proof-passed ok: outside → web:80: answered | seen from this host, not from outside: its packets do not pass FORWARD',
      ],
      [
        published(STOP),
        { answer: 'answered', captured: ARRIVED },
        `proof-unknown unknown: outside → web:80: this host gets through, which shows nothing of the outside's way | the trace ends an outsider's packets at ${DROP}; packets of this host do not pass there`,
      ],
      [
        published(FORWARDING),
        { answer: 'answered', captured: ARRIVED },
        "proof-unknown unknown: outside → web:80: this host gets through, which shows nothing of the outside's way | the trace ends an outsider's packets at net.ipv4.ip_forward is 0; packets of this host do not pass there",
      ],
      [
        published(LOST),
        { answer: 'answered', captured: ARRIVED },
        'proof-differs warn: outside → web:80: gets through, although the trace ends it at no route to 192.0.2.2',
      ],
      [
        published(LOCAL),
        { answer: 'refused', translation: 'missing' },
        'proof-stopped fail: outside → web:80: does not get through: port 8080 is translated to nothing',
      ],
      [
        published(),
        { answer: 'refused', translation: 'missing', ...BLIND },
        'proof-differs fail: outside → web:80: does not get through: port 8080 is translated to nothing',
      ],
      [
        published(STOP),
        {},
        `proof-stopped fail: outside → web:80: this host does not get through either (seen on no interface) | the trace ends an outsider's packets at ${DROP}`,
      ],
      [
        published(),
        { ruleCounts: [counted('-A OUTPUT -j DROP', 0, 3, 'OUTPUT')] },
        "proof-unknown unknown: outside → web:80: this host does not get through (seen on no interface), which shows little of the outside's way | meanwhile counted: -A OUTPUT -j DROP",
      ],
      [
        published(),
        { answer: 'refused', captured: ARRIVED },
        'proof-passed warn: outside → web:80: arrives, and is refused: web has no service on port 80 at that address | seen from this host, not from outside: its packets do not pass FORWARD',
      ],
    ]),
  )('%s', (said, path, seen) => {
    expect(judged(path, { ...IN_PLACE, ...seen })).toBe(said);
  });
});

test('a check has its subject, remedy and evidence', () => {
  const others: ProbeResult['others'] = [
    { from: 'far', to: '192.0.2.1:8080/tcp', answer: 'unreachable', detail: 'EHOSTUNREACH' },
  ];
  const captured = [
    at('docker0', false),
    at('eth0', true, { source: '192.0.2.1' }),
    at('eth0', false, { reply: true, source: '192.0.2.2', destination: '192.0.2.1' }),
    at('docker0', true, { reply: true, source: '192.0.2.2', destination: '172.17.0.3' }),
  ];
  const dnat = counted('-A DOCKER -p tcp -j DNAT', 3, 3, 'DOCKER', 'nat');
  const seen = { captured, others, ruleCounts: [dnat, counted(DROP, 0, 1)], notes: ['a note'] };
  const proxied = { ...IN_PLACE, ...seen, proxy: true, translation: 'still', answer: 'answered' } as const;
  const restoring = [{ what: 'restore it', commands: ['rulesguard restore'] }];
  expect(judgeProbe(published(LOCAL), { ...SEEN, ...proxied }, restoring)).toMatchObject({
    section: 'proof',
    about: '192.0.2.1:8080',
    remedies: restoring,
    evidence: [
      'this host → 172.17.0.2:80/tcp: answered',
      'tcpdump: docker0 in, eth0 out from 192.0.2.1; answer: eth0 in, docker0 out to 172.17.0.3',
      'iptables-nft -t nat -A DOCKER -p tcp -j DNAT (3 packets, none more)',
      'far → 192.0.2.1:8080/tcp: not reachable (EHOSTUNREACH)',
      'a note',
    ],
  });
  expect(judgeProbe(beside(STOP), { ...SEEN, ruleCounts: [counted('policy DROP', 0, 1)] })).toMatchObject({
    about: 'db',
    evidence: [
      'db → 172.17.0.2:80/tcp: no answer within a second',
      'tcpdump: seen on no interface of this host',
      'iptables-nft -t filter FORWARD policy DROP (0 → 1 packets)',
    ],
  });
});
