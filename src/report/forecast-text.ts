import type { CellChange, ReachChange } from '../reach/change/cells.ts';
import type { Impact, Shadow } from '../reconcile/impact.ts';
import { bySeverity, tallyText } from './check-text.ts';
import { effectLines } from './reach/text.ts';
import { toldGroups, type ToldGroup } from './reach/groups.ts';
import { count, place, printable, shortRule, type Paint } from './text.ts';

/** How a forecast came about, for people. */
const BY = { memory: 'computed', rehearsal: 'rehearsed in a sandbox' } as const;

/** What a change does to ways, as it is told. */
export interface ToldReach {
  readonly change: ReachChange;
  /** What it changes beside the rules of iptables, one line each. */
  readonly beside: readonly string[];
}

/** What a forecast is printed with. */
export interface ForecastHead {
  readonly verdict: 'safe' | 'would-break';
  /** The command, as typed. */
  readonly command: string;
  readonly by: keyof typeof BY | undefined;
  /** Docker's rules there are now. */
  readonly rules: number;
}

/**
 * What a change would do, for people: verdict first, then what is cut and what is opened, for whom, then what happens to Docker's rules.
 *
 * @param reach - undefined where it is not known who should reach what: then Docker's rules alone are told
 * @param shown - `all` prints every group and finding, `some` one screen of them
 */
export function forecastText(
  impact: Impact,
  reach: ToldReach | undefined,
  head: ForecastHead,
  paint: Paint,
  shown: 'all' | 'some',
): string {
  const how = head.by === undefined ? '' : ` (${BY[head.by]})`;
  const command = printable(head.command);
  const rules = count(head.rules, 'rule');
  if (head.verdict === 'safe') {
    const what =
      reach === undefined
        ? `leaves ${rules} of Docker's as they are`
        : `cuts and opens nothing, and leaves ${rules} of Docker's as they are`;
    const told = [
      `${paint('green', paint('bold', 'SAFE'))}  ${command} ${what}${how}`,
      ...(reach === undefined ? [NO_CONTAINERS] : besideLines(reach, paint)),
    ];
    return `${told.join('\n')}\n`;
  }
  const verdict = `${paint('red', paint('bold', 'WOULD BREAK'))}  ${command}: ${sumOf(impact, reach)}${how}`;
  return `${[verdict, ...effects(impact, reach, paint, shown)].join('\n')}\n`;
}

const NO_CONTAINERS = 'It changes no rule that packets of containers meet.';

/** What a change did, for people, when it has been made already. */
export function impactText(
  impact: Impact,
  reach: ToldReach | undefined,
  command: string,
  paint: Paint,
  shown: 'all' | 'some',
): string {
  const verdict = `${paint('red', paint('bold', 'DAMAGED'))}  ${printable(command)}: ${sumOf(impact, reach)}`;
  return `${[verdict, ...effects(impact, reach, paint, shown)].join('\n')}\n`;
}

/** Groups of ways on one screen. */
const GROUPS = 6;
/** Rules in front of Docker's on one screen. */
const SHADOWS = 3;

function effects(
  impact: Impact,
  reach: ToldReach | undefined,
  paint: Paint,
  shown: 'all' | 'some',
): readonly string[] {
  if (reach === undefined)
    return [...bySeverity(impact.findings, paint, shown), ...shadowLines(impact.shadows, paint)];
  const groups = worseGroups(reach.change);
  const limit = shown === 'all' ? groups.length : GROUPS;
  const more = groups.length - limit;
  const lost = impact.findings.length;
  return [
    ...groups.slice(0, limit).flatMap((group) => effectLines(group, paint)),
    ...(more > 0 ? [paint('dim', `  … and ${count(more, 'more kind')}, shown with --all`)] : []),
    ...besideLines(reach, paint),
    ...(lost === 0 ? [] : lostLines(impact, paint, shown)),
    ...(groups.some(({ effect }) => effect === 'exposure') ? inFront(impact.shadows, paint, shown) : []),
  ];
}

/** What gets worse, grouped by what it means for packets. */
export const worseGroups = ({ worse }: Pick<ReachChange, 'worse'>): readonly ToldGroup[] =>
  toldGroups(worse.map(({ cell }) => cell));

function lostLines({ findings }: Impact, paint: Paint, shown: 'all' | 'some'): readonly string[] {
  if (shown === 'all') return bySeverity(findings, paint, shown);
  const [first] = findings;
  const example =
    first === undefined
      ? ''
      : ` ${place(first)}: ${first.rule === undefined ? first.kind : shortRule(first.rule, first.chain)}`;
  const others = findings.length > 1 ? ', …' : '';
  const line = `DOCKER'S RULES  ${count(findings.length, 'finding')}:${example}${others}`;
  return [paint('yellow', line), paint('dim', '  all of them: --all')];
}

function inFront(shadows: readonly Shadow[], paint: Paint, shown: 'all' | 'some'): readonly string[] {
  const some = shadows.slice(0, shown === 'all' ? shadows.length : SHADOWS);
  return some.map((shadow) =>
    paint('dim', `  in front of Docker's rules, ${place(shadow)}: ${shortRule(shadow.rule, shadow.chain)}`),
  );
}

function besideLines({ change, beside }: ToldReach, paint: Paint): readonly string[] {
  const single = namesOf(change.single);
  return [
    ...(single.length === 0
      ? []
      : [
          `For ${single.join(', ')} alone: ${count(change.single.length, 'way')} ${change.single.length === 1 ? 'changes' : 'change'}, as a ban does.`,
        ]),
    ...(change.better.length === 0 ? [] : [`It repairs ${count(change.better.length, 'way')}.`]),
    ...(change.unpromised.length === 0
      ? []
      : [`It also changes ${count(change.unpromised.length, 'way')} about which Docker promises nothing.`]),
    ...(beside.length === 0
      ? []
      : [
          paint(
            'dim',
            `It also changes: ${beside.slice(0, BESIDE).map(printable).join('; ')}${beside.length > BESIDE ? '; …' : ''}`,
          ),
        ]),
  ];
}

const BESIDE = 3;

/** The addresses outside that ways which change for one address alone are about. */
const namesOf = (changes: readonly CellChange[]): readonly string[] => [
  ...new Set(
    changes.flatMap(({ cell: { asker, asked } }) =>
      asker.by === 'outside' ? [asker.address] : asked.what === 'outside' ? [asked.address] : [],
    ),
  ),
];

/** `cuts 24 ways, opens 3 ways, loses 2 of Docker's rules`. */
function sumOf({ findings, shadows }: Impact, reach: ToldReach | undefined): string {
  if (reach === undefined) {
    const total = shadows.filter((shadow) => shadow.total).length;
    const parts = [
      ...(findings.length === 0 ? [] : [tallyText(findings)]),
      ...(total === 0 ? [] : [`${count(total, 'rule')} in front of them that stops every packet`]),
    ];
    return `${parts.join(', ')} in Docker's rules`;
  }
  const of = (...effects: readonly string[]): number =>
    reach.change.worse.filter(({ cell }) => effects.includes(cell.effect)).length;
  const [cut, opened, hidden] = [of('outage'), of('exposure'), of('degraded')];
  const parts = [
    ...(cut === 0 ? [] : [`cuts ${count(cut, 'way')}`]),
    ...(opened === 0 ? [] : [`opens ${count(opened, 'way')}`]),
    ...(hidden === 0 ? [] : [`leaves ${count(hidden, 'way')} to docker-proxy`]),
    ...(cut + opened + hidden === 0
      ? [`no way changes today, ${tallyText(findings)} in Docker's rules`]
      : []),
  ];
  return parts.join(', ');
}

function shadowLines(shadows: readonly Shadow[], paint: Paint): readonly string[] {
  if (shadows.length === 0) return [];
  return [
    '',
    paint('yellow', paint('bold', "IN FRONT OF DOCKER'S RULES")),
    ...shadows.flatMap((shadow) => [
      `  ${paint('bold', place(shadow))}${shadow.variant === undefined ? '' : `  in iptables-${shadow.variant}, which is in force as well`}`,
      `    ${shortRule(shadow.rule, shadow.chain)}`,
      `      ${paint('dim', shadow.total ? 'matches every packet: Docker’s rules behind it are never reached' : 'may match packets meant for Docker’s rules behind it')}`,
    ]),
  ];
}
