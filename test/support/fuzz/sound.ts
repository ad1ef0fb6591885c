import { parseBlock } from '../../../src/net/address.ts';
import type { Plan } from '../../../src/firewall/iptables/plan/plan.ts';
import { FAMILIES } from '../../../src/net/family.ts';
import { renderInput } from '../../../src/firewall/iptables/text/restore-input.ts';
import { splitWords } from '../../../src/firewall/iptables/text/words.ts';
import { recording, recordingNames } from '../recorded/recordings.ts';

const VALUES = new Set(['-j', '-m', '-p', '--jump', '-g']);

const wordsOf = (text: string): readonly string[] => splitWords(text).words;
const isGrammar = (words: readonly string[], i: number): boolean =>
  (words[i] ?? '').startsWith('-') || VALUES.has(words[i - 1] ?? '');

/** What real Engines write: their options, and the values of those that name a target, a match or a protocol. */
const WRITTEN: ReadonlySet<string> = new Set([
  // The routing mesh of an Engine that finds IPVS: none was recorded.
  'DOCKER-INGRESS',
  ...recordingNames().flatMap((name) =>
    [
      ...recording(name).owned.families.ipv4.values(),
      ...recording(name).owned.families.ipv6.values(),
    ].flatMap((chains) =>
      [...chains.values()].flatMap(({ rules }) =>
        rules.flatMap(({ rule, owner }) =>
          owner === 'foreign' ? [] : wordsOf(rule.text).filter((_, i, all) => isGrammar(all, i)),
        ),
      ),
    ),
  ),
]);

const INTERFACE = /^[A-Za-z0-9_.:@=-]{1,15}$/;

/**
 * Objections to one rule of Docker's that is about to be written: an option no Engine writes, an interface that is none or
 * matches many, an address that is none.
 */
export function objectionTo(text: string): string | undefined {
  if (/[^\x20-\x7e]/.test(text)) return 'bytes that no Engine writes';
  const words = wordsOf(text);
  for (const [i, word] of words.entries()) {
    const value = words[i + 1] ?? '';
    if (isGrammar(words, i) && i > 1 && !WRITTEN.has(word) && !/^-(?:j|m|p)$/.test(word))
      return `an option no Engine writes\n${word}`;
    if ((word === '-i' || word === '-o') && !INTERFACE.test(value)) return `no interface\n${value}`;
    if ((word === '-s' || word === '-d') && parseBlock(value) === undefined) return `no address\n${value}`;
    if (word === '--mark' && /\/0x0$/.test(value)) return `a mark that every packet bears\n${value}`;
    if (
      word === '--to-destination' &&
      !/^(?:\d+\.\d+\.\d+\.\d+|\[[0-9a-f:.]+\])(?::\d+(?:-\d+)?)?$/.test(value)
    )
      return `no destination\n${value}`;
    if ((word === '--dport' || word === '--sport') && !isPort(value)) return `no port\n${value}`;
  }
  return undefined;
}

const isPort = (text: string): boolean =>
  /^\d+(?::\d+)?$/.test(text) && text.split(':').every((one) => Number(one) < 65_536);

/** @throws Error when a plan would write something that is no sound rule of Docker's; DOCKER-USER's content is the user's */
export function refuseUnsound(plan: Plan): void {
  for (const family of FAMILIES) {
    renderInput(plan.families[family]);
    for (const { table, steps } of plan.families[family].tables)
      for (const step of steps) {
        if (!('rule' in step) || step.op === 'delete' || step.chain === 'DOCKER-USER') continue;
        const objection = objectionTo(step.rule.text);
        if (objection !== undefined)
          throw new Error(`would write ${objection} in ${family} ${table}: ${step.rule.text}`);
      }
  }
}
