import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { savesOf, type Saves } from '../../support/incident/rules.ts';
import type { Era } from '../../support/lab/eras.ts';
import { labUnavailable } from '../../support/lab/requirement.ts';
import { load } from '../../support/matrix/stage.ts';
import { FAULTS_SIX, HEALTHY_SIX } from '../../support/peers/faults-six.ts';
import { judgeFault } from '../../support/peers/judged.ts';
import {
  addIpv6,
  FAR6,
  raiseTwo,
  type EngineHost,
  type TwoEngines,
} from '../../support/peers/two-engines.ts';

const RESULTS = path.resolve(import.meta.dirname, '../../../test-results');
const ERAS: readonly [Era, Era] = ['28.5', '26.1'];
const USUAL = { asker: 'web6', address: FAR6, port: 8086 } as const;

const rows: string[] = [];
const reason = ERAS.map(labUnavailable).find((why) => why !== undefined);

describe.skipIf(reason !== undefined)(
  `doctor through two hosts by IPv6 · Engines ${ERAS.join(' and ')}${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    let two: TwoEngines | undefined;
    const golden = new Map<EngineHost, Saves>();

    const pair = (): TwoEngines => {
      if (two === undefined) throw new Error('no hosts');
      return two;
    };
    const reload = async () => {
      for (const [{ engine }, saves] of golden) await load(engine, saves);
    };

    beforeAll(async () => {
      two = await raiseTwo(...ERAS, ['--live-restore', '--experimental', '--ip6tables']);
      await addIpv6(two);
      for (const one of [two.asking, two.asked]) golden.set(one, await savesOf(one.engine));
    });
    afterAll(async () => {
      await two?.leave();
      if (rows.length === 0) return;
      mkdirSync(RESULTS, { recursive: true });
      writeFileSync(path.join(RESULTS, 'two-hosts-six.md'), `${rows.join('\n')}\n`);
    });

    test.for(FAULTS_SIX)('$on: $name', async (fault) => {
      const hosts = pair();
      try {
        await hosts.sh(fault.where ?? fault.on, fault.break);
        await hosts.sh('router', fault.router ?? 'true');
        rows.push(`| ${fault.on}: ${fault.name} | ${await judgeFault(hosts, fault, USUAL)} |`);
      } finally {
        await hosts.sh(fault.where ?? fault.on, fault.undo ?? 'true').catch(() => undefined);
        await reload();
      }
      const asked = fault.port === undefined ? (fault.address ?? FAR6) : FAR6;
      expect(await hosts.reaches(asked, 8086, 'web6'), 'once it is taken out').toBe(true);
    });

    test.for(HEALTHY_SIX)(
      'no false alarm: $name',
      async ({ name, address = FAR6, break: make = 'true', undo = 'true' }) => {
        const hosts = pair();
        const both = ['host-a', 'host-b'] as const;
        try {
          for (const place of both) await hosts.sh(place, make);
          expect(await hosts.reaches(address, 8086, 'web6')).toBe(true);
          const { causes, exit } = await hosts.consult('web6', `[${address}]:8086`);
          expect(causes.map(({ host, check }) => `${host} ${check.code} ${check.title}`)).toEqual([]);
          expect(exit).toBe(0);
          rows.push(`| healthy: ${name} | nothing found | |`);
        } finally {
          for (const place of both) await hosts.sh(place, undo).catch(() => undefined);
          await reload();
        }
      },
    );
  },
);
