import { isDamage, isDeclared, type Finding } from '../../reconcile/finding.ts';
import { policyUnknownLines, unaskedLines } from '../reach/words.ts';
import { count, place, printable, type Paint } from '../text.ts';
import type { CheckEffect } from '../../reconcile/verdict/effect.ts';
import type { CheckReport } from './report.ts';

const COLUMNS = 80;

/** Why a host is as it is, and what was left out of the judgement, a line each. */
export function whyLines({ verdict, findings, head }: CheckReport, paint: Paint): readonly string[] {
  const { effects, accepted, cells, unjudged, unasked } = verdict;
  const declared = findings.filter(isDeclared);
  const lost = findings.filter((one) => isDamage(one) && !isDeclared(one));
  const has = (cause: CheckEffect['cause'], isKnown: boolean): boolean =>
    effects.some((one) => one.cause === cause && (one.effect !== 'unknown') === isKnown);
  const isFelt = effects.some(({ cause, effect }) => cause === 'lost' && effect !== 'notice');
  const lines = [
    ...(isFelt && lost.length > 0 ? [lostLine(lost, head.rules)] : []),
    ...(declared.length > 0
      ? [
          `Why: ${count(declared.length, 'line')} of what is declared ${declared.length === 1 ? 'does' : 'do'} not hold (--diff)`,
        ]
      : []),
    ...(has('overridden', true)
      ? ["Why: it is not Docker's and decides before Docker's rules; restore keeps it"]
      : []),
    ...(has('overridden', false)
      ? ['Why: whether it matches depends on traffic, or on data that is not read here']
      : []),
    ...(cells === undefined ? [] : operatorLines(cells)),
    ...policyUnknownLines(head.policyUnknown),
    ...unaskedLines(unasked, COLUMNS),
    ...(unjudged === undefined ? [] : [`Packets were not followed: ${printable(unjudged)}`]),
    ...accepted.map(({ id, until, reason, headline, covered }) =>
      printable(`Accepted until ${until}: ${headline} (${String(covered)}; ${id}): ${reason}`),
    ),
  ];
  return lines.map((line) => paint('dim', line));
}

/** `Why: 61 of Docker's 84 rules are lost: nat DOCKER 24, filter FORWARD 12, … (--rules)`. */
function lostLine(lost: readonly Finding[], rules: number): string {
  const places = new Map<string, number>();
  for (const finding of lost) {
    const where = place(finding);
    places.set(where, (places.get(where) ?? 0) + 1);
  }
  const number = lost.filter(({ rule }) => rule !== undefined).length;
  const counted = [...places]
    .sort((a, b) => b[1] - a[1])
    .map(([where, times]) => `${where} ${String(times)}`);
  const head =
    number === 0
      ? 'Why: '
      : `Why: ${String(number)} of ${count(rules, 'rule')} of Docker's ${number === 1 ? 'is' : 'are'} lost or out of place: `;
  const tail = ' (--rules)';
  const shown: string[] = [];
  for (const one of counted) {
    const longer = [...shown, one].join(', ');
    if (shown.length > 0 && `${head}${longer}, …${tail}`.length > COLUMNS)
      return `${head}${shown.join(', ')}, …${tail}`;
    shown.push(one);
  }
  return `${head}${shown.join(', ')}${tail}`;
}

function operatorLines({
  closedByOperator,
  openedByOperator,
  unjudged,
}: NonNullable<CheckReport['verdict']['cells']>): readonly string[] {
  const parts = [
    ...(closedByOperator === 0 ? [] : [`close ${count(closedByOperator, 'way')}`]),
    ...(openedByOperator === 0 ? [] : [`open ${String(openedByOperator)}`]),
  ];
  return [
    ...(parts.length === 0 ? [] : [`Rules of your own ${parts.join(' and ')}: rulesguard reach lists them`]),
    ...(unjudged === 0
      ? []
      : [`${count(unjudged, 'way')} could not be judged: rules of your own ask for what only traffic shows`]),
  ];
}
