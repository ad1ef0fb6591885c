import { expect, test } from 'vitest';
import { leftTables } from '../../../../src/reconcile/tables/left-tables.ts';
import { nftRecording } from '../../../support/nftables/recordings.ts';
import { observedTables } from '../../../support/nftables/observed.ts';

test('a table of a family that Docker leaves alone by now is told once, with what it does and how it goes', () => {
  const { tables } = nftRecording('no-ip6tables');
  const ipv6 = nftRecording('ports').tables.find(({ family }) => family === 'ipv6');
  if (ipv6 === undefined) throw new Error('no table of IPv6');
  const { findings } = observedTables('no-ip6tables', [...tables, ipv6]);
  expect(findings).toMatchObject([
    { kind: 'orphan', severity: 'notice', family: 'ipv6', table: 'docker-bridges', chain: '' },
  ]);
  const consequence = findings[0]?.consequence;
  expect(consequence).toMatch(/^left from before Docker was told to leave this family alone: /);
  expect(consequence).toMatch(/it still leads \d+ published ports? to containers' old addresses/);
  expect(consequence).toMatch(/to take it out: nft delete table ip6 docker-bridges$/);
});

test('a table without a rule of a network does nothing', () => {
  const [table] = nftRecording('plain').tables;
  if (table === undefined) throw new Error('no table');
  const bare = { ...table, chains: new Map() };
  expect(leftTables([bare], 'before')[0]?.consequence).toBe(
    'left from before: Docker does not keep it up to date; it does nothing to packets; to take it out: nft delete table ip docker-bridges',
  );
});
