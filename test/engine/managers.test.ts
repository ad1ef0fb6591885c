import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { oneIn } from '../support/incident/share.ts';
import { labUnavailable } from '../support/lab/requirement.ts';
import { perform, type Deed } from '../support/managers/cell.ts';
import { rehearsed, run } from '../support/managers/predicted.ts';
import { hooked, repaired } from '../support/managers/repaired.ts';
import { MANAGERS } from '../support/managers/all.ts';
import type { Manager } from '../support/managers/managers.ts';
import { createProgram, type Program } from '../support/managers/program.ts';
import { raiseSite, settle, type Rest, type Site } from '../support/managers/site.ts';
import { tableOf, type Cell, type Row } from '../support/managers/table.ts';

const RESULTS = path.resolve(import.meta.dirname, '../../test-results');
const LANES = 3;
/** Each is a host of its own, which takes minutes on a busy machine. */
const TRIED = oneIn(6, MANAGERS);
const rows: Row[] = TRIED.flatMap((manager) =>
  oneIn(3, manager.changes).map((change) => ({ manager, change, cells: {} })),
);
const versions = new Map<string, string>();
let program: Program;

beforeAll(() => {
  program = createProgram();
});

afterAll(() => {
  program.dispose();
  const table = tableOf(rows, versions);
  console.log(table);
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(path.join(RESULTS, 'firewalls.md'), table);
});

function tryOut(manager: Manager): void {
  let site: Site;
  let rest: Rest;

  beforeAll(async () => {
    site = await raiseSite(program, manager.era);
    rest = await settle(site, manager);
    const version = await site.mustType(`dpkg-query -Wf '\${Version}' ${manager.package}`);
    versions.set(`${manager.package} beside Engine ${manager.era}`, version);
  });
  afterAll(() => (site as Site | undefined)?.leave());

  for (const row of rows.filter((one) => one.manager === manager)) {
    const { change } = row;
    describe(change.typed, { concurrent: false }, () => {
      test('what it breaks of Docker without rulesguard', async () => {
        const deed: Deed = await perform(site, rest, change);
        row.deed = deed;
        expect(deed.outcome.code, deed.outcome.stderr).toBe(0);
        expect(deed.lost + deed.policies.length + deed.broken.length > 0).toBe(change.hurts);
      });

      const cell = (name: Cell, judge: typeof run) => {
        test(name, async () => {
          if (row.deed === undefined) throw new Error('nobody knows what it does without us');
          const verdict = await judge(site, rest, row.deed, change);
          row.cells[name] = verdict;
          expect(verdict.wrong).toEqual([]);
        });
      };
      cell('rehearsed', rehearsed);
      cell('run', run);
      cell('run --mode repair', repaired);
      if (change.hook !== undefined) cell('hook', hooked);
    });
  }
}

// Most of the time is spent waiting, for daemons and for packets that must not come: a few managers wait together.
for (let lane = 0; lane < LANES; lane++)
  describe(`lane ${String(lane + 1)}`, { concurrent: true }, () => {
    for (const manager of TRIED.filter((_, index) => index % LANES === lane)) {
      const reason = labUnavailable(manager.era);
      const name = `${manager.name}${reason === undefined ? '' : ` (skipped: ${reason})`}`;
      describe(name, { concurrent: false, skip: reason !== undefined }, () => {
        tryOut(manager);
      });
    }
  });
