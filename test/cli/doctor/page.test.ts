import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diagnose } from '../../../src/doctor/diagnose.ts';
import type { Diagnosis } from '../../../src/doctor/diagnosis.ts';
import type { PeersDiagnosis } from '../../../src/doctor/peers/peer.ts';
import { doctorPage } from '../../../src/report/page/page.ts';
import { peersPage } from '../../../src/report/page/peers/page.ts';
import { browserUnavailable, withBrowser, type OpenPage, type View } from '../../support/browser.ts';
import { DROPS, followed } from '../../support/peers/hosts.ts';
import { manyContainers } from '../../support/doctor/many-containers.ts';
import { BUSY } from '../../support/doctor/samples/busy.ts';
import { hostile } from '../../support/doctor/samples/hostile.ts';
import { BROKEN, DARK, HEALTHY } from '../../support/doctor/samples/sample.ts';
import { oneIn } from '../../support/incident/share.ts';

const reason = browserUnavailable();
const ABOUT = { host: 'edge-03.example.net', time: '2026-11-22 03:12:44 UTC', version: '0.1.0' };
const PHONE = { width: 390, height: 844 };
const DESK = { width: 1440, height: 900 };
const one = (diagnosis: Diagnosis): string => doctorPage(diagnosis, ABOUT);
const two = (diagnosis: PeersDiagnosis): string => peersPage(diagnosis, ABOUT);
const SAMPLES: readonly (readonly [name: string, page: string])[] = [
  ['healthy', one(HEALTHY)],
  ['broken', one(BROKEN)],
  ['dark', one(DARK)],
  ['busy', one(BUSY)],
  ['hostile', one(hostile())],
  ['two-hosts', two(followed({ routed: true }))],
  ['two-hosts-stopped', two(followed({ asking: DROPS, asked: DROPS }))],
  ['two-hosts-unknown', two(followed({ target: '203.0.113.7:80' }))],
];

/** Texts of the page with less contrast than 4.5:1 to what they stand on, folded parts too. */
const FAINT = `(() => {
  for (const fold of document.querySelectorAll('details')) fold.open = true;
  const part = (value) => { const x = value / 255; return x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4; };
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = numbers(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 0, 255];
  };
  return [...document.body.querySelectorAll('*')]
    .filter((e) => [...e.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== ''))
    .map((e) => [e, light(numbers(getComputedStyle(e).color)), light(ground(e))])
    .map(([e, a, b]) => [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), e.className + ' ' + e.textContent.trim().slice(0, 30)])
    .filter(([ratio]) => ratio < 4.5);
})()`;

/** Boxes that stick out of the screen, other than what scrolls within its own box. */
const STICKING_OUT = `(() => [...document.body.querySelectorAll('*')]
  .filter((e) => e.closest('pre') === null && e.getBoundingClientRect().right > innerWidth + 0.5)
  .map((e) => e.tagName + '.' + e.className))()`;

describe.skipIf(reason !== undefined)(
  `the page in a browser${reason === undefined ? '' : ` (${reason})`}`,
  () => {
    let folder = '';
    beforeAll(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'rulesguard-page-'));
      for (const [name, page] of SAMPLES) writeFileSync(path.join(folder, `${name}.html`), page);
    });
    afterAll(() => {
      rmSync(folder, { recursive: true });
    });

    const look = (view: View, judge: (page: OpenPage, name: string) => Promise<void>): Promise<void> =>
      withBrowser(async (open) => {
        for (const [name] of SAMPLES) await judge(await open(path.join(folder, `${name}.html`), view), name);
      });

    const views: readonly (readonly [string, View])[] = [
      ['a phone, light', { ...PHONE, scheme: 'light' }],
      ['a phone, dark', { ...PHONE, scheme: 'dark' }],
      ['a desk, light', { ...DESK, scheme: 'light' }],
      ['a desk, dark', { ...DESK, scheme: 'dark' }],
    ];
    test.each(oneIn(3, views))(
      'on %s: no error, no request, nothing wider than the screen, enough contrast',
      (_, view) =>
        look(view, async (page, name) => {
          expect(await page.evaluate('document.querySelectorAll("h1").length'), name).toBe(1);
          // Unfolds everything, so that what follows judges all of it.
          expect(await page.evaluate(FAINT), name).toEqual([]);
          expect(await page.evaluate('[innerWidth, document.documentElement.scrollWidth]'), name).toEqual([
            view.width,
            view.width,
          ]);
          expect(await page.evaluate(STICKING_OUT), name).toEqual([]);
          expect(await page.evaluate('matchMedia("(prefers-color-scheme: dark)").matches'), name).toBe(
            view.scheme === 'dark',
          );
          expect(page.requests, name).toHaveLength(1);
          expect(page.complaints, name).toEqual([]);
        }),
    );

    test('markup in a rule is shown as text, unfolded too', () =>
      look({ ...DESK, scheme: 'light' }, async (page, name) => {
        if (name !== 'hostile') return;
        expect(
          await page.evaluate('document.querySelectorAll("script, img, iframe, object, a[href^=j]").length'),
        ).toBe(0);
        expect(await page.evaluate('typeof window.harm')).toBe('undefined');
        expect(await page.evaluate('document.body.textContent')).toContain('<script>harm=1</script>');
      }));

    test('two hosts are a few sheets of paper, the host that asks on the left in both directions', () =>
      look({ width: 1280, height: 900, scheme: 'light' }, async (page, name) => {
        if (!name.startsWith('two-hosts')) return;
        expect(await page.sheets(), name).toBeLessThanOrEqual(5);
        const hosts = `[...document.querySelectorAll('.hosts')].map((e) => [...e.children]
          .toSorted((a, b) => a.getBoundingClientRect().left - b.getBoundingClientRect().left)
          .map((side) => side.querySelector('.who').textContent))`;
        const row = ['host-a', 'Between the hosts', 'host-b'];
        expect(await page.evaluate(hosts), name).toEqual([row, row]);
      }));

    test.each(oneIn(4, [30, 300]))(
      '%i containers: a few sheets of paper, and what is not chosen is hidden, without a script',
      (number) =>
        withBrowser(async (open) => {
          const file = path.join(folder, `many-${String(number)}.html`);
          const diagnosis = diagnose(manyContainers(number), { about: undefined, from: '' });
          writeFileSync(file, doctorPage(diagnosis, ABOUT));
          const page = await open(file, { ...DESK, scheme: 'light' });
          // Printing hundreds of containers takes a browser long where others work too.
          if (number === 30) expect(await page.sheets()).toBeLessThanOrEqual(12);
          const shown = `[...document.querySelectorAll('.bridges > li')].filter((e) => e.offsetParent !== null).length`;
          expect(await page.evaluate(shown)).toBe(21);
          expect(await page.evaluate(`document.querySelector('#net3').click(); ${shown}`)).toBe(1);
          const names = `[...document.querySelectorAll('.alike li')].filter((e) => e.offsetParent !== null).every((e) => /team3-/.test(e.textContent))`;
          expect(await page.evaluate(names)).toBe(true);
          // Nothing is wrong with that network's bridge.
          expect(await page.evaluate(`document.querySelector('#bad').click(); ${shown}`)).toBe(0);
          expect(page.complaints).toEqual([]);
        }),
    );
  },
);
