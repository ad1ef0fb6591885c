import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import type { Diagnosis } from '../../../../src/doctor/diagnosis.ts';
import { doctorJson } from '../../../../src/report/doctor/json.ts';
import type { PathEnd } from '../../../../src/trace/path.ts';
import { BUSY } from '../../../support/doctor/samples/busy.ts';
import { FOREIGN, named, through } from '../../../support/doctor/samples/paths.ts';
import { BROKEN, DARK, HEALTHY } from '../../../support/doctor/samples/sample.ts';

const FILE = path.resolve(import.meta.dirname, '../../../../schemas/doctor.schema.json');
const schema = JSON.parse(readFileSync(FILE, 'utf8')) as object;
const validate = new Ajv2020.default({ strict: true, allErrors: true }).compile(schema);

/** Why the document does not fit, after a trip through text as a script would read it. */
function misfits(diagnosis: Diagnosis): unknown {
  return validate(JSON.parse(JSON.stringify(doctorJson(diagnosis)))) ? [] : validate.errors;
}

test.each([
  ['a healthy host', HEALTHY],
  ['a fault', BROKEN],
  ['no Engine, no variant', { ...DARK, variant: '' }],
  ['a hundred containers', BUSY],
  [
    'a port',
    { ...HEALTHY, target: { kind: 'port', address: '::', port: 80, proto: 'udp' }, from: 'outside' },
  ],
  ['a network', { ...HEALTHY, target: { kind: 'network', name: 'shop' } }],
] satisfies [string, Diagnosis][])('%s fits the schema', (_, diagnosis) => {
  expect(misfits(diagnosis)).toEqual([]);
});

test.each<PathEnd>([
  { at: 'local' },
  { at: 'stopped', hook: 'FORWARD', variant: 'legacy', table: 'filter', chain: 'FORWARD', target: 'DROP' },
  {
    ...{ at: 'stopped', hook: 'OUTPUT', variant: 'nft', table: 'filter', chain: 'BOX', target: 'DROP' },
    led: { chains: ['OUTPUT'], names: ['out'] },
  },
  { at: 'lost', why: 'rp-filter', detail: 'eth0 does not lead to 10.0.0.1' },
  { at: 'unknown', why: 'match bpf' },
  { at: 'unknown', why: 'set blocked', table: 'raw', chain: 'PREROUTING', rule: FOREIGN },
])('an end %j fits the schema', (end) => {
  const ping = { ...through.packet, protocol: 'icmp', icmp: { type: 8, code: 0 } };
  const path = { ...through, packet: ping, end };
  expect(misfits({ ...HEALTHY, paths: [named({ name: 'x', path })] })).toEqual([]);
});

test.each([
  ['an Engine that answers', HEALTHY, 'iptables'],
  ['no Engine', DARK, null],
])('%s: the firewall backend beside the variant', (_, diagnosis, firewallBackend) => {
  expect(doctorJson(diagnosis)).toMatchObject({ firewallBackend, variant: 'nft' });
});

test('an unknown field does not fit the schema', () => {
  expect(misfits({ ...HEALTHY, target: { kind: 'host', also: 1 } as Diagnosis['target'] })).not.toEqual([]);
});

test('the rule that stops a packet is in the document, with its control characters escaped', () => {
  const { paths } = doctorJson(BROKEN) as { paths: { steps: { rule: string; counters: string }[] }[] };
  const last = paths[0]?.steps.at(-1);
  expect(last?.rule).toContain('-j DROP');
  expect(last?.rule).toContain('\\x1b[2J');
  expect(last?.counters).toBe('4182:250920');
});

test('every property of the schema is described', () => {
  const bare: string[] = [];
  const look = (value: unknown, where: string): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, inner] of Object.entries(value as Record<string, unknown>)) {
      if (key === 'properties')
        for (const [name, property] of Object.entries(inner as Record<string, object>))
          if (!('description' in property)) bare.push(`${where}/${name}`);
      look(inner, `${where}/${key}`);
    }
  };
  look(schema, '');
  expect(bare).toEqual([]);
});
