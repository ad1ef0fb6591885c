import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import type { FactsJson } from '../../../../src/doctor/recorded/facts-json.ts';
import { matrixJson, matrixText } from '../../../../src/report/peers/matrix.ts';
import { paintWith } from '../../../../src/report/text.ts';
import { changed, fleet, judged } from '../../../support/peers/fleet.ts';
import { edited } from '../../../support/edited.ts';

test('everybody reaches every published port of a healthy fleet', async () => {
  const matrix = judged(await fleet(4));
  expect(matrix.causes).toEqual([]);
  expect(matrix.verdict).toBe('ok');
  expect(matrix.ways).toBe(matrix.open);
  expect(matrix.ways).toBeGreaterThanOrEqual(4 * 3);
});

test('one line a cause, with the host, the rule, and how many ways it cuts', async () => {
  const drop = (text: string, at: number) =>
    at === 2
      ? edited(text, /(\[\d+:\d+\] -A FORWARD -j DOCKER-USER)/, '[0:0] -A FORWARD -j DROP\\n$1')
      : text;
  const matrix = judged(await fleet(4, drop));
  expect(matrix.verdict).toBe('fail');
  expect(matrix.causes).toHaveLength(1);
  const [cause] = matrix.causes;
  expect(cause).toMatchObject({ host: 'host-2', verdict: 'fail' });
  expect(cause?.ways).toBe(matrix.ways - matrix.open);
  expect([...(cause?.hosts ?? [])].sort()).toEqual(['host-0', 'host-1', 'host-3']);
  const [head, line, ...rest] = matrixText(matrix, paintWith(false)).trimEnd().split('\n');
  expect(head).toMatch(/^FAULT {2}4 hosts/);
  expect(line).toContain('host-2: DROP by a rule of filter FORWARD: -A FORWARD -j DROP');
  expect(rest).toEqual([]);
});

test('a rule against one host alone cuts its questions and its answers, and nobody else’s', async () => {
  const drop = (text: string, at: number) =>
    at === 0
      ? edited(
          text,
          /(\[\d+:\d+\] -A FORWARD -j DOCKER-USER)/,
          '[0:0] -A FORWARD -s 192.0.2.13/32 -j DROP\\n$1',
        )
      : text;
  const matrix = judged(await fleet(5, drop));
  expect(matrix.causes.map(({ host, hosts }) => [host, hosts])).toEqual([
    ['host-0', ['host-3']],
    ['host-0', ['host-3']],
  ]);
});

test('a bridge of the same addresses on every host is no way between them', async () => {
  const matrix = judged(
    await fleet(3, (text) => {
      const facts = JSON.parse(text) as FactsJson;
      if (!('links' in facts.links)) throw new Error('there are no links');
      const [first] = facts.links.links;
      const address = { family: 'ipv4', address: '192.168.122.1', length: 24, scope: 'global' };
      const virbr0 = { ...first, name: 'virbr0', index: 77, kind: 'bridge', addresses: [address] };
      return JSON.stringify({ ...facts, links: { links: [virbr0, ...facts.links.links] } });
    }),
  );
  expect(matrix.causes).toEqual([]);
  expect(matrix.verdict).toBe('ok');
});

test('a service that does not listen is a cause, and one that was not looked at is not known', async () => {
  const listening = (listeners: readonly object[] | undefined) => (facts: FactsJson) => {
    if (!('containers' in facts.containers)) throw new Error('there are no containers');
    const containers = facts.containers.containers.map((one) =>
      one.name === 'web' ? { ...one, inside: { ...one.inside, listeners } } : one,
    );
    return { ...facts, containers: { containers } };
  };
  const dead = judged(await changed(0, listening([])));
  expect(dead.verdict).toBe('fail');
  expect(dead.causes.map(({ host, what }) => `${host} ${what}`)).toContain(
    'host-0 nothing in web listens on 80/tcp, which is published as 8080',
  );
  const unread = judged(await changed(0, listening(undefined)));
  expect(unread.verdict).toBe('unknown');
  expect(unread.causes.map(({ what }) => what)).toContain('whether web listens on 80/tcp was not read');
});

test('how old facts are, and of which version, is said', async () => {
  const texts = await fleet(3, (text, at) =>
    at === 0
      ? text
      : text
          .replace('"program":"0.1.0"', '"program":"0.0.9"')
          .replace(/"time":"[^"]*"/, '"time":"2001-01-01T00:00:00.000Z"'),
  );
  const { notes } = judged(texts);
  expect(notes.filter((note) => /^the facts of host-[12] are \d+ days old: /.test(note))).toHaveLength(2);
  expect(notes).toContain(
    'facts of host-0 are of rulesguard 0.1.0, those of host-1 and host-2 of 0.0.9: an older version may not have read all that is judged here',
  );
  expect(matrixText(judged(texts), paintWith(false))).toContain('! facts of host-0');
  const many = await fleet(9, (text) => text.replace('2026', '2001'));
  expect(matrixText(judged(many), paintWith(false))).toMatch(/\n! … and 6 more of facts\n$/);
});

test('hosts of one name are told apart by their files', async () => {
  const drop = (text: string, at: number) =>
    (at === 1
      ? edited(text, /(\[\d+:\d+\] -A FORWARD -j DOCKER-USER)/, '[0:0] -A FORWARD -j DROP\\n$1')
      : text
    ).replace(/"host":"host-\d"/, '"host":"copy"');
  const { hosts, causes } = judged(await fleet(2, drop));
  expect(hosts).toEqual(['copy (host-0.json)', 'copy (host-1.json)']);
  expect(causes.map(({ host, hosts: others }) => [host, others])).toEqual([
    ['copy (host-1.json)', ['copy (host-0.json)']],
  ]);
});

test('the document fits its schema', async () => {
  const schema = JSON.parse(
    readFileSync(path.resolve(import.meta.dirname, '../../../../schemas/doctor-matrix.schema.json'), 'utf8'),
  ) as object;
  const validate = new Ajv2020.default({ strict: true }).compile(schema);
  for (const size of [1, 2]) {
    validate(JSON.parse(JSON.stringify(matrixJson(judged(await fleet(size))))));
    expect(validate.errors ?? []).toEqual([]);
  }
});

test('50 hosts are judged within two seconds', async () => {
  const texts = await fleet(50);
  const before = process.cpuUsage();
  const matrix = judged(texts);
  const { user, system } = process.cpuUsage(before);
  expect(matrix.hosts).toHaveLength(50);
  expect(matrix.verdict).toBe('ok');
  // Of the processor, for others work here too; twice the promise, for coverage counts every line.
  expect((user + system) / 1e6).toBeLessThan(4);
});
