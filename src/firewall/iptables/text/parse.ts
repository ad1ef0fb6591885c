import {
  CHAIN_LINE,
  countersEnd,
  INCOMPATIBLE,
  indexOrEnd,
  LINE_LIMIT,
  looksLive,
  namedLike,
  oddlyNamed,
  ODD_SPACING,
  ODD_SPACING_ANYWHERE,
  TABLE_LINE,
} from './lines.ts';
import { isBuiltin, TABLES, type Rule } from './model.ts';
import { incompatibleFault, parseFault } from './save-faults.ts';
import type { OpenChain, OpenTable, OtherLine, Save, SaveItem } from './save.ts';
import { collapseSpacing, quoteOpenAt } from './words.ts';

const SPACE = 32;
const MINUS = 45;
const BRACKET = 91;
const COLON = 58;
const HASH = 35;
const STAR = 42;

/**
 * Reads the text of iptables-save or ip6tables-save (1.4 to 1.8, both variants, with or without counters), or a file
 * in that format. Printing the result gives back the same bytes.
 *
 * @param text - the save as latin1; the empty string is an empty ruleset
 * @param source - its name in a fault, e.g. `iptables-nft-save` or a file name
 * @throws Fault RG_PARSE naming the line, for anything iptables-restore would refuse or read differently from us:
 *   a table without COMMIT, a line that is not save's, NUL, a newline in a comment followed by text that restore would
 *   load as a rule, a line longer than restore's buffer; RG_INCOMPATIBLE where nft-save says it cannot show a table
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
  /** Where the next quote is: a line before it needs no search for an open one. */
  private nextQuote: number;
  /** Whether any line may be spaced otherwise than save does: tested once for the whole text, not for each of 100,000 rules. */
  private readonly oddlySpaced: boolean;

  constructor(text: string, source: string) {
    this.text = text;
    this.source = source;
    this.nextQuote = indexOrEnd(text, '"', 0);
    this.oddlySpaced = ODD_SPACING_ANYWHERE.test(text);
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
    this.refuseLong(start, end);
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
    const incompatible = INCOMPATIBLE.exec(raw)?.[1];
    if (incompatible !== undefined) throw incompatibleFault(this.where(), incompatible, raw);
    this.keep({ kind: 'comment', raw }, end);
  }

  private readTable(start: number, end: number): void {
    const raw = this.text.slice(start, end);
    const name = TABLE_LINE.exec(raw)?.[1];
    if (name === undefined || !TABLES.includes(name))
      this.fail(`names no table of iptables (${TABLES.join(', ')})`, raw);
    if (this.table !== undefined)
      this.fail(`opens table ${name} inside table ${this.table.name}: a COMMIT is missing`, raw);
    if (this.tables.has(name))
      this.fail(`opens table ${name} a second time: restore would flush the first`, raw);
    this.table = { name, chains: new Map() };
    this.tables.set(name, this.table);
    this.keep({ kind: 'table', raw }, end);
  }

  private readChain(start: number, end: number): void {
    const raw = this.text.slice(start, end);
    const table = this.table ?? this.fail('declares a chain outside any table', raw);
    const match = CHAIN_LINE.exec(raw) ?? this.fail('is no chain line (`:NAME POLICY [packets:bytes]`)', raw);
    const name = match[1] ?? '';
    const alike = namedLike(table, name, match[2] ?? '-');
    if (alike !== undefined)
      this.fail(`is chain ${alike} to iptables-restore, which ends a name at the first space`, raw);
    if (table.chains.has(name))
      this.fail(`declares chain ${name} a second time: restore would flush the first`, raw);
    table.chains.set(name, { name, policy: match[2] ?? '-', counters: match[3] ?? '', rules: [] });
    this.keep({ kind: 'chain', raw }, end);
  }

  private readCountedRule(start: number, end: number): void {
    const close = countersEnd(this.text, start);
    if (close === -1)
      this.fail('begins with counters that are not `[packets:bytes]`', this.text.slice(start, end));
    const ruleStart = this.text.charCodeAt(close + 1) === SPACE ? close + 2 : close + 1;
    this.readRule(start, ruleStart, end, this.text.slice(start + 1, close));
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
    if (this.oddlySpaced && ODD_SPACING.test(rule)) rule = collapseSpacing(rule);
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
    const firstLine = this.line;
    while (open) {
      if (end >= text.length) {
        this.line = firstLine;
        this.fail('opens a quote that never closes');
      }
      const next = indexOrEnd(text, '\n', end + 1);
      const continuation = text.slice(end + 1, next);
      this.line++;
      this.refuseLong(end + 1, next);
      if (looksLive(continuation)) {
        this.fail(
          'is inside a quoted value that contains a newline, but iptables-restore would load it as a line of its own',
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
    if (!text.startsWith('-A ', ruleStart))
      this.fail('is not a rule that iptables-save writes (-A CHAIN …)', text.slice(ruleStart, end));
    const rest = text.slice(ruleStart, end);
    const name = /^-A +([^ \t\r]+)/.exec(rest)?.[1] ?? '';
    const chain = table.chains.get(name) ?? oddlyNamed(table, rest) ?? this.implied(table, name, rest);
    this.chain = chain;
    this.chainPrefix = `-A ${chain.name} `;
    return chain;
  }

  /** Hand-written files may leave out a built-in chain's line; restore accepts that, and so do we. */
  private implied(table: OpenTable, name: string, raw: string): OpenChain {
    if (!isBuiltin(table.name, name)) {
      this.fail(`appends to chain ${name}, which table ${table.name} does not declare`, raw);
    }
    const chain: OpenChain = { name, policy: 'ACCEPT', counters: '', rules: [] };
    table.chains.set(name, chain);
    return chain;
  }

  private refuseLong(start: number, end: number): void {
    if (end - start <= LINE_LIMIT) return;
    this.fail(
      `is longer than ${String(LINE_LIMIT)} bytes: iptables-restore would read its end as a line of its own`,
    );
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
    throw parseFault(this.where(), what, raw);
  }
}
