import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { bundleFiles, type BundleFile } from '../../../src/report/doctor/bundle.ts';
import { FACTS } from '../../support/doctor/samples/facts.ts';
import { BROKEN } from '../../support/doctor/samples/sample.ts';

const sources = {
  facts: {
    ...FACTS,
    engine: {
      ...FACTS.engine,
      log: [
        ...(FACTS.engine.log ?? []),
        'link/ether 52:54:00:ab:cd:ef brd ff:ff:ff:ff:ff:ff peer 0xac110002 AC110002',
      ],
    },
  },
  diagnosis: BROKEN,
  about: { host: 'edge-03.example.net', time: '2026-11-22 03:12:44 UTC', version: '0.1.0' },
};
const plain = bundleFiles(sources, false);
const masked = bundleFiles(sources, true);
const file = (files: readonly BundleFile[], name: string): string =>
  files.find((one) => one.name === name)?.text ?? expect.fail(`no ${name}`);

test('all that was seen and said is in it, and README names each file', () => {
  const names = plain.map(({ name }) => name);
  expect(names[0]).toBe('README.txt');
  expect(names).toEqual(
    expect.arrayContaining([
      ...['diagnosis.txt', 'diagnosis.json', 'page.html', 'rules/nft-ipv4.save', 'rules/nft-ipv6.save'],
      ...['rules/sets.json', 'rules/nft-inet-own.nft', 'host/links.json', 'host/routes.json'],
      ...['host/route-rules.json', 'host/sysctls.json', 'docker/engine.json', 'docker/dockerd.log'],
      ...['docker/containers.json', 'docker/rules-in-web/nft-ipv4.save'],
    ]),
  );
  expect(new Set(names).size).toBe(names.length);
  for (const name of names.slice(1)) expect(file(plain, 'README.txt')).toContain(`  ${name}\n`);
  expect(masked.map(({ name }) => name)).toEqual(names);
  for (const name of names) expect(name).toMatch(/^[\w./-]{1,80}$/);
});

test('README says in its first lines whether addresses are masked', () => {
  expect(file(plain, 'README.txt')).toContain('NOTHING IS MASKED');
  expect(file(masked, 'README.txt')).toContain('Addresses are masked');
});

/** Every address of the samples, and the host's name. */
const SECRETS = [
  ...[
    '172.17.0.',
    '172.18.0.',
    '192.0.2.',
    '198.51.100.',
    '203.0.113.',
    'fd00:5f2a',
    '2001:db8::5',
    'edge-03',
  ],
  ...['52:54:00:ab:cd:ef', '02:42:ac:11:00:02', 'ac110002', 'AC110002', '192.0.2', '525400abcdef'],
];

test.each(masked.map(({ name, text }) => [name, text]))(
  'masked, %s tells no address and no host',
  (_, text) => {
    for (const secret of SECRETS) expect(text).not.toContain(secret);
  },
);

test('what was to be masked is there without the mask', () => {
  const all = plain.map(({ text }) => text).join('\n');
  for (const secret of SECRETS.slice(0, 12)) expect(all).toContain(secret);
});

test('masked files tell of the same host: one address is one placeholder in all of them', () => {
  const placeholder = (
    JSON.parse(file(masked, 'docker/containers.json')) as [{ attachments: [{ ipv4: string }] }]
  )[0].attachments[0].ipv4;
  expect(placeholder).not.toBe('172.17.0.2');
  for (const name of [
    'rules/nft-ipv4.save',
    'diagnosis.txt',
    'diagnosis.json',
    'page.html',
    'docker/dockerd.log',
  ])
    expect(file(masked, name), name).toContain(placeholder);
});

test.each([
  ['plain', plain],
  ['masked', masked],
])('%s: rules parse, JSON is JSON, and the diagnosis fits its schema', (_, files) => {
  for (const { name, text } of files) {
    if (name.endsWith('.save')) expect(parseSave(text).ruleset.tables.size, name).toBeGreaterThan(0);
    if (name.endsWith('.json')) expect(() => JSON.parse(text) as unknown, name).not.toThrow();
  }
  const schema = path.resolve(import.meta.dirname, '../../../schemas/doctor.schema.json');
  const validate = new Ajv2020.default({ strict: true }).compile(
    JSON.parse(readFileSync(schema, 'utf8')) as object,
  );
  expect(validate(JSON.parse(file(files, 'diagnosis.json'))), JSON.stringify(validate.errors)).toBe(true);
});
