import { describe, expect, test } from 'vitest';
import type { Listened } from '../../../../src/doctor/peers/probe/listened.ts';
import { judgePeerProbe } from '../../../../src/doctor/peers/probe/proof.ts';
import type { PeerProbe } from '../../../../src/doctor/peers/probe/seen-probe.ts';
import { withPeerProof } from '../../../../src/doctor/peers/probe/with-proof.ts';
import type { CapturedPacket } from '../../../../src/doctor/probe/result.ts';
import { A, B, HERE, packet, THERE, watched } from '../../../support/peers/probed.ts';
import { DROPS, followed } from '../../../support/peers/hosts.ts';

type Answer = PeerProbe['result']['answer'];
const judged = (
  answer: Answer,
  captured: readonly CapturedPacket[] | undefined,
  listened: Listened = watched(THERE),
) =>
  judgePeerProbe({
    result: { from: 'web', to: `${B}:8080/tcp`, answer, detail: '', captured, notes: [] },
    listened,
    asking: { host: 'host-a', wires: ['eth0'] },
    asked: { host: 'host-b', wires: ['eth0'] },
  });

type Row = readonly [
  name: string,
  answer: Answer,
  captured: readonly CapturedPacket[] | undefined,
  listened: Listened,
  told: string,
  title: RegExp,
];
const ROWS: readonly Row[] = [
  [
    'answered',
    'answered',
    HERE,
    watched(THERE),
    'asked ok proof-passed',
    /answered, and seen to come into host-b/,
  ],
  [
    'answered by somebody else',
    'answered',
    HERE,
    watched([]),
    'between unknown proof-differs',
    /no packet of it was seen on host-b/,
  ],
  [
    'not seen to leave',
    'silent',
    HERE.slice(0, 1),
    watched([]),
    'asking unknown proof-stopped',
    /not seen leaving host-a/,
  ],
  [
    'lost on its way there',
    'silent',
    HERE.slice(0, 2),
    watched([]),
    'between fail proof-lost',
    /lost on the wire: it left host-a by eth0 as 192\.0\.2\.1, and nothing came into host-b/,
  ],
  [
    'refused by somebody between',
    'refused',
    HERE,
    watched([]),
    'between fail proof-lost',
    /lost on the wire/,
  ],
  [
    'others ask meanwhile',
    'silent',
    HERE.slice(0, 2),
    watched([], 3),
    'between unknown proof-unknown',
    /not known again/,
  ],
  [
    'stopped there',
    'silent',
    HERE.slice(0, 2),
    watched(THERE.slice(0, 1)),
    'asked fail proof-stopped',
    /came into host-b by eth0, and no answer left it/,
  ],
  [
    'its answer stopped there',
    'silent',
    HERE.slice(0, 2),
    watched(THERE.slice(0, 3)),
    'asked fail proof-stopped',
    /no answer left it/,
  ],
  ['refused there', 'refused', HERE, watched(THERE), 'asked fail proof-stopped', /refused by host-b/],
  [
    'lost on its way back',
    'silent',
    HERE.slice(0, 2),
    watched(THERE),
    'between fail proof-lost',
    /answer is lost on the wire/,
  ],
  [
    'stopped at home',
    'silent',
    HERE.slice(0, 3),
    watched(THERE),
    'asking fail proof-stopped',
    /came back into host-a by eth0, and was stopped there/,
  ],
  [
    'nobody watched there',
    'silent',
    HERE.slice(0, 2),
    { ...watched([]), unavailable: 'tcpdump is not installed' },
    'asked unknown proof-unknown',
    /tcpdump is not installed/,
  ],
  [
    'nobody watched here',
    'silent',
    undefined,
    watched(THERE),
    'asking unknown proof-unknown',
    /was not seen/,
  ],
  [
    'an old tcpdump there',
    'silent',
    HERE.slice(0, 2),
    watched([packet(' in', A, B)]),
    'asked unknown proof-unknown',
    /too old/,
  ],
  ['nothing was sent', 'unsent', undefined, watched([]), 'asking unknown proof-unknown', /nothing was sent/],
];

test.each(ROWS)('%s', (_name, answer, captured, listened, told, title) => {
  const { place, check } = judged(answer, captured, listened);
  expect(`${place} ${check.verdict} ${check.code}`).toBe(told);
  expect(check.title).toMatch(title);
});

test.each([
  ['tcpdump is not installed: judged by answers', /^install tcpdump on host-b/],
  [
    'doctor --listen did not tell what it saw there: sudo: a password is required',
    /on host-b: sudo -n rulesguard doctor --listen/,
  ],
])('what to do where nobody watched there: %s', (unavailable, what) => {
  const { check } = judged('silent', HERE.slice(0, 2), { ...watched([]), unavailable });
  expect(check.remedies[0]?.what).toMatch(what);
});

describe('what was followed, and what was proven', () => {
  const healthy = followed({ routed: true });
  const stopped = followed({ routed: true, asked: DROPS });
  const lost = judged('silent', HERE.slice(0, 2), watched([]));
  const passed = judged('answered', HERE);

  test('what is answered stays healthy', () => {
    expect(withPeerProof(healthy, passed).verdict).toBe('ok');
  });

  test.each(ROWS.filter(([, , , , told]) => !told.includes(' ok ')))('never healthy: %s', (_name, ...row) => {
    const [answer, captured, listened] = row;
    const proof = judged(answer, captured, listened);
    const { verdict, causes } = withPeerProof(healthy, proof);
    expect(verdict).toBe(proof.check.verdict);
    expect(causes).toEqual([proof]);
  });

  test('a packet that passes what a cause should stop: the fault stays, and that they differ is said', () => {
    const { verdict, causes, between } = withPeerProof(stopped, passed);
    expect(verdict).toBe('fail');
    expect(causes).toEqual(stopped.causes);
    expect(between.at(-1)).toMatchObject({ code: 'proof-differs', verdict: 'warn' });
  });

  test('a packet that is lost elsewhere than where a cause was found comes first', () => {
    expect(withPeerProof(stopped, lost).causes).toEqual([lost, ...stopped.causes]);
  });

  test('a packet that stops where a cause was found adds no second cause', () => {
    const there = judged('silent', HERE.slice(0, 2), watched(THERE.slice(0, 1)));
    expect(withPeerProof(stopped, there).causes).toEqual(stopped.causes);
  });

  test('what nobody could see of the wire, an answer settles', () => {
    const unseen = judged('silent', undefined);
    const dark = { ...healthy, verdict: 'unknown', causes: [{ ...unseen, place: 'between' }] } as const;
    expect(withPeerProof(dark, passed)).toMatchObject({ verdict: 'ok', causes: [] });
    const elsewhere = { ...dark, causes: [unseen] };
    expect(withPeerProof(elsewhere, passed)).toMatchObject({ verdict: 'unknown', causes: [unseen] });
  });
});

test('a datagram need not be answered: passed on there it has arrived, and of the way back nothing is said', () => {
  const result: PeerProbe['result'] = {
    ...{ from: 'this host', to: `${B}:53/udp`, detail: '' },
    answer: 'silent',
    ...{ captured: HERE.slice(1, 2), notes: [] },
  };
  const hosts = {
    asking: { host: 'host-a', wires: ['eth0'] },
    asked: { host: 'host-b', wires: ['eth0'] },
  };
  const [arrived, taken] = [2, 1].map((most) =>
    judgePeerProbe({ result, listened: watched(THERE.slice(0, most)), ...hosts }),
  );
  expect(arrived?.check).toMatchObject({ verdict: 'warn', code: 'proof-passed' });
  expect(arrived?.check.title).toMatch(/^host-a → .*came into host-b by eth0 \(it was passed on by docker0/);
  expect(taken?.check).toMatchObject({ verdict: 'unknown', code: 'proof-unknown' });
});
