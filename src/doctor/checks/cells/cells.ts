import { isFirewallTable } from '../../../firewall/iptables/ownership/managers.ts';
import { cellKey } from '../../../reach/cell-key.ts';
import type { Decider } from '../../../reach/judge/decider.ts';
import { cellsIn, openCells, spotsIn, type OpenCell } from '../../cells.ts';
import type { Check, Remedy } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { proposal, remedyOf, untried, type Proposal } from '../../remedies/proposal.ts';
import { leftBy } from '../../remedies/offer.ts';
import { deleteRule, openPolicy, RESTORE } from '../../remedies/iptables.ts';
import { lettingDiscovery } from '../../remedies/discovery.ts';
import { takeOutNative } from '../../remedies/native.ts';
import type { ResolvedTarget } from '../../target/resolved.ts';
import { checksOf, listNames } from '../check.ts';
import { BY_SOURCE } from '../paths/answers-astray.ts';
import { keyOf, unexplained, type AlreadyTold } from './explained.ts';
import { headline, wayLine } from './words.ts';

/** Ways that are shown; `rulesguard reach` shows them all. */
const SHOWN = 3;

/**
 * What `check` finds by packets and no path has met: paths are chosen, and the table of reachability asks for everybody. One check for
 * each thing that decides; nothing of what the operator's own rules decide, and nothing twice.
 *
 * @param told - what the diagnosis says already
 * @param isUnsure - it says already that something could not be told
 * @param isAccepted - whether a cell is left out, for it was accepted
 */
export function judgeCells(
  about: ResolvedTarget,
  facts: Facts,
  told: AlreadyTold,
  isUnsure: boolean,
  isAccepted: (cell: OpenCell) => boolean,
): readonly Check[] {
  const open = openCells(facts, about).filter((cell) => !isAccepted(cell));
  const differing = open.filter(({ effect }) => effect !== 'unknown');
  const causes = new Map<string, OpenCell[]>();
  for (const cell of unexplained(differing, told, facts))
    causes.set(keyOf(cell), [...(causes.get(keyOf(cell)) ?? []), cell]);
  const unknown = open.filter(({ effect }) => effect === 'unknown');
  return [
    ...[...causes.values()].map((cells) => judgeCause(cells, facts)),
    ...(unknown.length > 0 && !isUnsure ? [judgeUnknown(unknown)] : []),
  ];
}

function judgeCause(cells: readonly OpenCell[], facts: Facts): Check {
  const [first] = cells;
  return {
    ...checksOf('path').fail('reach-differs', headline(cells), {
      about: namesOf(cells),
      meaning: first === undefined ? '' : meaningOf(first),
      evidence: [
        ...(first === undefined || first.cause === 'lost' ? [] : ruleLines(first.decider)),
        ...cells.slice(0, SHOWN).map(wayLine),
      ],
      remedies: remediesOf(cells, facts),
    }),
    // It was held against Docker's lost rules: what they explain is not in it.
    persists: true,
  };
}

const namesOf = (cells: readonly OpenCell[]): string =>
  listNames([...new Set(cells.flatMap((cell) => spotsIn(cell).map(({ container }) => container)))]);

function meaningOf({ cause, decider }: OpenCell): string {
  if (cause === 'lost') return "rules of Docker's are lost, or no longer decide first: a restore repairs it";
  if (decider.by === 'kernel') return `no rule decides it, but this host itself${reasonOf(decider)}`;
  const six = decider.family === 'ipv6' && decider.by !== 'native' ? 'ipv6 ' : '';
  const where = [`${six}${decider.table}`, decider.chain].filter((word) => word !== '').join(' ');
  const what = decider.by === 'policy' ? `the policy of ${where}` : `a rule in ${where}`;
  if (decider.discovers) return `${what} drops IPv6 neighbour discovery: neighbours are not found`;
  if (decider.by === 'policy') return `${what} decides it`;
  return `${what} ${cause === 'docker' ? "of Docker's" : "that is not Docker's"} decides it`;
}

const reasonOf = ({ detail, why }: Extract<Decider, { by: 'kernel' }>): string =>
  detail === '' ? (why === 'untranslated' ? ': nothing translates it' : '') : `: ${detail}`;

function ruleLines(decider: Decider): readonly string[] {
  if (decider.by === 'rule') return [decider.rule.text];
  return decider.by === 'native' && decider.rule !== '' ? [decider.rule] : [];
}

/** A command that was tried in memory: each of the ways is as it should be afterwards, and nothing is opened that is closed on purpose. */
function remediesOf(cells: readonly OpenCell[], facts: Facts): readonly Remedy[] {
  const [first] = cells;
  const found = first && proposalsFor(first, facts).find((one) => holds(one, cells, facts));
  const isWanted = first?.cause === 'overridden' && isFilter(first.effect);
  if (found !== undefined)
    return [
      remedyOf(found),
      ...(isWanted
        ? [untried('shows', 'if it is meant, check says how to record that', 'rulesguard check')]
        : []),
    ];
  const isLedAway = first?.decider.by === 'kernel' && first.decider.why === 'elsewhere';
  return [
    ...(isLedAway ? [BY_SOURCE] : []),
    untried('shows', 'see every way that is not as Docker means it, and by what', 'rulesguard reach'),
  ];
}

/** What closes something may be wanted. */
const isFilter = (effect: OpenCell['effect']): boolean => effect === 'outage' || effect === 'degraded';

function proposalsFor({ cause, decider, effect }: OpenCell, facts: Facts): readonly Proposal[] {
  if (cause === 'lost') return [proposal('restore them; rules of others are left as they are', RESTORE)];
  if (cause !== 'overridden') return [];
  if (decider.by !== 'kernel' && decider.discovers) {
    const { by, hook, table, family } = decider;
    const variant = by === 'native' ? 'nft' : decider.variant;
    const place = { variant, family, table };
    return lettingDiscovery({ hook, table, isNative: by === 'native', place }, facts);
  }
  const words = `${isFilter(effect) ? 'if it is not wanted, ' : ''}delete it, also from the file it is loaded from`;
  switch (decider.by) {
    case 'rule':
      return [proposal(words, deleteRule(decider.rule, decider, facts))];
    case 'policy':
      return [proposal('let packets pass', openPolicy(decider.chain, decider, facts))];
    case 'native':
      return decider.handle === '' || isFirewallTable(decider.table)
        ? []
        : takeOutNative(decider, words, facts);
    case 'kernel':
      return [];
  }
}

function holds(one: Proposal, cells: readonly OpenCell[], facts: Facts): boolean {
  const after = leftBy(one, facts);
  if (after === undefined) return false;
  // What nobody but the operator's own rules closes then is closed all the same.
  const left = new Set(
    (cellsIn(after)?.cells ?? []).filter(({ differs }) => differs !== 'same').map(cellKey),
  );
  return !cells.some((cell) => left.has(cellKey(cell)));
}

function judgeUnknown(cells: readonly OpenCell[]): Check {
  const [first] = cells;
  const ways = cells.length === 1 ? '1 way' : `${String(cells.length)} ways`;
  return checksOf('path').unknown('path-unknown', `cannot tell what becomes of ${ways}`, {
    about: namesOf(cells),
    meaning: first === undefined || first.decider.by === 'kernel' ? '' : meaningOf(first),
    evidence: [
      ...(first === undefined ? [] : ruleLines(first.decider)),
      ...cells.slice(0, SHOWN).map(wayLine),
    ],
    remedies: [untried('shows', 'see them all', 'rulesguard reach')],
  });
}
