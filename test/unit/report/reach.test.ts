import { readFileSync } from 'node:fs';
import path from 'node:path';
import Ajv2020 from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { reachTable } from '../../../src/reach/table.ts';
import { reachCsv } from '../../../src/report/reach/csv.ts';
import { toldGroups } from '../../../src/report/reach/groups.ts';
import { reachJson } from '../../../src/report/reach/json.ts';
import { reachText, type ReachReport } from '../../../src/report/reach/text.ts';
import { paintWith } from '../../../src/report/text.ts';
import { flushed, withRule } from '../../support/app/edit-rules.ts';
import { judgedHost } from '../../support/reach/judged.ts';
import { recordedTerrain, rulesOf, withRules } from '../../support/reach/terrain.ts';

const FILE = path.resolve(import.meta.dirname, '../../../schemas/reach.schema.json');
const validate = new Ajv2020.default({ strict: true, allErrors: true, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync(FILE, 'utf8')) as object,
);

const host = recordedTerrain('engine-28.5');
const broken = withRules(
  host,
  withRule(flushed(rulesOf(host)), 'ipv4', 'filter', '-A FORWARD -j ACCEPT', 'first'),
);
const report = (terrain: typeof host, exit: ReachReport['exit']): ReachReport => ({
  ...{ cells: reachTable(terrain), engine: '28.5.2', question: {}, exit, unread: [], unasked: [] },
});
const HEALTHY = report(host, 0);
const BROKEN = report(broken, 1);
const plain = paintWith(false);

test('a whole host is one line', () => {
  expect(reachText(HEALTHY, plain, { all: false })).toMatch(
    /^HEALTHY {2}all \d+ ways are as Docker means them .*\n$/,
  );
});

test('what is not asked is said beside whatever else is', () => {
  const unasked = [
    { what: 'proxied-alone', names: ['web 8080'] },
    { what: 'overlay-networks', names: ['back', 'front'] },
  ] as const;
  expect(reachText({ ...HEALTHY, unasked }, plain, { all: false })).toMatch(
    /\nNot asked: 1 port that docker-proxy alone serves, 2 overlay networks\n$/,
  );
  const [one] = unasked;
  expect(reachText({ ...HEALTHY, unasked: [one] }, plain, { all: false })).toMatch(
    /alone serves \(web 8080\)\n$/,
  );
  const document = reachJson({ ...HEALTHY, unasked }, { all: false });
  expect(validate(document), JSON.stringify(validate.errors)).toBe(true);
  expect(document).toMatchObject({ unasked });
});

test('what differs is told on one screen, the verdict first, effects before reasons', () => {
  const text = reachText(BROKEN, plain, { all: false });
  expect(text).toMatch(/^FAULT {2}/);
  expect(text).toContain('OUTAGE  7 containers do not reach the outside: ');
  expect(text).toContain('EXPOSURE  1 container reachable from outside, by its own address: vault');
  expect(text).toContain('DEGRADED  13 published ports reached from outside through docker-proxy alone');
  const lines = text.split('\n');
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test('what a rule of the operator closes is told by that rule, and so is one of somebody else', () => {
  const rules = ['-A FORWARD -o eth0 -j DROP', '-A DOCKER-USER -i eth0 -j DROP'];
  const { cells } = judgedHost('engine-28.5', host, (was) =>
    rules.reduce((all, rule) => withRule(all, 'ipv4', 'filter', rule, 'first'), was),
  );
  expect(toldGroups(cells).map(({ effect, headline, reasons }) => [effect, headline, ...reasons])).toEqual([
    ['outage', '7 containers do not reach the outside', `filter: ${rules[0] ?? ''}`],
    ['outage', '7 containers do not reach their name server', `filter: ${rules[0] ?? ''}`],
    ['operator', '13 published ports unreachable from outside', `filter: ${rules[1] ?? ''}`],
  ]);
  const text = reachText({ ...HEALTHY, cells, exit: 1 }, plain, { all: false });
  expect(text).toContain('CLOSED BY RULE  13 published ports unreachable from outside');
});

test('what rules of the operator decide is no difference, and asks for no repair', () => {
  const { cells } = judgedHost('engine-28.5', host, (was) =>
    withRule(was, 'ipv4', 'filter', '-A DOCKER-USER -i eth0 -m conntrack --ctstate NEW -j DROP', 'first'),
  );
  const text = reachText({ ...HEALTHY, cells, exit: 0 }, plain, { all: false });
  expect(text).toMatch(
    /^HEALTHY {2}all \d+ ways are as Docker means them, but for \d+ that rules of your own decide /,
  );
  expect(text).not.toContain('rulesguard doctor');
  expect(
    reachText({ ...HEALTHY, cells, question: { target: 'web' }, exit: 1 }, plain, { all: false }),
  ).toMatch(/^FAULT {2}rules of your own close \d+ of \d+ ways of web /);
  const document = JSON.stringify(reachJson({ ...HEALTHY, cells }, { all: false }));
  expect(document).toContain(
    '"cause":"operator","decider":"filter: -A DOCKER-USER -i eth0 -m conntrack --ctstate NEW -j DROP"',
  );
});

test('with --all every way has its line', () => {
  const lines = reachText(BROKEN, plain, { all: true }).trim().split('\n');
  expect(lines).toHaveLength(BROKEN.cells.length + 1);
});

test.each([HEALTHY, BROKEN])('the document fits its schema', (one) => {
  for (const all of [true, false]) {
    const document = JSON.parse(JSON.stringify(reachJson(one, { all }))) as { readonly cells: unknown[] };
    expect(validate(document) ? [] : validate.errors).toEqual([]);
    if (all) expect(document.cells).toHaveLength(one.cells.length);
  }
});

test('CSV has a line of names and one for each way, and nothing a spreadsheet runs', () => {
  const lines = reachCsv(BROKEN).trim().split('\r\n');
  expect(lines).toHaveLength(BROKEN.cells.length + 1);
  expect(lines[0]).toBe(
    'effect,differs,cause,decider,family,protocol,from,by,source,fromNetwork,asked,container,network,address,port,should,is,as,reason,accepted',
  );
  const [cell] = BROKEN.cells;
  if (cell?.asker.by !== 'outside') throw new Error('the first asker is outside');
  const formula = { ...cell, asker: { ...cell.asker, interface: '=1+1' } };
  expect(reachCsv({ cells: [formula] })).toContain(",'=1+1,");
});
