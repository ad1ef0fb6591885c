import { expect, test } from 'vitest';
import { diagnose } from '../../../../src/doctor/diagnose.ts';
import type { Diagnosis } from '../../../../src/doctor/diagnosis.ts';
import { doctorPage } from '../../../../src/report/page/page.ts';
import { isOpen, judgedTable } from '../../../../src/reach/judge/judge.ts';
import { coverOfCell } from '../../../../src/reconcile/accept/covers.ts';
import { reachSummary } from '../../../../src/report/page/reach.ts';
import { flushed } from '../../../support/app/edit-rules.ts';
import { recordedTerrain, rulesOf, withRules } from '../../../support/reach/terrain.ts';
import { manyContainers } from '../../../support/doctor/many-containers.ts';
import { BUSY } from '../../../support/doctor/samples/busy.ts';
import { hostile } from '../../../support/doctor/samples/hostile.ts';
import { BROKEN, DARK, HEALTHY } from '../../../support/doctor/samples/sample.ts';

const ABOUT = { host: 'edge <03>', time: '2026-11-22 03:12:44 UTC', version: '0.1.0' };
const page = (diagnosis: Diagnosis): string => doctorPage(diagnosis, ABOUT);

test.each([
  ['healthy', HEALTHY],
  ['broken', BROKEN],
  ['dark', DARK],
  ['busy', BUSY],
  ['hostile', hostile()],
])('%s: the page loads nothing and runs no script', (_, diagnosis) => {
  const text = page(diagnosis);
  expect(text).toMatch(/^<!doctype html>\n<html lang="en">/);
  expect(text).toContain("default-src 'none'; style-src 'unsafe-inline'".replaceAll("'", '&#39;'));
  expect(text).not.toMatch(/<(script|img|link|iframe|object|embed|form|base|svg)\b/i);
  expect(text).not.toMatch(/<[^>]*\s(src|srcset|action|on\w+)=/i);
  for (const [, href = ''] of text.matchAll(/<[^>]*\shref="([^"]*)"/g)) expect(href).toMatch(/^#[a-z]+$/);
  expect(text).not.toMatch(/url\(|@import|@font-face/);
  // Newlines of the template are all there is of control characters, and no mark turns the writing around.
  expect(text).not.toMatch(/[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069]/u);
});

test('the title has verdict, target, host and time', () => {
  expect(page(BROKEN)).toContain(
    '<title>FAULT: container web · edge &lt;03&gt; · 2026-11-22 03:12:44 UTC</title>',
  );
});

test('a rule is shown with its comment as text, and marked where it stops the packet', () => {
  const text = page(BROKEN);
  expect(text).toContain('harden &lt;script&gt;alert(1)&lt;/script&gt; \\x1b[2J');
  expect(text).toMatch(/<li class="ends">[\s\S]*?■ DROP[\s\S]*?-j DROP<\/code>/);
  expect(text).toMatch(/not reached/);
});

test('each command is in a block of its own, without other text', () => {
  for (const { remedies } of BROKEN.causes)
    for (const command of remedies.flatMap(({ commands }) => commands))
      expect(page(BROKEN)).toContain(`<code>${command}</code>`);
});

test('sections where all is well are folded, others are open', () => {
  const text = page(BUSY);
  const bridges = text.match(/<details\s+class="bridge[^>]*>/g) ?? [];
  expect(bridges).toHaveLength(21);
  expect(bridges.filter((tag) => /\sopen\s*>/.test(tag))).toHaveLength(2);
  expect(page(HEALTHY)).not.toMatch(/<details class="(section|path)[^>]*\sopen\s*>/);
});

test('heading levels skip none', () => {
  for (const diagnosis of [HEALTHY, BROKEN, DARK, BUSY]) {
    const levels = [...page(diagnosis).matchAll(/<h([1-4])/g)].map(([, level]) => Number(level));
    expect(levels[0]).toBe(1);
    levels.reduce((before, level) => {
      expect(level - before).toBeLessThanOrEqual(1);
      return level;
    });
  }
});

test('who reaches what comes first, with counts, what it is about and why', () => {
  const host = recordedTerrain('engine-28.5');
  const table = judgedTable(withRules(host, flushed(rulesOf(host))), {
    repaired: undefined,
    whose: () => 'other',
  });
  const text = doctorPage(BROKEN, ABOUT, reachSummary(table));
  expect(text.indexOf('id="reach"')).toBeLessThan(text.indexOf('id="causes"'));
  expect(text).toMatch(/<li class="tile warn">\s*<b>[1-9]/);
  expect(text).toMatch(/published ports? reached from outside through docker-proxy alone/);
});

test('ways that were accepted are counted and marked apart, with the reason and the last day', () => {
  const host = recordedTerrain('engine-28.5');
  const table = judgedTable(withRules(host, flushed(rulesOf(host))), {
    repaired: undefined,
    whose: () => 'other',
  });
  const [first] = table.cells.filter(isOpen);
  if (first === undefined) throw new Error('nothing is amiss');
  const cover = coverOfCell(first);
  const accepted = {
    ...{ id: 'a1b2c3', reason: 'moved on Monday', until: '2999-12-31', accepted: '2026-12-01T03:12:44Z' },
    ...{ by: 'root', headline: '1 port', covers: [cover] },
  };
  const summary = reachSummary(table, new Map([[cover, accepted]]));
  expect(summary.counts.accepted).toBe(1);
  expect(summary.counts[first.effect]).toBe(table.counts[first.effect] - 1);
  const text = doctorPage(BROKEN, ABOUT, summary).replaceAll(/\s+/g, ' ');
  expect(text).toContain('<b>1</b> otherwise, and accepted for a time');
  expect(text).toContain('until 2999-12-31: moved on Monday');
  expect(doctorPage(BROKEN, ABOUT, reachSummary(table))).not.toContain('accepted for a time');
});

test('many paths that fare alike stand together, with one of them drawn; few have a card each', () => {
  const many = diagnose(manyContainers(30), { about: undefined, from: '' });
  const text = page(many);
  const cards = text.match(/<details\s+class="card path/g) ?? [];
  expect(many.paths.length).toBeGreaterThan(100);
  expect(cards.length).toBeLessThan(12);
  for (const name of ['team1-service-1 → outside', 'team20-service-1 → outside'])
    expect(text).toContain(`>${name}</li>`);
  expect(page(HEALTHY)).not.toContain('class="alike"');
});

test('names of networks get into no class and no style', () => {
  const facts = manyContainers(30);
  const named = {
    ...facts,
    networks: facts.networks.map((one) => ({ ...one, name: `${one.name} x{}<style>` })),
  };
  const text = page(diagnose(named, { about: undefined, from: '' }));
  const style = /<style>([\s\S]*?)<\/style>/.exec(text)?.[1] ?? '';
  expect(style).toContain('#net3:checked');
  expect(style).not.toContain('x{}');
  expect(text).not.toMatch(/class="[^"]*team/);
  expect(text).not.toContain('<style> x');
});
