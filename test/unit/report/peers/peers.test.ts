import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { makeMask } from '../../../../src/report/mask/mask.ts';
import { peersJson } from '../../../../src/report/peers/json.ts';
import { namesToMask } from '../../../../src/report/peers/names.ts';
import { peersText } from '../../../../src/report/peers/text.ts';
import { paintWith } from '../../../../src/report/text.ts';
import { onLink } from '../../../support/doctor/host-facts.ts';
import { followed } from '../../../support/peers/hosts.ts';

const schemaOf = (name: string): object =>
  JSON.parse(
    readFileSync(path.resolve(import.meta.dirname, `../../../../schemas/${name}`), 'utf8'),
  ) as object;
const ajv = new Ajv2020.default({ strict: true, allErrors: true, schemas: [schemaOf('doctor.schema.json')] });
const validate = ajv.compile(schemaOf('doctor-peers.schema.json'));

const HEALTHY = followed({ routed: true });
const BROKEN = followed({ asked: onLink('eth0', { mtu: 1400 }) });

test.each([
  ['healthy', HEALTHY],
  ['a fault', BROKEN],
  ['an address that is nobody’s', followed({ target: '203.0.113.7:80' })],
])('JSON fits its schema: %s', (_name, diagnosis) => {
  validate(JSON.parse(JSON.stringify(peersJson(diagnosis))));
  expect(validate.errors ?? []).toEqual([]);
});

test('the report names the host, what to type there, and the way', () => {
  const text = peersText(BROKEN, paintWith(false), { verbose: false });
  expect(text).toMatch(/^FAULT {2}web on host-a → 192\.0\.2\.20:8080\/tcp on host-b: 1 cause found/);
  expect(text).toContain('between the hosts, at host-b: packets of more than 1400 bytes');
  expect(text).toMatch(/, on host-b:\n {5}ip link set dev eth0 mtu 1500\n/);
  expect(text).toContain('✓ web (172.17.0.2) → 192.0.2.20:8080/tcp: leaves host-a by eth0 as 192.0.2.1');
});

test('where nothing is found, what is between is said not to be seen', () => {
  const text = peersText(HEALTHY, paintWith(false), { verbose: false });
  expect(text).toMatch(/^HEALTHY/);
  expect(text).toContain('by way of 192.0.2.2, which is not seen, to eth0 of host-b');
  expect(text).toContain('it is lost between them');
});

test('no remedy begins as an alternative to one that is not shown', () => {
  const text = peersText(BROKEN, paintWith(false), { verbose: false });
  expect(text).toContain('   or: have host-a send smaller ones');
  const [cause] = BROKEN.causes;
  if (cause === undefined) throw new Error('there is no cause');
  const remedies = [{ what: 'or give it a route', commands: [] }];
  const alone = { ...BROKEN, causes: [{ ...cause, check: { ...cause.check, remedies } }] };
  expect(peersText(alone, paintWith(false), { verbose: false })).toContain('\n   give it a route\n');
});

test.each([
  ['host-a.example.com', 'host-a is lost'],
  ['copy (asking)', 'the clock of copy'],
  ['copy.example.com (copy.json)', 'copy looks for it'],
])('a mask hides what texts call %s', (host, text) => {
  expect(makeMask([], namesToMask([host])).text(text)).not.toMatch(/host-a|copy/);
});

test('a mask hides addresses and names of both hosts alike', () => {
  const masked = makeMask([BROKEN], ['host-a', 'host-b']).value(BROKEN);
  const text = peersText(masked, paintWith(false), { verbose: true });
  expect(text).not.toMatch(/192\.0\.2|172\.17|host-[ab]\b/);
  const [, asked = ''] = / → (\S+):8080\/tcp: leaves/.exec(text) ?? [];
  expect(asked).not.toBe('');
  expect(JSON.stringify(peersJson(masked)).split(asked).length).toBeGreaterThan(4);
});
