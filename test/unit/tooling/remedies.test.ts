import { expect, test } from 'vitest';
import type { Check } from '../../../src/doctor/diagnosis.ts';
import { effectBy, type Fate, type PrintedCell } from '../../support/reach/cells.ts';
import type { Judged } from '../../support/reach/judge.ts';
import { brokenBy, goneFrom } from '../../support/reach/remedies/judge.ts';
import { promisedByDoctor } from '../../support/reach/remedies/promises.ts';

const CELL: PrintedCell = {
  ...{ effect: 'outage', differs: 'outage', cause: 'overridden', family: 'ipv4', protocol: 'tcp' },
  ...{ from: 'outside', by: 'eth0', source: '203.0.113.77', fromNetwork: null },
  ...{ asked: 'published', container: 'web', network: 'bridge', address: '192.0.2.1', port: 8080 },
  ...{ should: 'reached', is: 'stopped', as: null, reason: 'filter: -A FORWARD -j DROP' },
};
const STOPPED: Fate = { is: 'stopped', as: '' };
const REACHED: Fate = { is: 'reached', as: '203.0.113.77' };

const judged = (name: string, fate: Fate, fields: Partial<PrintedCell> = {}): Judged => {
  const cell = { ...CELL, ...fields };
  return { cell, name, fate, effect: effectBy(cell, fate), refuted: undefined };
};
const fates = (all: Readonly<Record<string, Fate>>) => new Map(Object.entries(all));
const PORT = judged('port', STOPPED);
const VAULT = judged('vault', STOPPED, { effect: 'same', asked: 'unpublished', should: 'stopped' });
const CLOSED = judged('closed', STOPPED, { effect: 'operator', cause: 'operator', container: 'api' });
const STATE = [PORT, VAULT, CLOSED];
const INTACT = { cells: [], fates: fates({ port: REACHED, vault: STOPPED, closed: REACHED }) };
const PROMISED = [{ names: ['port'], least: 1, asked: [] }];
const before = { intact: INTACT, judged: STATE };

test('a remedy after which the port that it is for stays closed has not kept its promise', () => {
  const after = { fates: fates({ port: STOPPED, vault: STOPPED, closed: STOPPED }) };
  expect(brokenBy(PROMISED, before, after)).toEqual({ unkept: ['port'], opened: [] });
});

test('a remedy that opens what Docker closes, or what the operator closed, is told', () => {
  const after = { fates: fates({ port: REACHED, vault: REACHED, closed: REACHED }) };
  expect(brokenBy(PROMISED, before, after)).toEqual({ unkept: [], opened: ['vault', 'closed'] });
});

test('what the operator closed may be opened by a remedy that was asked about it, and nothing else', () => {
  const after = { fates: fates({ port: STOPPED, vault: REACHED, closed: REACHED }) };
  const asked = [{ names: ['closed'], least: 1, asked: [CLOSED.cell, VAULT.cell] }];
  expect(brokenBy(asked, before, after)).toEqual({ unkept: [], opened: ['vault'] });
});

test('what was reached before is given back, and not opened', () => {
  const after = { fates: fates({ port: REACHED, vault: STOPPED, closed: STOPPED }) };
  expect(brokenBy(PROMISED, before, after)).toEqual({ unkept: [], opened: [] });
});

test('of a cause that shows ways, these are promised', () => {
  const cause: Check = {
    ...{ section: 'path', code: 'reach-differs', about: 'web', verdict: 'fail', title: '', meaning: '' },
    evidence: ['-A FORWARD -j DROP', 'way: outside by eth0 → 192.0.2.1:8080/tcp → web:80'],
    remedies: [],
  };
  expect(promisedByDoctor(cause, { paths: [] }, STATE).names).toEqual(['port']);
});

test("a rule of the operator's that is gone is told, one that Docker wrote is not", () => {
  const saved = '-A DOCKER-USER -i eth0 -j DROP\n-A DOCKER-USER -i eth0 -j DROP\n-A FORWARD -j DOCKER-USER\n';
  expect(goneFrom(saved, '-A DOCKER-USER -i eth0 -j DROP\n')).toEqual(['-A DOCKER-USER -i eth0 -j DROP']);
});
