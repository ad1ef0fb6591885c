import { ownHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import { predictRestore } from '../../../src/firewall/iptables/predict/predict-restore.ts';
import { strip } from '../../../src/firewall/iptables/ownership/strip.ts';
import { EMPTY_RULESET } from '../../../src/firewall/iptables/text/model.ts';
import { FAMILIES } from '../../../src/net/family.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { printRuleset } from '../../../src/firewall/iptables/text/print.ts';
import { printSave } from '../save-text.ts';
import { engineAbsent } from '../../../src/host/engine/faults.ts';
import { observationOf } from '../../../src/reconcile/observation.ts';
import { partsOf } from '../../../src/trace/match/rule-parts.ts';
import type { Target } from './campaign.ts';
import { consider, judged } from './consider.ts';
import { GROUNDS, storedOf } from './hosts.ts';
import { mutateLines } from './mutate-lines.ts';

/**
 * What iptables-save prints, and what a file gives itself out for. Read to the byte or refused with a line; compared with a
 * baseline, repaired, stripped, foretold.
 */
export const SAVES: Target = {
  name: 'saves',
  run: (dice) => {
    const { recorded, baseline } = dice.pick(GROUNDS);
    // An Engine that writes no rules of IPv6 left no save of it.
    const family = recorded.text.ipv6 === '' ? 'ipv4' : dice.pick(FAMILIES);
    const text = mutateLines(recorded.text[family], Object.values(dice.pick(GROUNDS).recorded.text), dice);
    return judged(() => {
      const save = parseSave(text, 'the input');
      if (printSave(save) !== text) throw new Error('printed again it is another text');
      const printed = printRuleset(save.ruleset, 'counters');
      if (printRuleset(parseSave(printed).ruleset, 'counters') !== printed)
        throw new Error('a ruleset printed and read again is another');
      for (const { chains } of save.ruleset.tables.values())
        for (const { rules } of chains.values()) for (const rule of rules) partsOf(rule);
      const owned = ownHost({ ipv4: save.ruleset, ipv6: EMPTY_RULESET });
      parseSave(strip(save, owned.families.ipv4), 'the stripped save');
      predictRestore(family, text, { variant: 'nft', rules: recorded.host }, dice.oneIn(2));
      const live = {
        variant: 'nft',
        version: undefined,
        rules: { ...recorded.host, [family]: save.ruleset },
      } as const;
      const word = { answered: false, fault: engineAbsent(['nowhere'], []) } as const;
      consider(observationOf({ source: 'baseline', stored: storedOf(baseline) }, live, word), {
        policies: 'leave',
        assumeUnchanged: true,
      });
    });
  },
};
