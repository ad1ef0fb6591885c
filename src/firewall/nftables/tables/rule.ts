import { bracketed } from '../../../net/address.ts';
import type { NftCount, NftMatch, NftRule, NftStatement } from './model.ts';

/** What is known of a rule beside what it does. */
export interface RuleDetails {
  readonly comment?: string;
  readonly handle?: number | undefined;
  readonly counted?: NftCount | undefined;
}

/** A rule of these statements, with its text. */
export function nftRule(
  statements: readonly NftStatement[],
  { comment = '', handle, counted }: RuleDetails = {},
): NftRule {
  const words = statements.map(printStatement);
  if (comment !== '') words.push(`comment ${quoted(comment)}`);
  const end = statements.findIndex(({ is }) => is !== 'match');
  const conditions = words.slice(0, end === -1 ? statements.length : end).sort();
  const key = [...conditions, ...words.slice(conditions.length)].join(' ');
  return { text: words.join(' '), key, statements, comment, handle, counted };
}

/** A condition on one field; its values in one order, each once. */
export function nftMatch(
  field: string,
  values: readonly string[],
  { negated = false, mask }: { readonly negated?: boolean; readonly mask?: number | undefined } = {},
): NftMatch {
  return { is: 'match', field, negated, values: [...new Set(values)].sort(), mask };
}

/** A mark, in one spelling: `0x1`. */
export const markText = (mark: number): string => `0x${mark.toString(16)}`;

/** Text as nft takes it in quotes. It has no way to write a quote within. */
const quoted = (text: string): string => `"${text}"`;

/** The fields whose values are names, which nft lists in quotes. */
const NAMED: ReadonlySet<string> = new Set(['iifname', 'oifname']);

function printStatement(statement: NftStatement): string {
  switch (statement.is) {
    case 'match':
      return printMatch(statement);
    case 'jump':
    case 'goto':
      return `${statement.is} ${statement.chain}`;
    case 'vmap':
      return `${statement.field} vmap @${statement.map}`;
    case 'dnat':
    case 'snat': {
      const { is, address, port } = statement;
      return `${is} to ${port === undefined ? address : `${bracketed(address)}:${String(port)}`}`;
    }
    case 'set-mark':
      return `meta mark set ${markText(statement.mark)}`;
    case 'foreign':
      return statement.json;
    default:
      return statement.is;
  }
}

function printMatch({ field, mask, negated, values }: NftMatch): string {
  const shown = NAMED.has(field) ? values.map((value) => (isSetName(value) ? value : quoted(value))) : values;
  const [only = ''] = shown;
  // States are flags: a packet has one of them, and nft lists them without braces.
  const among =
    field === 'ct state' ? shown.join(',') : shown.length === 1 ? only : `{ ${shown.join(', ')} }`;
  const by = mask === undefined ? '' : ` & ${markText(mask)}${negated ? '' : ' =='}`;
  return `${field}${by}${negated ? ' !=' : ''} ${among}`;
}

const isSetName = (value: string): boolean => value.startsWith('@');
