import { fieldAt } from './fields.ts';
import type { Element, Mapping, NativeCondition, NativeVerdict, Span } from './model.ts';
import type { Token } from './tokens.ts';

const PLAIN_VERDICTS: ReadonlySet<string> = new Set(['accept', 'drop', 'reject', 'return', 'continue']);
/** Words of `log` that take one word or string behind them. */
const LOG_WORDS: ReadonlySet<string> = new Set(['prefix', 'level', 'group', 'snaplen', 'queue-threshold']);
/** Of an element of a set, what it is counted or limited by: only a limit decides. */
const ELEMENT_TIMES: ReadonlySet<string> = new Set(['timeout', 'expires']);

/** Whom a reject can answer so. */
const ANSWERED: Readonly<Record<string, readonly [field: string, value: string]>> = {
  icmp: ['meta nfproto', 'ipv4'],
  icmpv6: ['meta nfproto', 'ipv6'],
  tcp: ['meta l4proto', 'tcp'],
};

/** Words that decide about a packet in ways that are not followed. */
const DECIDING: ReadonlySet<string> = new Set([
  ...['vmap', 'queue', 'fwd', 'dup', 'synproxy', 'tproxy', 'notrack'],
  ...['dnat', 'snat', 'masquerade', 'redirect'],
]);

/** What follows a word of `set` and makes it one that changes nothing a rule here asks for. */
const HARMLESS_SETS: ReadonlySet<string> = new Set([
  ...['helper', 'nftrace', 'size', 'priority', 'dscp', 'ecn', 'ttl', 'hoplimit', 'timeout', 'event'],
]);

/** What may follow a value and make it another one. */
const OPERATORS: ReadonlySet<string> = new Set([
  ...['.', '|', '&', '^', '<<', '>>', '/', '<', '>', '<=', '>=', '==', '!=', ':', '!'],
]);

/** Makes a chain of the rules that stand in braces behind a jump, and says its name. */
export type MakeChain = (body: readonly Token[]) => string;

/** Reads the tokens of one rule, one after the other. */
export class RuleReader {
  private at = 0;
  private tokens: readonly Token[];
  private readonly makeChain: MakeChain | undefined;

  constructor(tokens: readonly Token[], makeChain?: MakeChain) {
    this.tokens = tokens;
    this.makeChain = makeChain;
  }

  get isDone(): boolean {
    return this.at >= this.tokens.length;
  }

  peek(offset = 0): string {
    const token = this.tokens[this.at + offset];
    return token === undefined || token.kind === 'string' ? '' : token.text;
  }

  take(): Token | undefined {
    return this.tokens[this.at++];
  }

  /** Takes these words, if they come next. */
  takes(...words: readonly string[]): boolean {
    if (!words.every((word, i) => this.peek(i) === word)) return false;
    this.at += words.length;
    return true;
  }

  /** Makes two words of the next one that begins with a colon, and takes the colon. */
  splitColon(): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== 'word' || !/^:[a-z]/.test(token.text)) return false;
    const rest = { ...token, text: token.text.slice(1) };
    this.tokens = [...this.tokens.slice(0, this.at), rest, ...this.tokens.slice(this.at + 1)];
    return true;
  }

  /** A field, or several with a point between; takes nothing where one of them is not understood. */
  fields(): readonly string[] | undefined {
    const start = this.at;
    const fields: string[] = [];
    do {
      const [field, length] = fieldAt((offset) => this.peek(offset)) ?? [];
      if (field === undefined || length === undefined) {
        this.at = start;
        return undefined;
      }
      fields.push(field);
      this.at += length;
    } while (this.takes('.'));
    return fields;
  }

  /** One value, a range, a list, a set's elements or a set's name. */
  values(): readonly Element[] | string | undefined {
    if (this.peek().startsWith('@')) return this.take()?.text.slice(1);
    const isSet = this.takes('{');
    if (isSet && this.takes('}')) return [];
    const found: Element[] = [];
    do {
      const element = this.element();
      if (element === undefined) return undefined;
      found.push(element);
      if (isSet) this.remarks();
    } while (this.takes(','));
    if (isSet && !this.takes('}')) return undefined;
    return OPERATORS.has(this.peek()) ? undefined : found;
  }

  /** Values side by side, `192.0.2.2 . 80`; of flags, those that are set, `syn | ack`. `*` stands for all others. */
  element(): Element | undefined {
    if (this.takes('*')) return [];
    const spans: Span[] = [];
    do {
      const span = spanOf(this.take());
      if (span === undefined) return undefined;
      // nft 1.0.6 says so of a port whose protocol it does not see.
      this.takes('[invalid', 'type]');
      let { first } = span;
      while (this.takes('|')) first += `|${this.take()?.text ?? ''}`;
      spans.push(first === span.first ? span : { first, last: first });
    } while (this.takes('.'));
    return spans;
  }

  verdict(): NativeVerdict | undefined {
    const word = this.peek();
    if (word === 'jump' || word === 'goto') {
      this.at++;
      if (this.peek() !== '{') return { is: word, chain: this.take()?.text ?? '' };
      const body = this.braced();
      return this.makeChain === undefined ? { is: 'unknown' } : { is: word, chain: this.makeChain(body) };
    }
    if (!PLAIN_VERDICTS.has(word)) return undefined;
    this.at++;
    return { is: word as NativeVerdict['is'] };
  }

  /** Takes what stands in the braces that come next. */
  private braced(): readonly Token[] {
    const start = this.at + 1;
    let depth = 0;
    do {
      const token = this.take();
      if (token?.kind === 'mark' && token.text === '{') depth++;
      if (token?.kind === 'mark' && token.text === '}') depth--;
    } while (depth > 0 && !this.isDone);
    return this.tokens.slice(start, this.at - 1);
  }

  /**
   * What a reject answers with says whom it is for, and then nft lists no other condition for that (measured: `meta nfproto
   * ipv4` is left out before `reject with icmp …`).
   */
  rejected(): readonly NativeCondition[] {
    if (!this.takes('with')) return [];
    const kind = this.take()?.text ?? '';
    // nft 0.9 says `icmp type X`, later ones `icmp X`.
    this.takes('type');
    this.at++;
    const only = ANSWERED[kind];
    return only === undefined
      ? []
      : [{ fields: [only[0]], negated: false, among: [[{ first: only[1], last: only[1] }]] }];
  }

  mappings(): readonly Mapping[] | string | undefined {
    if (this.peek().startsWith('@')) return this.take()?.text.slice(1);
    if (!this.takes('{')) return undefined;
    if (this.takes('}')) return [];
    const found: Mapping[] = [];
    do {
      const key = this.element();
      this.remarks();
      if (key === undefined || !this.takes(':')) return undefined;
      const verdict = this.verdict();
      const data = verdict === undefined ? this.element() : undefined;
      if (verdict === undefined && data === undefined) return undefined;
      this.remarks();
      found.push({ key, verdict, data });
    } while (this.takes(','));
    // What no other element holds comes last.
    return this.takes('}')
      ? found.sort((a, b) => Number(a.key.length === 0) - Number(b.key.length === 0))
      : undefined;
  }

  /** Takes what may follow an element of a set and decides nothing. */
  private remarks(): void {
    for (;;)
      if (ELEMENT_TIMES.has(this.peek())) this.at += 2;
      else if (!/^(?:counter|comment)$/.test(this.peek()) || !this.harmless()) return;
  }

  /** Takes what changes neither the packet nor its way. */
  harmless(): boolean {
    if (this.takes('counter')) {
      if (this.takes('packets')) this.at += 3;
      else if (this.takes('name')) this.at++;
      return true;
    }
    if (this.takes('comment')) {
      this.at++;
      return true;
    }
    if (!this.takes('log')) return false;
    for (;;)
      if (LOG_WORDS.has(this.peek())) this.at += 2;
      // `flags tcp sequence,options`, `flags all`.
      else if (this.takes('flags')) {
        if (/^(?:tcp|ip)$/.test(this.peek())) this.at++;
        do this.at++;
        while (this.takes(','));
      } else return true;
  }

  /** The verdict a rule ends with of which not all words are understood; all of them are read again. */
  lastVerdict(): NativeVerdict | undefined {
    for (this.at = 0; !this.isDone; this.at++) {
      const [word, before] = [this.peek(), this.peek(-1)];
      // `ct status dnat` and `icmp type redirect` only ask.
      const isAsked = /^(?:status|type|[{,]|!=)$/.test(before);
      const isChange = word === 'set' && !HARMLESS_SETS.has(before);
      if (isChange || (DECIDING.has(word) && !isAsked)) return { is: 'unknown' };
      const verdict = this.verdict();
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }
}

function spanOf(token: Token | undefined): Span | undefined {
  if (token === undefined || token.kind === 'mark' || OPERATORS.has(token.text)) return undefined;
  const { text, kind } = token;
  const [first = '', last = first] = kind === 'string' ? [text] : text.split('-');
  // Names may hold a dash; ranges are of addresses, ports and marks.
  return kind === 'word' && /^(?:0x)?[0-9a-f.:]+-(?:0x)?[0-9a-f.:]+$/i.test(text)
    ? { first, last }
    : { first: text, last: text };
}
