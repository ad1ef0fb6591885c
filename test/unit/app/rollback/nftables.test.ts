import { describe, expect, test } from 'vitest';
import { rollBack } from '../../../../src/app/rollback/rollback.ts';
import { Fault } from '../../../../src/fault.ts';
import type { NftTable } from '../../../../src/firewall/nftables/tables/model.ts';
import { EMPTY_RULESET } from '../../../../src/firewall/iptables/text/model.ts';
import { linesOf } from '../../../../src/firewall/nftables/simulate/same.ts';
import { linesOf as rulesIn } from '../../../support/app/edit-rules.ts';
import { goneFrom, NO_ENGINE } from '../../../support/app/memory-host.ts';
import { WHOLE } from '../../../support/app/repaired.ts';
import { memoryRollbackHost, waiting } from '../../../support/app/memory-rollback-host.ts';
import { USERS_RULE } from '../../../support/nftables/damages.ts';
import { withRules } from '../../../support/nftables/edits.ts';
import { nftReply } from '../../../support/nftables/observed.ts';
import { nftRecording } from '../../../support/nftables/recordings.ts';

const ID = '000001-20260101T000000Z';
const NONE = { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET };
const linesIn = (tables: readonly NftTable[] = []) => tables.flatMap((table) => linesOf(table)).toSorted();

/** A host on which a change waits, made while these tables were Docker's. */
function hostOf(name: string, recorded = nftRecording(name).tables, rules = NONE) {
  const pending = waiting(rules);
  const native = [{ table: 'ip docker-bridges', text: 'table ip docker-bridges {\n}\n' }];
  const record = { ...pending.change.record, native };
  const host = memoryRollbackHost({ ...pending, change: { ...pending.change, record } }, nftReply(name));
  host.recordedTables = recorded;
  return host;
}

describe('rolling back beside an Engine that writes with nftables', () => {
  test('Docker’s tables are as they were where nothing has come or gone', async () => {
    const host = hostOf('plain');
    expect(await rollBack(ID, host)).toMatchObject({
      outcome: 'rolled-back',
      pending: { change: { says: "Docker's part is as the Engine requires now" } },
    });
    expect(linesIn(host.wantedTables)).toEqual(linesIn(host.recordedTables));
  });

  test('nothing is brought back of a container that is gone, and no rule of iptables is asked for', async () => {
    const host = hostOf('plain');
    host.engine = goneFrom(host.engine, 'web');
    await rollBack(ID, host);
    const lines = linesIn(host.wantedTables);
    expect(lines.filter((line) => line.includes('172.17.0.2'))).toEqual([]);
    expect(lines).toContain(linesIn(host.recordedTables).find((line) => line.includes('MASQUERADE')));
    expect(host.loaded.get('nft')?.ipv4.tables.size).toBe(0);
  });

  test('nor of a network that is gone: its chains and elements go with it', async () => {
    const host = hostOf('two-bridges');
    const { engine } = host;
    if (!engine.answered) throw new Error('no Engine');
    const gone = engine.inventory.networks.find(({ bridge }) => bridge !== 'docker0' && bridge !== '');
    if (gone === undefined) throw new Error('one network');
    expect(linesIn(host.recordedTables).join('\n')).toContain(gone.bridge);
    host.engine = {
      ...engine,
      inventory: {
        ...engine.inventory,
        networks: engine.inventory.networks.filter((network) => network !== gone),
        endpoints: engine.inventory.endpoints.filter(({ bridge }) => bridge !== gone.bridge),
        ports: engine.inventory.ports.filter(({ endpoint }) => endpoint?.bridge !== gone.bridge),
      },
    };
    await rollBack(ID, host);
    expect(linesIn(host.wantedTables).join('\n')).not.toContain(gone.bridge);
  });

  test('what was lost before the change, or started since, has its rules', async () => {
    const whole = nftRecording('plain').tables;
    const broken = whole.map((table) => withRules(table, 'nat-prerouting-and-output', () => []));
    const host = hostOf('plain', broken);
    await rollBack(ID, host);
    expect(linesIn(host.wantedTables)).toEqual(linesIn(whole));
  });

  test('a rule of a user’s in Docker’s table stays as it was recorded', async () => {
    const mine = nftRecording('plain').tables.map((table) =>
      withRules(table, 'filter-FORWARD', (rules) => [USERS_RULE, ...rules]),
    );
    const host = hostOf('plain', mine);
    await rollBack(ID, host);
    expect(linesIn(host.wantedTables)).toEqual(linesIn(mine));
  });

  test('without its answer, and where no namespace can be made, everything is as recorded, and why is said', async () => {
    const alone = hostOf('plain');
    alone.engine = NO_ENGINE;
    await rollBack(ID, alone);
    expect(alone.wantedTables).toBeUndefined();
    expect(alone.done).toContain('native');
    const closed = hostOf('plain');
    const refused = new Fault('RG_REHEARSAL', 3, 'no network namespace could be made');
    Object.assign(closed, { editTables: () => Promise.reject(refused) });
    expect(await rollBack(ID, closed)).toMatchObject({
      outcome: 'rolled-back',
      pending: { change: { says: 'as recorded: no network namespace could be made' } },
    });
  });

  test('what iptables held is as it was, what is left there of Docker’s too', async () => {
    const host = hostOf('plain', nftRecording('plain').tables, WHOLE);
    host.engine = goneFrom(host.engine, 'web');
    await rollBack(ID, host);
    expect(rulesIn(host.loaded.get('nft') ?? NONE)).toEqual(rulesIn(WHOLE));
  });
});
