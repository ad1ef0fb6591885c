import type { Rule } from '../../firewall/iptables/text/model.ts';

/** Options whose value names an interface, an address or a block of them. */
const NAMES: ReadonlySet<string> = new Set(['-i', '-o', '-s', '-d', '--to-destination', '--to-source']);
const PORTS: ReadonlySet<string> = new Set(['--dport', '--sport']);

/** What stands for a name or a port of a rule; undefined for one that is said as it is. */
export type Opening = (word: string, isPort: boolean) => string | undefined;

/** A rule's text without its names and ports, and these in order. */
interface Reading {
  readonly frame: number;
  readonly words: readonly string[];
  readonly isPort: readonly boolean[];
}

/** Spells rules with names and ports left open: two are spelled alike only if their texts are alike but for those. */
export class OpenRules {
  private readonly frames = new Map<string, number>();
  private readonly readings = new Map<Rule, Reading>();

  spelled(rule: Rule, open: Opening): string {
    const { frame, words, isPort } = this.reading(rule);
    let text = String(frame);
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? '';
      text += ` ${open(word, isPort[i] === true) ?? word}`;
    }
    return text;
  }

  private reading(rule: Rule): Reading {
    const known = this.readings.get(rule);
    if (known !== undefined) return known;
    const words: string[] = [];
    const isPort: boolean[] = [];
    let frame = '';
    let before = '';
    for (const word of rule.text.split(' ')) {
      const isName = NAMES.has(before);
      const isOpen = isName || PORTS.has(before);
      if (isOpen) {
        words.push(word);
        isPort.push(!isName);
      }
      frame += isOpen ? ' ?' : ` ${word}`;
      before = word;
    }
    const number = this.frames.get(frame) ?? this.frames.size;
    this.frames.set(frame, number);
    const reading = { frame: number, words, isPort };
    this.readings.set(rule, reading);
    return reading;
  }
}

/**
 * Leaves an address open wherever a rule says it, with the port asked of it or without.
 *
 * @param as - what stands for it
 * @returns undefined for any other word
 */
export function openAddress(word: string, address: string, port: number, as: string): string | undefined {
  if (address === '') return undefined;
  const at = word.startsWith('[') ? 1 : 0;
  if (!word.startsWith(address, at)) return undefined;
  const rest = word.slice(at + address.length);
  if (at === 0 && (rest === '' || rest === '/32' || rest === '/128')) return as;
  return rest === `${at === 1 ? ']' : ''}:${String(port)}` && (at === 1) === address.includes(':')
    ? `${as}:P`
    : undefined;
}
