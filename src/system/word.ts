import { digestOf } from './digest.ts';
import type { Answer } from './engine.ts';
import { KEEPS_NONE } from './engine-faults.ts';

/**
 * The Engine's word on what exists.
 *
 * @throws Fault RG_ENGINE_NFTABLES or RG_ENGINE_NO_IPTABLES (exit 3)
 */
export async function askWord(): Promise<Answer> {
  // Brings Node's HTTP client with it, which a host without an Engine need not load.
  const { askEngine } = await import('./engine.ts');
  const answer = await askEngine();
  if (!answer.answered && KEEPS_NONE.has(answer.fault.code)) throw answer.fault;
  return answer;
}

/** Asks once more. An Engine that kept silent is not waited for a second time: it may be hung, and each wait takes seconds. */
export async function askAgain(before: Answer): Promise<Answer> {
  return before.answered ? askWord() : before;
}

/** Two words with equal digests say the same. */
export const digestOfWord = (word: Answer): string =>
  word.answered ? digestOf(JSON.stringify(word.inventory)) : word.fault.code;
