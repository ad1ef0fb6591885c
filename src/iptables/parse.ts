import { Fault } from '../fault.ts';
import { BUILTIN_CHAINS, isBuiltin, type Chain, type Rule, type Ruleset, type Table } from './model.ts';
import { collapseSpacing, quoteOpenAt } from './words.ts';

/** One line of a save that is not a rule, kept to be printed back as it was. */
export interface OtherLine {
  readonly kind: 'comment' | 'blank' | 'table' | 'chain' | 'commit';
  readonly raw: string;
}

/** A rule may span several lines (a newline inside a comment); it is one item all the same. */
export type SaveItem = OtherLine | Rule;

/** A save that was read: what it means, and every byte it was made of. */
export interface Save {
  readonly ruleset: Ruleset;
  /** Every line in order; joined with newlines they are the input again. */
  readonly items: readonly SaveItem[];
  /** Whether the last item ended in a newline. */
  readonly finalNewline: boolean;
}

interface OpenChain extends Chain {
  readonly rules: Rule[];
}

interface OpenTable extends Table {
  readonly chains: Map<string, OpenChain>;
}

const MINUS = 45;
const BRACKET = 91;
const COLON = 58;
const HASH = 35;
const STAR = 42;

const INCOMPATIBLE = /^# Table `([^']*)' is incompatible/;
const CHAIN_LINE = /^:[ \t]*(.+?)[ \t]+(-|[A-Z]+)(?:[ \t]+\[(\d+:\d+)\])?[ \t]*\r?$/s;
const COUNTERS = /^\[(\d+:\d+)\] ?/;
/** What restore would take for a line of its own when it stands at the start of a line. */
const LOOKS_LIVE = /^(?:[ \t]*-|\[|:|\*|COMMIT\r?$)/;
const ODD_SPACING = /^ |  |[\t\r]| $/;

/**
 * Reads the text of iptables-save or ip6tables-save (1.4 to 1.8, both backends, with or without counters), or a file
 * in that format. Printing the result gives back the same bytes.
 *
 * @param text - the save as latin1; the empty string is an empty ruleset
 * @param source - what to call it in a fault, e.g. `iptables-nft-save` or a file name
 * @throws Fault RG_PARSE naming the line, for anything iptables-restore would refuse or read differently from us:
 *   a table without COMMIT, a line that is not save's, NUL, a newline in a comment followed by text that restore would
 *   load as a rule; RG_INCOMPATIBLE where nft-save says it cannot show a table
 */
export function parseSave(text: string, source = 'input'): Save {
  return new SaveReader(text, source).read();
}

class SaveReader {
  private readonly text: string;
  private readonly source: string;
  private readonly items: SaveItem[] = [];
  private readonly tables = new Map<string, OpenTable>();
  private table: OpenTable | undefined;
  private chain: OpenChain | undefined;
  private chainPrefix = '\n';
  private line = 0;
  private position = 0;
  /** Where the next quote stands: a line before it needs no look for an open one. */
  private nextQuote: number;

  constructor(text: string, source: string) {
    this.text = text;
    this.source = source;
    this.nextQuote = indexOrEnd(text, '"', 0);
  }

  read(): Save {
    const { text } = this;
    const nul = text.indexOf('\0');
    if (nul !== -1) {
      this.line = text.slice(0, nul).split('\n').length;
      this.fail('holds a NUL byte, at which iptables-restore would silently cut the line');
    }
    while (this.position < text.length) {
      this.line++;
      const end = indexOrEnd(text, '\n', this.position);
      this.readLine(this.position, end);
    }
    if (this.table !== undefined) {
      this.fail(`ends inside table ${this.table.name}: the COMMIT is missing, so the save is cut short`);
    }
    return { ruleset: { tables: this.tables }, items: this.items, finalNewline: text.endsWith('\n') };
  }

  private readLine(start: number, end: number): void {
    switch (this.text.charCodeAt(start)) {
      case MINUS:
        this.readRule(start, start, end, '');
        return;
      case BRACKET:
        this.readCountedRule(start, end);
        return;
      case COLON:
        this.readChain(start, end);
        return;
      case HASH:
        this.readComment(start, end);
        return;
      case STAR:
        this.readTable(start, end);
        return;
      default:
        this.readPlain(start, end);
    }
  }

  private readPlain(start: number, end: number): void {
    const raw = this.text.slice(start, end);
    const bare = raw.endsWith('\r') ? raw.slice(0, -1) : raw;
    if (bare === '') this.keep({ kind: 'blank', raw }, end);
    else if (bare === 'COMMIT' && this.table !== undefined) {
      this.table = undefined;
      this.forgetChain();
      this.keep({ kind: 'commit', raw }, end);
    } else if (/^[ \t]+-A /.test(raw)) this.readRule(start, start + raw.indexOf('-A '), end, '');
    else this.fail('is not a line that iptables-save writes', raw);
  }

  private readComment(start: number, end: number): void {
    const raw = this.text.slice(start, end);
    const incompatible = INCOMPATIBLE.exec(raw);
    if (incompatible !== null) {
      throw new Fault('RG_INCOMPATIBLE', 3, `${this.where()}: table ${incompatible[1] ?? ''} cannot be shown by iptables, so its rules are unknown (not absent)`, {
        details: [raw],
        hint: `See what native nft rules it holds: nft list table ip ${incompatible[1] ?? ''}`,
      });
    }
    this.keep({ kind: 'comment', raw }, end);
  }

  private readTable(start: number, end: number): void {
    const raw = this.text.slice(start, end);
    const name = /^\*[ \t]*([^\s]+)/.exec(raw)?.[1];
    if (name === undefined) this.fail('names no table', raw);
    if (this.table !== undefined) this.fail(`opens table ${name} inside table ${this.table.name}: a COMMIT is missing`, raw);
    if (this.tables.has(name)) this.fail(`opens table ${name} a second time: restore would flush the first`, raw);
    this.table = { name, chains: new Map() };
    this.tables.set(name, this.table);
    this.keep({ kind: 'table', raw }, end);
  }

  private readChain(start: number, end: number): void {
    const raw = this.text.slice(start, end);
    const table = this.table ?? this.fail('declares a chain outside any table', raw);
    const match = CHAIN_LINE.exec(raw) ?? this.fail('is no chain line (`:NAME POLICY [packets:bytes]`)', raw);
    const name = match[1] ?? '';
    if (table.chains.has(name)) this.fail(`declares chain ${name} a second time: restore would flush the first`, raw);
    table.chains.set(name, { name, policy: match[2] ?? '-', counters: match[3] ?? '', rules: [] });
    this.keep({ kind: 'chain', raw }, end);
  }

  private readCountedRule(start: number, end: number): void {
    // Regular expressions are slow on long input only when they may run past the line; the slice stops them.
    const close = this.text.indexOf(']', start);
    const counters = COUNTERS.exec(this.text.slice(start, Math.min(close + 2, end)));
    if (counters === null) this.fail('begins with counters that are not `[packets:bytes]`', this.text.slice(start, end));
    this.readRule(start, start + counters[0].length, end, counters[1] ?? '');
  }

  private readRule(start: number, ruleStart: number, lineEnd: number, counters: string): void {
    const { text } = this;
    const firstLine = this.line;
    const chain = this.chainAt(ruleStart, lineEnd);
    let end = lineEnd;
    if (this.nextQuote < start) this.nextQuote = indexOrEnd(text, '"', start);
    if (this.nextQuote < lineEnd) end = this.endOfQuoted(ruleStart + 4 + chain.name.length, lineEnd);
    const raw = text.slice(start, end);
    let rule = start === ruleStart ? raw : text.slice(ruleStart, end);
    if (ODD_SPACING.test(rule)) rule = collapseSpacing(rule);
    const item: Rule = { chain: chain.name, text: rule, counters, raw, line: firstLine };
    chain.rules.push(item);
    this.items.push(item);
    this.position = end + 1;
  }

  /** The end of a rule whose line holds quotes: a later line's when a quoted newline carries it on. */
  private endOfQuoted(from: number, lineEnd: number): number {
    const { text } = this;
    let end = lineEnd;
    let open = quoteOpenAt(text, from, end, false);
    while (open) {
      if (end >= text.length) this.fail('opens a quote that never closes');
      const next = indexOrEnd(text, '\n', end + 1);
      const continuation = text.slice(end + 1, next);
      this.line++;
      if (LOOKS_LIVE.test(continuation)) {
        this.fail(
          'stands inside a quoted value that holds a newline, but iptables-restore would load it as a line of its own',
          continuation,
        );
      }
      open = quoteOpenAt(text, end + 1, next, true);
      end = next;
    }
    return end;
  }

  /** The chain a rule line appends to. Rules come grouped by chain, so nearly always the one of the line before. */
  private chainAt(ruleStart: number, end: number): OpenChain {
    const { text } = this;
    if (this.chain !== undefined && text.startsWith(this.chainPrefix, ruleStart)) return this.chain;
    const table = this.table ?? this.fail('is a rule outside any table', text.slice(ruleStart, end));
    if (!text.startsWith('-A ', ruleStart)) this.fail('is not a rule that iptables-save writes (-A CHAIN …)', text.slice(ruleStart, end));
    const rest = text.slice(ruleStart, end);
    const name = /^-A +([^ \t\r]+)/.exec(rest)?.[1] ?? '';
    const chain = table.chains.get(name) ?? oddlyNamed(table, rest) ?? this.implied(table, name, rest);
    this.chain = chain;
    this.chainPrefix = `-A ${chain.name} `;
    return chain;
  }

  /** Hand-written files may leave out a built-in chain's line; restore accepts that, and so do we. */
  private implied(table: OpenTable, name: string, raw: string): OpenChain {
    if (!isBuiltin(table.name, name) && BUILTIN_CHAINS[table.name] !== undefined) {
      this.fail(`appends to chain ${name}, which table ${table.name} does not declare`, raw);
    }
    const chain: OpenChain = { name, policy: 'ACCEPT', counters: '', rules: [] };
    table.chains.set(name, chain);
    return chain;
  }

  private keep(item: OtherLine, end: number): void {
    this.items.push(item);
    this.position = end + 1;
  }

  private forgetChain(): void {
    this.chain = undefined;
    this.chainPrefix = '\n';
  }

  private where(): string {
    return `${this.source}, line ${String(this.line)}`;
  }

  private fail(what: string, raw?: string): never {
    throw new Fault('RG_PARSE', 3, `${this.where()}: ${what}`, {
      ...(raw === undefined ? {} : { details: [raw] }),
      hint: 'Nothing was changed. Mend that line (or the rule it shows) and run the command again.',
    });
  }
}

const indexOrEnd = (text: string, what: string, from: number): number => {
  const at = text.indexOf(what, from);
  return at === -1 ? text.length : at;
};

/** Chain names are never quoted by save, whatever they hold: one with a space or a quote is found by its declaration. */
const oddlyNamed = (table: OpenTable, rule: string): OpenChain | undefined => {
  for (const chain of table.chains.values()) {
    if (/[ \t"]/.test(chain.name) && (rule === `-A ${chain.name}` || rule.startsWith(`-A ${chain.name} `))) return chain;
  }
  return undefined;
};
