import { readFileSync } from 'node:fs';
import { validate } from '../../../src/generated/pending.js';
import { firstDifference, withEmptied } from '../../../src/firewall/iptables/plan/rollback.ts';
import { FAMILIES } from '../../../src/net/family.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { printRuleset } from '../../../src/firewall/iptables/text/print.ts';
import { liveOf } from '../../../src/host/pending/saved-state.ts';
import type { PendingChange } from '../../../src/host/pending/read.ts';
import type { Target } from './campaign.ts';
import { judged } from './consider.ts';
import { damaged, GROUNDS } from './hosts.ts';
import { mutateJson } from './mutate-json.ts';

const SEAL = {
  $schema: 'https://rulesguard.dev/schemas/pending.schema.json',
  digest: `sha256:${'0'.repeat(64)}`,
};

const NATIVE = readFileSync(
  new URL('../../fixtures/nftables/firewalld-1.3.3.nft', import.meta.url),
  'latin1',
);

/** Records of changes that wait to be confirmed, forged: what is rolled back to is what is written in them, or a fault. */
export const PENDING: Target = {
  name: 'pending',
  run: (dice) => {
    const { recorded } = dice.pick(GROUNDS);
    const change: PendingChange = {
      ...{
        version: 1,
        created: '2026-01-02T03:04:05.678Z',
        boot: 'b',
        network: 'net:[1]',
        what: 'iptables -F',
      },
      by: { user: 'root', terminal: 'pts/0', uid: 0, session: 1, sudo: null, shell: null },
      ...{ seconds: 60, deadline: 1234.5, until: '2026-01-02T03:05:05.678Z' },
      record: {
        variants: [{ variant: 'nft', ...recorded.text }],
        sets: 'create blocked hash:ip family inet\nadd blocked 192.0.2.1\n',
        native: [{ table: 'inet firewalld', text: NATIVE }],
      },
    };
    const forged = mutateJson(JSON.stringify(change), JSON.stringify(change), dice, {
      rough: 3,
      most: 2,
    }) as PendingChange;
    if (!validate({ ...SEAL, ...forged })) return 'refused';
    return judged(() => {
      const now = damaged(recorded.host, dice).rules;
      for (const saved of forged.record.variants) {
        const { rules } = liveOf(saved);
        for (const family of FAMILIES) {
          const text = printRuleset(withEmptied(rules[family], now[family]), 'counters');
          const again = { ...rules, [family]: parseSave(text).ruleset };
          const difference = firstDifference(rules, again);
          if (difference !== undefined)
            throw new Error(`what would be loaded is not what was recorded\n${difference}`);
        }
      }
    });
  },
};
