import { describe, expect, test } from 'vitest';
import {
  DROP,
  STOP,
  POLICY,
  LOST,
  UNKNOWN,
  SENT,
  beside,
  datagram,
  outbound,
  counted,
  at,
  ARRIVED,
  BLIND,
  judged,
  titled,
} from '../../../support/doctor/seen.ts';

describe('a packet that took the traced path', () => {
  test.each(
    titled([
      [beside(), { answer: 'answered' }, 'proof-passed ok: db → web:80: answered'],
      [beside(UNKNOWN), { answer: 'answered' }, 'proof-passed ok: db → web:80: answered'],
      [
        beside(),
        { answer: 'refused', captured: ARRIVED },
        'proof-passed warn: db → web:80: arrives, and is refused: web has no service on port 80 at that address',
      ],
      [
        beside(),
        { answer: 'refused', ...BLIND },
        'proof-passed warn: db → web:80: arrives, and is refused: web has no service on port 80 at that address',
      ],
      [
        beside(),
        { answer: 'refused', captured: [at('vethdb', false)] },
        'proof-differs fail: db → web:80: does not get through (last seen at vethdb, coming in), although the trace found nothing in its way',
      ],
      [
        beside(),
        { answer: 'refused', ...BLIND, ruleCounts: [counted('-A FORWARD -j REJECT', 1, 2)] },
        'proof-differs fail: db → web:80: does not get through, although the trace found nothing in its way | meanwhile counted: -A FORWARD -j REJECT',
      ],
      [
        beside(),
        { captured: ARRIVED },
        'proof-stopped fail: db → web:80: arrives at web, and no answer comes out of it | a firewall inside web, or its way back, swallows it',
      ],
      [
        beside(),
        { captured: [...ARRIVED, at('vethweb', false, { reply: true })] },
        'proof-stopped fail: db → web:80: web answers, and the answer is lost behind vethweb',
      ],
      [
        beside(),
        BLIND,
        'proof-stopped fail: db → web:80: no answer, and without tcpdump it cannot be seen how far it came | no rule has counted it as dropped: it is lost behind the rules, or the answer is',
      ],
      [
        datagram(),
        { captured: ARRIVED },
        'proof-passed ok: db → web:53: arrives at web, which owes a datagram no answer',
      ],
      [
        datagram(),
        BLIND,
        'proof-unknown unknown: db → web:53: no answer, and without tcpdump it cannot be seen how far it came',
      ],
      [
        beside(SENT),
        { answer: 'unreachable', detail: 'EHOSTUNREACH', captured: [at('vethdb', false)] },
        'proof-differs fail: db → web:80: does not get through (last seen at vethdb, coming in), although the trace found nothing in its way',
      ],
      [
        beside(),
        { captured: [at('', false)] },
        'proof-differs fail: db → web:80: does not get through (last seen at some interface, coming in), although the trace found nothing in its way',
      ],
      [
        beside(),
        { answer: 'unsent', detail: 'its network namespace is gone' },
        'proof-unknown unknown: db → web:80: not probed: its network namespace is gone',
      ],
    ]),
  )('%s', (said, path, seen) => {
    expect(judged(path, seen)).toBe(said);
  });

  test.each(
    titled([
      [
        beside(STOP),
        { ruleCounts: [counted(DROP, 7, 8)] },
        `proof-stopped fail: db → web:80: stopped by ${DROP}, which has counted it`,
      ],
      [
        beside(STOP, false),
        { ruleCounts: [counted(DROP, 7, 8)] },
        `proof-stopped ok: db → web:80: stopped by ${DROP}, which has counted it | it is closed, as it should be`,
      ],
      [
        beside(POLICY),
        { ruleCounts: [counted('policy DROP', 0, 1)] },
        "proof-stopped fail: db → web:80: stopped by FORWARD's policy DROP (filter), which has counted it",
      ],
      [beside(STOP), { ruleCounts: undefined }, `proof-stopped fail: db → web:80: stopped by ${DROP}`],
      [
        beside(STOP),
        { ruleCounts: [counted(DROP, 7, 7), counted('-A FORWARD -i docker0 -j DROP', 0, 1)] },
        `proof-differs fail: db → web:80: does not get through (seen on no interface), but ${DROP} has not counted it | meanwhile counted: -A FORWARD -i docker0 -j DROP`,
      ],
      [
        beside(STOP),
        { answer: 'answered' },
        `proof-differs warn: db → web:80: gets through, although the trace ends it at ${DROP}`,
      ],
      [
        beside(STOP, false),
        { answer: 'answered' },
        `proof-differs fail: db → web:80: gets through, although the trace ends it at ${DROP} | it should be closed`,
      ],
      [
        beside(LOST),
        { answer: 'unreachable' },
        'proof-stopped fail: db → web:80: does not get through, as traced: no route to 192.0.2.2',
      ],
      [beside(UNKNOWN), {}, 'proof-stopped fail: db → web:80: does not get through (seen on no interface)'],
    ]),
  )('%s', (said, path, seen) => {
    expect(judged(path, seen)).toBe(said);
  });

  test.each(
    titled([
      [
        outbound(),
        { doors: ['eth0'], captured: [at('docker0', false), at('eth0', true, { source: '192.0.2.1' })] },
        'proof-passed ok: web → outside: leaves this host by eth0 as 192.0.2.1 | nobody answered, which is up to the receiver and the networks in between',
      ],
      [
        outbound(),
        {
          doors: ['eth0'],
          ...BLIND,
          ruleCounts: [counted('-A POSTROUTING -j MASQUERADE', 1, 2, 'POSTROUTING', 'nat')],
        },
        'proof-passed ok: web → outside: leaves this host by eth0 | nobody answered, which is up to the receiver and the networks in between',
      ],
      [
        outbound(),
        { doors: ['eth0'], ...BLIND },
        'proof-unknown unknown: web → outside: no answer, and without tcpdump it cannot be seen how far it came',
      ],
    ]),
  )('%s', (said, path, seen) => {
    expect(judged(path, seen)).toBe(said);
  });
});
