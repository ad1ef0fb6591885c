import { USER_CHAIN } from '../../../firewall/iptables/ownership/chain-shapes.ts';
import { deciderKey, type Decider } from '../../../reach/judge/decider.ts';
import type { JudgedCell } from '../../../reach/judge/judge.ts';
import { cellsIn, spotsIn } from '../../cells.ts';
import type { CheckCode } from '../../codes.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { untried } from '../../remedies/proposal.ts';
import { checksOf, listNames } from '../check.ts';
import { wayLine } from './words.ts';

/** Ways that are shown; `rulesguard reach` shows them all. */
const SHOWN = 3;

type Closing = Exclude<Decider, { by: 'kernel' }>;

/**
 * What the operator's own rules close of what is forwarded, and no path has met, such as a further uplink: one for each rule. Worth knowing,
 * and no fault, as `check` counts it. What the host itself takes in and sends is told of where somebody asks.
 *
 * @param found - what the diagnosis says already
 */
export function judgeOwn(facts: Facts, found: readonly Check[]): readonly Check[] {
  const told = new Set(found.flatMap(({ evidence }) => evidence));
  const closed = new Map<string, { readonly decider: Closing; readonly cells: JudgedCell[] }>();
  for (const cell of cellsIn(facts)?.cells ?? []) {
    const { effect, differs, decider } = cell;
    if (effect !== 'operator' || differs !== 'outage' || decider === undefined || decider.by === 'kernel')
      continue;
    if (decider.hook === 'INPUT' || decider.hook === 'OUTPUT' || told.has(textOf(decider))) continue;
    const group = closed.get(deciderKey(decider)) ?? { decider, cells: [] };
    closed.set(deciderKey(decider), group);
    group.cells.push(cell);
  }
  return [...closed.values()].map(({ decider, cells }) => judgeOne(decider, cells));
}

const textOf = (decider: Closing): string =>
  decider.by === 'rule' ? decider.rule.text : decider.by === 'native' ? decider.rule : '';

function judgeOne(decider: Closing, cells: readonly JudgedCell[]): Check {
  const { table, chain, family, by } = decider;
  const six = family === 'ipv6' && by !== 'native' ? 'ipv6 ' : '';
  const text = textOf(decider);
  const names = listNames([
    ...new Set(cells.flatMap((cell) => spotsIn(cell).map(({ container }) => container))),
  ]);
  const ways = cells.length === 1 ? '1 way is' : `${String(cells.length)} ways are`;
  const what = text === '' ? 'the policy of' : 'a rule in';
  return checksOf('path').warn(
    codeOf(decider),
    `${ways} closed by ${what} ${six}${table} ${chain}: ${names}`,
    {
      about: names,
      meaning: 'it is your own, or of a firewall of yours: not counted as a fault',
      evidence: [...(text === '' ? [] : [text]), ...cells.slice(0, SHOWN).map(wayLine)],
      remedies: [untried('shows', 'see every way that it closes', 'rulesguard reach')],
    },
  );
}

function codeOf({ by, chain }: Closing): CheckCode {
  if (by === 'native') return 'native-stops';
  if (by === 'policy') return 'policy-stops';
  return chain === USER_CHAIN ? 'user-rule-stops' : 'rule-stops';
}
