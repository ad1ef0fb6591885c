import { expect, test } from 'vitest';
import { diagnose } from '../../../../src/doctor/diagnose.ts';
import type { Facts } from '../../../../src/doctor/facts/facts.ts';
import { healthyFacts } from '../../../support/doctor/host-facts.ts';
import { rewritten } from '../../../support/doctor/rule-changes.ts';

const SSH = { proto: 'tcp', address: '0.0.0.0', port: 22 } as const;

/** A host whose containers ask this host itself for names. */
function served(resolver: string, listeners: Facts['listeners'] = []): Facts {
  const facts = healthyFacts();
  const containers = facts.containers.map((one) =>
    one.inside === undefined || 'unavailable' in one.inside
      ? one
      : { ...one, inside: { ...one.inside, resolvers: [resolver] } },
  );
  return { ...facts, containers, listeners };
}

/** The same with its own firewall closed but for answers. */
const LINES = '[0:0] -A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n[0:0] -A INPUT -j DROP';
const closed = (facts: Facts): Facts =>
  rewritten((save) => save.replace(/^(\[.*\] )?-A FORWARD /m, `${LINES}\n$&`))(facts);

const namesAsked = (facts: Facts): readonly string[] =>
  diagnose(facts, { about: undefined, from: '' }).paths.map(({ name }) => name);

test('the default run asks the name servers of containers, and the host by its own addresses', () => {
  const names = namesAsked(served('192.0.2.1', [SSH]));
  expect(names).toContain('web → its name server 192.0.2.1');
  expect(names.filter((name) => name.endsWith('→ host:22'))).toHaveLength(1);
  expect(diagnose(served('192.0.2.1', [SSH]), { about: undefined, from: '' }).verdict).toBe('ok');
});

test("behind Docker's own name server stand the host's", () => {
  const facts = { ...served('127.0.0.11'), nameServers: ['192.0.2.77', '127.0.0.53'] };
  expect(
    namesAsked(facts).filter(
      (name) => name.startsWith('web → its name server') && !name.endsWith('(answer)'),
    ),
  ).toEqual(['web → its name server 192.0.2.77']);
});

test('a name server on this host that its firewall closes is one fault, however many containers ask it', () => {
  const { verdict, causes } = diagnose(closed(served('192.0.2.1')), { about: undefined, from: '' });
  expect(verdict).toBe('fail');
  expect(causes.map(({ code, about }) => [code, about])).toEqual([['rule-stops', 'web and mate']]);
  expect(causes[0]?.evidence).toContain('-A INPUT -j DROP');
});

test('ports of this host that its firewall closes are told once, and are a fault only for who asks about one', () => {
  const facts = closed(served('192.0.2.53', [SSH, { ...SSH, port: 9100 }]));
  const whole = diagnose(facts, { about: undefined, from: '' });
  const told = whole.checks.filter(({ code }) => code === 'rule-stops');
  expect([whole.verdict, told.map(({ verdict }) => verdict)]).toEqual(['ok', ['warn']]);
  expect(told[0]?.remedies[0]?.commands).toEqual(['rulesguard doctor 192.0.2.1:8080/tcp --from mate']);
  const asked = diagnose(facts, { about: '172.17.0.1:22/tcp', from: 'web' });
  expect([asked.verdict, asked.causes.map(({ code }) => code)]).toEqual(['fail', ['rule-stops']]);
});

test("docker-proxy's ports are asked as published ones, and those of one address are left out", () => {
  const listeners = [
    { ...SSH, port: 8080 },
    { ...SSH, address: '192.0.2.1', port: 5432 },
  ];
  expect(namesAsked(served('192.0.2.53', listeners)).filter((name) => /→ host:/.test(name))).toEqual([]);
});
