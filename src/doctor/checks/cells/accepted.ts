import type { Acceptance } from '../../../reconcile/accept/acceptance.ts';
import { coverOfCell, coverOfFinding } from '../../../reconcile/accept/covers.ts';
import { isBroken, isDamage } from '../../../reconcile/finding.ts';
import { openCells, type OpenCell } from '../../cells.ts';
import type { Check } from '../../diagnosis.ts';
import { isUnavailable, type Facts } from '../../facts/facts.ts';
import type { Followed } from '../../paths/follow.ts';
import type { ResolvedTarget } from '../../target/resolved.ts';
import { checksOf } from '../check.ts';
import { explainsCell, isSameWay, LOSSES } from './explained.ts';

/** What of a host was accepted (`rulesguard accept`): known, and no fault of a whole host until its day has passed. */
export interface AcceptedHere {
  readonly cell: (cell: OpenCell) => boolean;
  /** All ways that a path stands for are accepted. */
  readonly path: (followed: Followed) => boolean;
  /** All that a failed check explains is accepted. */
  readonly check: (check: Check) => boolean;
  /** One for each acceptance that covers something here. */
  readonly told: readonly Check[];
}

const NOTHING: AcceptedHere = { cell: () => false, path: () => false, check: () => false, told: [] };

/** What of a target was accepted. */
export function acceptedHere(about: ResolvedTarget, facts: Facts): AcceptedHere {
  const { accepted = new Map<string, Acceptance>(), drift, networks } = facts;
  if (accepted.size === 0) return NOTHING;
  const open = openCells(facts, about);
  const damage = isUnavailable(drift) ? [] : drift.findings.filter(isBroken);
  const cell = (one: OpenCell): boolean => accepted.has(coverOfCell(one));
  const isEvery = (cells: readonly OpenCell[]): boolean => cells.length > 0 && cells.every(cell);
  const bridges = new Set(networks.map(({ bridge }) => bridge));
  const lost = open.filter(({ cause }) => cause === 'lost');
  const isLossAccepted =
    lost.every(cell) && damage.filter(isDamage).every((one) => accepted.has(coverOfFinding(one)));
  return {
    cell,
    path: (followed) => isEvery(open.filter((one) => isSameWay(one, followed, bridges))),
    check: (check) =>
      LOSSES.has(check.code) ? isLossAccepted : isEvery(open.filter((one) => explainsCell(check, one))),
    told: [
      ...new Set(
        [...open.map(coverOfCell), ...damage.map(coverOfFinding)].flatMap(
          (cover) => accepted.get(cover) ?? [],
        ),
      ),
    ].map(tell),
  };
}

const tell = ({ id, until, reason, headline, by }: Acceptance): Check =>
  checksOf('path').warn('accepted', `accepted until ${until}: ${reason}`, {
    about: headline,
    meaning: headline,
    evidence: [`${id}, accepted by ${by}`],
  });
