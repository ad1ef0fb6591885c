import { deciderOfOther, endOfOther } from './alike/counterparts.ts';
import type { Form } from './alike/forms.ts';
import type { Is } from './cell.ts';
import type { Decider } from './judge/decider.ts';

/** What decides about a question of a form where another one of the same form met a decider. */
export function translatedDecider<Told extends Decider>(decider: Told, was: Form, now: Form): Told {
  switch (decider.by) {
    case 'kernel':
      return { ...decider, detail: withAddresses(decider.detail, was.addresses, now.addresses) };
    case 'rule':
    case 'native':
    case 'policy':
      return deciderOfOther(decider, [[was.rules(), now.rules()]]);
  }
}

/** A text with other addresses, each in place of the one that stands where it does in the list. */
export const withAddresses = (text: string, were: readonly string[], are: readonly string[]): string =>
  text.replaceAll(/[\da-f.:]+/g, (word) => are[were.indexOf(word)] ?? word);

/**
 * What became of one question, told of another of the same form.
 *
 * @returns undefined where it is told with names that only following the other's own packets gives
 */
export function translatedIs(is: Is, was: Form, now: Form): Is | undefined {
  switch (is.is) {
    case 'reached': {
      const at = was.addresses.indexOf(is.as);
      return { is: 'reached', as: now.addresses[at] ?? is.as };
    }
    case 'proxied':
      return is;
    case 'stopped': {
      const { end, outcome } = is;
      if (end.at === 'local' && outcome.is !== 'elsewhere' && outcome.is !== 'detour') return is;
      if (end.at !== 'stopped' || outcome.is !== 'stopped') return undefined;
      return { ...is, end: endOfOther(end, [[was.rules(), now.rules()]]) };
    }
    case 'unknown':
      return undefined;
  }
}
