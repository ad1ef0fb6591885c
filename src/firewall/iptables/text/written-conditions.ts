import { PORT_PROTOCOLS } from '../../../net/protocol.ts';
import { FREE_TEXT } from './view.ts';
import { splitWords } from './words.ts';

/** What a saved rule matches and does, in the form of {@link import('./conditions.ts').Conditions}. */
export interface Written {
  /** All but `ports`: how often each occurs. */
  readonly named: ReadonlyMap<string, number>;
  /** The matches that go with a protocol and its ports, with those of their options that may be kept outside them. */
  readonly ports: readonly { readonly match: string; readonly options: readonly string[] }[];
}

const BASE: ReadonlySet<string> = new Set(['-s', '-d', '-i', '-o', '-p']);
const PORTS: ReadonlySet<string> = new Set(['--sport', '--dport', '--tcp-flags']);

/** Old names of matches and targets that have another name in the kernel. */
const KNOWN_AS: Readonly<Record<string, string>> = { '-m state': '-m conntrack', '-j NOTRACK': '-j CT' };

/** @param text - a rule as saved */
export function writtenConditions(text: string): Written {
  const { words } = splitWords(text);
  const named = new Map<string, number>();
  const ports: { match: string; options: string[] }[] = [];
  const note = (written: string): void => {
    const name = KNOWN_AS[written] ?? written;
    named.set(name, (named.get(name) ?? 0) + 1);
  };
  let negation = '';
  let options: string[] | undefined;
  for (let i = 2; i < words.length; i++) {
    const word = words[i] ?? '';
    if (word === '!') {
      negation = '! ';
      continue;
    }
    if (word === '-j' || word === '-g') {
      note(`${word} ${words[i + 1] ?? ''}`);
      // What follows is the target's.
      break;
    }
    if (word === '-m') {
      const match = words[++i] ?? '';
      options = undefined;
      if (PORT_PROTOCOLS.has(match)) ports.push({ match: `-m ${match}`, options: (options = []) });
      else note(`-m ${match}`);
    } else if (word === '-f') note(`${negation}-f`);
    else if (BASE.has(word)) note(`${negation}${word}`);
    else if (PORTS.has(word)) options?.push(`${negation}${word}`);
    if (BASE.has(word) || PORTS.has(word) || FREE_TEXT.has(word)) i++;
    negation = '';
  }
  return { named, ports };
}
