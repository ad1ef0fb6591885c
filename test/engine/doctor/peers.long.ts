import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { savesOf, type Saves } from '../../support/incident/rules.ts';
import { labUnavailable } from '../../support/lab/requirement.ts';
import type { Era } from '../../support/lab/eras.ts';
import { typistOf } from '../../support/lab/typist.ts';
import { load } from '../../support/matrix/stage.ts';
import type { PeerFault } from '../../support/peers/fault.ts';
import { FAULTS } from '../../support/peers/faults.ts';
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

    const judge = async (fault: PeerFault) => {
      const { on, codes, asker = 'web', address = FAR, port = 8080, byHand, passes } = fault;
      const hosts = pair();
      const through = await hosts.reaches(address, port, asker);
      expect(through, 'whether a packet passes').toBe(passes === true);
      const { causes, exit, verdict } = await hosts.consult(asker, `${address}:${String(port)}`);
      const named = causes.map(({ host, check }) => `${host} ${check.code}`);
      const told = causes
        .map(
          ({ host, check: { code, title, remedies } }) =>
            `${host} ${code}: ${title}: ${remedies[0]?.commands.join('; ') ?? ''}`,
        )
        .join('\n');
      expect([verdict, exit], told).toEqual(['fail', 1]);
      expect(
        codes.map((code) => `${on} ${code}`),
        told,
      ).toContain(named[0]);
      expect(new Set(causes.map(({ host }) => host)), told).toEqual(new Set([on]));
      const commands = causes[0]?.check.remedies[0]?.commands ?? [];
      if (byHand === true) return `${named.join(', ')} | by hand`;
      expect(commands, told).not.toEqual([]);
      const { engine, host } = on === 'host-a' ? hosts.asking : hosts.asked;
      const type = typistOf(engine, host);
      for (const command of commands) {
        const outcome = await type(command);
        expect(outcome.code, `${command}\n${outcome.stderr}`).toBe(0);
      }
      expect(await hosts.reaches(address, port, asker), `after ${commands.join('; ')}\n${told}`).toBe(true);
      return `${named.join(', ')} | packets pass`;
    };

    test.for(FAULTS)('$on: $name', async (fault) => {
      const hosts = pair();
      try {
        await hosts.sh(fault.on, fault.break);
        rows.push(`| ${fault.on}: ${fault.name} | ${await judge(fault)} |`);
      } finally {
        await hosts.sh(fault.on, fault.undo ?? 'true').catch(() => undefined);
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
