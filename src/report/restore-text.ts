import { iptablesOf } from '../firewall/iptables/text/tools.ts';
import type { LeftOut } from '../firewall/iptables/plan/edit.ts';
import type { Family } from '../net/family.ts';
import type { DroppedFlows } from '../reconcile/flows.ts';
import type { PolicyLeft, RestoreResult } from '../reconcile/repair-result.ts';
import { effectWords } from './check/words.ts';
import type { CheckEffect } from '../reconcile/verdict/effect.ts';
import { leftOutLines } from './plan-text.ts';
import { count, place, printable, shortRule, type Paint } from './text.ts';

/** What its text is made of. */
type RepairText = Omit<RestoreResult, 'reference' | 'after'> & Partial<Pick<RestoreResult, 'reference'>>;

const UNDO = 'Undo it: rulesguard restore --undo';

/**
 * What a restore did, for stdout.
 *
 * @param others - what packets do all the same, for something decides before Docker's rules that is not Docker's
 */
export function restoreText(result: RepairText, paint: Paint, others: readonly CheckEffect[] = []): string {
  const { repaired, steps, applies, journal, leftOut, policies, unexplained, explained, rulesOfContainers } =
    result;
  const { byDocker, reference } = result;
  const left = paint('yellow', paint('bold', 'NOT REPAIRED'));
  const lines: string[] = [];
  // Where all of it was changed back there is nothing that is repaired.
  if (applies > 0 && (repaired > 0 || result.left.length === 0))
    lines.push(
      `${verdict('REPAIRED', paint)}  ${count(repaired, 'finding')} ${byDocker === undefined ? `in ${count(steps, 'step')}` : `by Docker itself, which made and removed network ${byDocker}`}; read back and compared.${journal.length < applies ? '' : ` ${UNDO}`}`,
    );
  else if (unexplained.length + explained + policies.length === 0)
    lines.push(
      reference?.source === 'declared'
        ? `${verdict('INTACT', paint)}  nothing to do: what is declared is in place`
        : nothingToDo(others, paint),
    );
  // The first word is the verdict: a policy that is left comes before what repair chose to leave out.
  lines.push(...policies.map((policy) => `${left}  ${policyText(policy)}`));
  lines.push(...leftLines(result.left, left), ...leftOutLines(leftOut, paint));
  for (const finding of unexplained)
    lines.push(`${left}  ${place(finding)}  ${printable(finding.rule ?? finding.kind)}`);
  if (rulesOfContainers > 0)
    lines.push(
      `${left}  ${count(rulesOfContainers, 'rule')} of containers. If none was started, stopped or restarted since the baseline: rulesguard restore --assume-unchanged`,
    );
  if (applies === 0 && policies.length > 0 && unexplained.length + explained === 0) lines.push(ONLY_POLICIES);
  lines.push(...flowLines(result.flows), ...stuckLines(result.stuck));
  if (applies > 0 && others.length > 0) lines.push(othersHead(OTHERS, paint));
  lines.push(...othersLines(others, paint));
  if (applies === 0 && lines.length === 1 && others.length === 0 && reference?.source !== 'declared')
    lines.push('', DOCTOR);
  return lines.map((line) => `${line}\n`).join('');
}

/** What waits because somebody else changes it back, or the kernel refuses it: why, how much, the first of it, and what to do. */
function leftLines(left: readonly LeftOut[], verdictWord: string): readonly string[] {
  if (left.length === 0) return [];
  const reasons = [...new Set(left.map(({ reason }) => reason))];
  return [
    ...reasons.flatMap((reason) => {
      const own = left.filter((one) => one.reason === reason);
      return [
        `${verdictWord}  ${count(own.length, 'rule')}: ${printable(reason)}`,
        ...own.slice(0, NAMED).map((one) => `  ${place(one)}  ${shortRule(one.rule, one.chain)}`),
        ...(own.length > NAMED
          ? [`  and ${String(own.length - NAMED)} more (rulesguard check --rules)`]
          : []),
      ];
    }),
    'Next: find the other program (ps, journalctl -u docker; nft monitor names who writes) and stop it, then: rulesguard restore',
  ];
}

/** Notes beside the result, for stderr. */
export function restoreNotes({ applies, unjournaled, unconnected, flows }: RepairText): readonly string[] {
  return [
    ...(applies > 0 && unjournaled !== undefined ? [unjournaledText(unjournaled)] : []),
    ...unconnected.map(
      ({ consequence, remedy = '' }) => `note: ${printable(consequence)}\n  → ${printable(remedy)}`,
    ),
    ...flowNotes(flows),
  ];
}

/** What applying a reviewed plan did. */
export function appliedPlanText(
  { steps, flows }: { readonly steps: number; readonly flows: DroppedFlows | undefined },
  path: string,
  paint: Paint,
): string {
  if (steps === 0) return 'Nothing to do: the plan has no steps.\n';
  const done = `${verdict('REPAIRED', paint)}  ${count(steps, 'step')} of ${path} applied; read back and compared. ${UNDO}`;
  return [done, ...flowLines(flows)].map((line) => `${line}\n`).join('');
}

/** That one apply was undone. */
export function undoneText(
  { id, created, steps }: { readonly id: string; readonly created: string; readonly steps: number },
  paint: Paint,
): string {
  return `${verdict('UNDONE', paint)}  restore ${id} of ${created}, ${count(steps, 'step')}\n`;
}

/** That the journal lacks a repair: `--undo` would then undo an earlier one. */
export function unjournaledText(why: string): string {
  return `note: the repair is in place, but the journal does not record all of it: ${why}\n  → Make room or make it writable; until then rulesguard restore --undo may not undo this repair, but the one before.`;
}

/** Names, before they are written, those of the user's own recorded rules that may let packets through. */
export function openingsText(
  baseline: string | undefined,
  rules: readonly { readonly family: Family; readonly rule: string }[],
): string {
  const recorded = baseline === undefined ? '' : ` as recorded in baseline ${baseline}`;
  const lines = rules.map(({ family, rule }) => `\n  ${family}  ${printable(rule)}`);
  return `note: your own rules in DOCKER-USER are restored${recorded}; of them these may let packets through:${lines.join('')}`;
}

/** That restore has nothing to do: no rule is lost, and no policy differs. */
const nothingToDo = (others: readonly CheckEffect[], paint: Paint): string =>
  others.length === 0
    ? `${verdict('INTACT', paint)}  nothing to do: all of Docker's rules are in place`
    : othersHead(`nothing to do: all of Docker's rules are in place, but ${OTHERS}`, paint);

const OTHERS = "something decides before them that is not Docker's, and is left as it is";

const othersHead = (text: string, paint: Paint): string =>
  `${paint('red', paint('bold', 'OVERRIDDEN'))}  ${text}`;

/** Effects that are named; check names all. */
const NAMED = 4;

const othersLines = (others: readonly CheckEffect[], paint: Paint): readonly string[] =>
  others.length === 0
    ? []
    : [
        ...others.slice(0, NAMED).map((effect) => {
          const { headline, reasons } = effectWords(effect);
          const [reason] = reasons;
          return printable(`  ${headline}${reason === undefined ? '' : ` (${reason})`}`);
        }),
        `Next: ${paint('bold', 'rulesguard check')} says what to do about it.`,
      ];

const DOCTOR = 'Packets still do not arrive? rulesguard doctor CONTAINER shows where they stop.';

const ONLY_POLICIES = "Apart from that all of Docker's rules are in place.";

/** A plan without a step, for people: what it would leave as it is comes first. */
export function emptyPlanText(
  policies: readonly PolicyLeft[],
  others: readonly CheckEffect[],
  paint: Paint,
): string {
  if (policies.length > 0) return `${policiesText(policies)}${ONLY_POLICIES}\n`;
  const more = others.length === 0 ? ['', DOCTOR] : othersLines(others, paint);
  return [nothingToDo(others, paint), ...more].map((line) => `${line}\n`).join('');
}

/** The policies that a plan leaves. */
export const policiesText = (policies: readonly PolicyLeft[]): string =>
  policies.map((policy) => `${policyText(policy)}\n`).join('');

/** A policy that restore leaves as it is, and how to restore it. */
function policyText({ was, is, isNotRequired, ...where }: PolicyLeft): string {
  const changed = `The policy of ${place(where)} was ${was} and is ${is}.`;
  return isNotRequired
    ? `${changed} Docker needs no ACCEPT there, so it is not opened here; if you want it: ${iptablesOf(where.family)} -P ${where.chain} ACCEPT`
    : `${changed} It is set back only with: rulesguard restore --policies`;
}

const about = ({ ports }: DroppedFlows): string => `of ${count(ports.length, 'published UDP port')}`;

const flowLines = (flows: DroppedFlows | undefined): readonly string[] =>
  flows === undefined || flows.trouble !== undefined || flows.dropped === 0
    ? []
    : [
        `Deleted ${count(flows.dropped, 'conntrack entry')} ${about(flows)}, so that running clients use the repaired path.`,
      ];

const stuckLines = (stuck = 0): readonly string[] =>
  stuck === 0
    ? []
    : [
        `${count(stuck, 'client')} of published UDP ports ${stuck === 1 ? 'is' : 'are'} still answered by docker-proxy, with the address lost: from before a repair.`,
        'To let the rules decide again: rulesguard restore --drop-flows',
      ];

/** What keeps clients on the broken path. */
export const flowNotes = (flows: DroppedFlows | undefined): readonly string[] =>
  flows?.trouble === undefined
    ? []
    : [
        `note: clients ${about(flows)} that keep sending may stay on the broken path until they pause for three minutes: ${flows.trouble}`,
      ];

const verdict = (word: string, paint: Paint): string => paint('green', paint('bold', word));
