import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { savesOf, type Saves } from '../../support/incident/rules.ts';
import { labUnavailable } from '../../support/lab/requirement.ts';
import type { Era } from '../../support/lab/eras.ts';
import { load } from '../../support/matrix/stage.ts';
import { FAULTS } from '../../support/peers/faults.ts';
import { judgeFault } from '../../support/peers/judged.ts';
import { HEALTHY } from '../../support/peers/healthy.ts';
import { FAR, raiseTwo, type EngineHost, type TwoEngines } from '../../support/peers/two-engines.ts';

const RESULTS = path.resolve(import.meta.dirname, '../../../test-results');
const ERAS: readonly [Era, Era] = ['28.5', '26.1'];

const rows: string[] = [];
const reason = ERAS.map(labUnavailable).find((why) => why !== undefined);

describe.skipIf(reason !== undefined)(
  `doctor through two hosts · Engines ${ERAS.join(' and ')}${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    let two: TwoEngines | undefined;
    const golden = new Map<EngineHost, Saves>();

    const pair = (): TwoEngines => {
      if (two === undefined) throw new Error('no hosts');
      return two;
    };
    /** Rules as they were, of both hosts. */
    const reload = async () => {
      for (const [{ engine }, saves] of golden) await load(engine, saves);
    };

    beforeAll(async () => {
      two = await raiseTwo(...ERAS);
      for (const one of [two.asking, two.asked]) golden.set(one, await savesOf(one.engine));
    });
    afterAll(async () => {
      await two?.leave();
      if (rows.length === 0) return;
      mkdirSync(RESULTS, { recursive: true });
      writeFileSync(path.join(RESULTS, 'two-hosts.md'), `${rows.join('\n')}\n`);
    });

    test.for(FAULTS)('$on: $name', async (fault) => {
      const hosts = pair();
      try {
        await hosts.sh(fault.where ?? fault.on, fault.break);
        rows.push(`| ${fault.on}: ${fault.name} | ${await judgeFault(hosts, fault)} |`);
      } finally {
        await hosts.sh(fault.where ?? fault.on, fault.undo ?? 'true').catch(() => undefined);
        await reload();
      }
      const asked = fault.port === undefined ? (fault.address ?? FAR) : FAR;
      expect(await hosts.reaches(asked, 8080), 'once it is taken out').toBe(true);
    });

    test.for(HEALTHY)(
      'no false alarm: $name',
      async ({
        name,
        asker = 'web',
        address = FAR,
        port = 8080,
        where = [],
        make = 'true',
        undo = 'true',
        passes,
      }) => {
        const hosts = pair();
        try {
          for (const place of where) await hosts.sh(place, make);
          expect(await hosts.reaches(address, port, asker)).toBe(passes ?? true);
          const { causes, exit } = await hosts.consult(asker, `${address}:${String(port)}`);
          expect(causes.map(({ host, check }) => `${host} ${check.code} ${check.title}`)).toEqual([]);
          expect(exit).toBe(0);
          rows.push(`| healthy: ${name} | nothing found | |`);
        } finally {
          for (const place of where) await hosts.sh(place, undo);
          await reload();
        }
      },
    );
  },
);
