import type { Mapping, NativeCondition, NativeVerdict, Span } from './model.ts';
import { isHarmlessSet, type WordReader } from './statements.ts';
import type { Token } from './tokens.ts';

/** The fields a condition may test, in nft's words; one that begins like these and goes on otherwise is not understood. */
const FIELDS: ReadonlySet<string> = new Set([
  ...['iif', 'oif', 'iifname', 'oifname'],
  ...['ip saddr', 'ip daddr', 'ip protocol', 'ip6 saddr', 'ip6 daddr', 'ip6 nexthdr'],
  ...['meta l4proto', 'meta nfproto', 'meta protocol'],
  ...['tcp sport', 'tcp dport', 'udp sport', 'udp dport', 'th sport', 'th dport'],
  ...['icmp type', 'icmpv6 type', 'ct state', 'ct status', 'meta mark', 'ct mark'],
  ...['fib saddr type', 'fib daddr type'],
  // firewalld's own rp_filter for IPv6; nft 1.1 says `check` for what 1.0 calls `oif`.
  ...['fib saddr . mark . iif oif', 'fib saddr . mark . iif check'],
]);
const LONGEST_FIELD = 7;

const PLAIN_VERDICTS: ReadonlySet<string> = new Set(['accept', 'drop', 'reject', 'return', 'continue']);
/** Words of `log` that take one word or string behind them. */
const LOG_WORDS: ReadonlySet<string> = new Set(['prefix', 'level', 'group', 'snaplen', 'queue-threshold']);

/** Whom a reject can answer so. */
const ANSWERED: Readonly<Record<string, readonly [field: string, value: string]>> = {
  icmp: ['meta nfproto', 'ipv4'],
  icmpv6: ['meta nfproto', 'ipv6'],
  tcp: ['meta l4proto', 'tcp'],
};

/** Words that decide about a packet in ways that are not followed. */
const DECIDING: ReadonlySet<string> = new Set([
  ...['vmap', 'queue', 'fwd', 'dup', 'synproxy', 'flow', 'tproxy', 'notrack'],
  ...['dnat', 'snat', 'masquerade', 'redirect'],
]);

/** What may follow a value and make it another one. */
const OPERATORS: ReadonlySet<string> = new Set([
  '.',
  '|',
  '&',
  '^',
  '<<',
  '>>',
  '/',
  '<',
  '>',
  '<=',
  '>=',
  '==',
  '!=',
  ':',
]);

/** Reads the tokens of one rule, one after the other. */
export class RuleReader implements WordReader {
  private at = 0;
  private readonly tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
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

  field(): string | undefined {
    for (let length = LONGEST_FIELD; length > 0; length--) {
      const words = Array.from({ length }, (_, i) => this.peek(i)).join(' ');
      // `ip saddr . tcp dport` asks for both at once.
      if (FIELDS.has(words) && this.peek(length) !== '.') {
        this.at += length;
        return words;
      }
    }
    return undefined;
  }

  /** One value, a range, a list, a set's elements or a set's name. */
  values(): readonly Span[] | string | undefined {
    if (this.peek().startsWith('@')) return this.take()?.text.slice(1);
    const isSet = this.takes('{');
    if (isSet && this.takes('}')) return [];
    const spans: Span[] = [];
    do {
      const span = spanOf(this.take());
      if (span === undefined) return undefined;
      spans.push(span);
      while (isSet && this.remark());
    } while (this.takes(','));
    if (isSet && !this.takes('}')) return undefined;
    return OPERATORS.has(this.peek()) ? undefined : spans;
  }

  verdict(): NativeVerdict | undefined {
    const word = this.peek();
    if (word === 'jump' || word === 'goto') {
      this.at++;
      return { is: word, chain: this.take()?.text ?? '' };
    }
    if (!PLAIN_VERDICTS.has(word)) return undefined;
    this.at++;
    return { is: word as NativeVerdict['is'] };
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
      : [{ field: only[0], negated: false, among: [{ first: only[1], last: only[1] }] }];
  }

  mappings(): readonly Mapping[] | string | undefined {
    if (this.peek().startsWith('@')) return this.take()?.text.slice(1);
    if (!this.takes('{')) return undefined;
    const found = this.elements();
    return this.takes('}') ? found : undefined;
  }

  /** `VALUE : VERDICT, …`. */
  elements(): readonly Mapping[] | undefined {
    const found: Mapping[] = [];
    do {
      const span = spanOf(this.take());
      const verdict = this.takes(':') ? this.verdict() : undefined;
      if (span === undefined || verdict === undefined) return undefined;
      found.push({ span, verdict });
    } while (this.takes(','));
    return found;
  }

  /** Takes what may follow an element of a set. */
  private remark(): boolean {
    if (!this.takes('timeout') && !this.takes('expires'))
      return /^(?:counter|comment)$/.test(this.peek()) && this.harmless();
    this.at++;
    return true;
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
    while (LOG_WORDS.has(this.peek()) || (this.peek() === 'flags' && this.peek(1) === 'all')) this.at += 2;
    return true;
  }

  /** The verdict a rule ends with of which not all words are understood; all of them are read again. */
  lastVerdict(): NativeVerdict | undefined {
    for (this.at = 0; !this.isDone; this.at++) {
      const [word, before] = [this.peek(), this.peek(-1)];
      // `ct status dnat` and `icmp type redirect` only ask.
      const isAsked = /^(?:status|type|[{,]|!=)$/.test(before);
      const isChange = word === 'set' && !isHarmlessSet(before);
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
  // Names may hold a dash; ranges are of addresses and ports.
  return kind === 'word' && /^[0-9a-f.:]+-[0-9a-f.:]+$/i.test(text)
    ? { first, last }
    : { first: text, last: text };
}
