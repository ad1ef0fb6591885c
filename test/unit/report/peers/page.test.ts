import { describe, expect, test } from 'vitest';
import { makeMask } from '../../../../src/report/mask/mask.ts';
import { peersPage } from '../../../../src/report/page/peers/page.ts';
import type { Check } from '../../../../src/doctor/diagnosis.ts';
import type { PeersDiagnosis } from '../../../../src/doctor/peers/peer.ts';
import { onLink } from '../../../support/doctor/host-facts.ts';
import { DROPS, followed } from '../../../support/peers/hosts.ts';
import { onLan } from '../../../support/peers/modes-facts.ts';

const ABOUT = { host: 'desk', time: '2026-12-02 03:12:44 UTC', version: '0.1.0' };

/** The page as its texts are read, one after another. */
const textOf = (page: string): string =>
  page
    .replace(/<style>[\s\S]*?<\/style>/, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ');
const read = (diagnosis: PeersDiagnosis): string => textOf(peersPage(diagnosis, ABOUT));

/** Its texts from one heading to the next. */
const between = (text: string, from: string, to: string): string =>
  text.slice(text.indexOf(from), text.indexOf(to));

describe('both hosts and the way between', () => {
  const text = read(followed({ routed: true }));

  test('the verdict names both ends, and what is not seen', () => {
    expect(text).toMatch(/HEALTHY web on host-a → 198\.51\.100\.20:8080\/tcp on host-b No fault found/);
    expect(text).toContain('If it does not arrive all the same it is lost between them: a firewall');
  });

  test('out of the first host: its bridge, rules, as whom and by which interface', () => {
    const out = between(text, 'The question, out', 'The question, on the wire');
    expect(out).toMatch(
      /host-a In by docker0, network bridge Comes as 172\.17\.0\.2:40123 → 198\.51\.100\.20:8080/,
    );
    expect(out).toContain('nat POSTROUTING MASQUERADE: from 192.0.2.1:40123');
    expect(out).toContain('Leaves as 192.0.2.1:40123 → 198.51.100.20:8080 Out by eth0');
  });

  test('the wire: who is between, which address must come back, MTUs, and that nobody looked', () => {
    const wire = between(text, 'The question, on the wire', 'The question, in');
    expect(wire).toContain('Carries 192.0.2.1 → 198.51.100.20 From eth0 of host-a, MTU 1500');
    expect(wire).toContain('By way of 192.0.2.2, which is not seen To eth0 of host-b, MTU 1500');
    expect(wire).toContain('answers go to 192.0.2.1: whoever is between must route that to host-a');
    expect(wire).toContain('Not seen from either host: firewalls, routes and NAT of others');
    // Nobody looked: the one mark is that of the next part.
    expect(wire.replace(/✓ $/, '')).not.toContain('✓');
  });

  test('into the second host, and the answer home in the order it goes', () => {
    const into = between(text, 'The question, in', 'The answer, out');
    expect(into).toContain('host-b In by eth0');
    expect(into).toContain('nat DOCKER DNAT: to 172.17.0.2:80');
    expect(into).toContain('comes into host-b by eth0, translated to 172.17.0.2:80, reaches web');
    const home = text.slice(text.indexOf('The answer, home'));
    expect(home).toMatch(/host-a In by eth0 .*nat answers: back to 172\.17\.0\.2/);
    expect(text.indexOf('The answer, out')).toBeLessThan(text.indexOf('The answer, on the wire'));
    expect(text.indexOf('The answer, on the wire')).toBeLessThan(text.indexOf('The answer, home'));
  });

  test('each host with the time and version of its facts', () => {
    expect(text).toContain(
      'Asks host-a Facts read 2026-12-02 00:00:00 UTC Engine Engine 28.5.2, nft By rulesguard 0.1.0',
    );
    expect(text).toContain('Is asked host-b Facts read 2026-12-02 00:00:00 UTC');
    expect(text).toContain('Made by rulesguard 0.1.0 on desk, 2026-12-02 03:12:44 UTC');
  });
});

test('each cause is on its host, with what to type there', () => {
  const text = read(followed({ asking: DROPS, asked: DROPS }));
  expect(text).toMatch(/FAULT .* 2 causes found, the first on host-a/);
  expect(text).toMatch(
    /1 On host-a: a rule in filter FORWARD drops .*How to fix it, on host-a, as root .*iptables/,
  );
  expect(text).toMatch(
    /2 On host-b: a rule in filter FORWARD drops .*How to fix it, on host-b, as root .*iptables/,
  );
  expect(text).toContain('Supposed as it would be, once host-a lets it out');
  expect(text.slice(text.indexOf('The answer, out'))).toContain('Not followed');
});

test('a cause between the hosts names the host whose setting helps', () => {
  const text = read(followed({ asked: onLink('eth0', { mtu: 1400 }) }));
  expect(text).toContain('Between the hosts, at host-b: packets of more than 1400 bytes');
  expect(text).toContain('How to fix it, on host-b, as root');
  expect(text).toContain('To eth0 of host-b, MTU 1400');
});

test('where nobody is followed the page still has both hosts, and calls nothing well', () => {
  const text = read(followed({ target: '203.0.113.7:80' }));
  expect(text).not.toContain('HEALTHY');
  expect(text).toContain('host-a');
  expect(text).toContain('host-b');
});

test('old facts are said to be old', () => {
  const diagnosis = followed();
  const old: Check = {
    ...{ section: 'wire', code: 'facts-old', about: 'host-b', verdict: 'warn' },
    ...{ title: 'the facts of host-b are 3 days old', meaning: '', evidence: [], remedies: [] },
  };
  expect(read({ ...diagnosis, between: [old] })).toContain('the facts of host-b are 3 days old');
});

/** A diagnosis whose every name and text of a host was written by somebody hostile. */
function hostile(): PeersDiagnosis {
  const bad = '<img src=x onerror=harm=1>" onload="harm=1\u202e\u001b[2J';
  const diagnosis = followed({ asking: DROPS, asked: DROPS });
  const change = (value: unknown, key: string): unknown => {
    if (typeof value === 'string')
      return ['verdict', 'section', 'code', 'place', 'part', 'at', 'hook', 'kind'].includes(key)
        ? value
        : `${value}${bad}`;
    if (Array.isArray(value)) return value.map((one) => change(one, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, change(one, name)]));
  };
  return change(diagnosis, '') as PeersDiagnosis;
}

test('whatever the facts hold, the page loads nothing and runs no script', () => {
  for (const diagnosis of [followed(), hostile()]) {
    const page = peersPage(diagnosis, ABOUT);
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page).not.toMatch(/<(script|img|link|iframe|object|embed|form|base|svg|b>x)\b/i);
    expect(page).not.toMatch(/<[^>]*\s(src|srcset|action|on\w+)=/i);
    for (const [, href = ''] of page.matchAll(/<[^>]*\shref="([^"]*)"/g)) expect(href).toMatch(/^#[a-z]+$/);
    expect(page).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u);
  }
});

test('headings skip no level, and each link has its section', () => {
  for (const diagnosis of [followed(), followed({ asking: DROPS }), followed({ asker: 'host' })]) {
    const page = peersPage(diagnosis, ABOUT);
    const levels = [...page.matchAll(/<h([1-4])/g)].map(([, level]) => Number(level));
    expect(levels[0]).toBe(1);
    levels.reduce((before, level) => {
      expect(level - before).toBeLessThanOrEqual(1);
      return level;
    });
    for (const [, id = ''] of page.matchAll(/href="#([a-z]+)"/g)) expect(page).toContain(`id="${id}"`);
  }
});

test('a host that asks itself has no address before it is routed', () => {
  const out = between(read(followed({ asker: 'host' })), 'The question, out', 'The question, on the wire');
  expect(out).toContain('In by made on host-a itself');
  expect(out).not.toMatch(/ :\d+ →/);
});

test('a mask hides addresses and names of both hosts alike', () => {
  const diagnosis = followed({ asking: DROPS });
  const text = read(makeMask([diagnosis], ['host-a', 'host-b']).value(diagnosis));
  expect(text).not.toMatch(/192\.0\.2|172\.17|host-[ab]\b/);
  const [, source = ''] = /Carries (\S+) →/.exec(text) ?? [];
  expect(source).not.toBe('');
  expect(between(text, 'The question, in', 'The answer, out')).toContain(`Comes as ${source}:`);
});

test('what passes by the rules of both hosts is drawn with what carries it, and not as what is not followed', () => {
  const diagnosis = followed({
    asking: onLan('web', '192.0.2.65'),
    asked: onLan('web', '192.0.2.97'),
    target: '192.0.2.97:80',
  });
  const text = read(diagnosis);
  expect(text).toContain('web (192.0.2.65) leaves host-a by eth0 beneath macvlan network lan');
  expect(text).toContain('Carries 192.0.2.65 → 192.0.2.97 From eth0 of host-a, MTU 1500');
  expect(text).not.toContain('Not followed');
});
