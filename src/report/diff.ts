import { createTwoFilesPatch } from 'diff';
import type { ChainDrift, Drift } from '../guard/compare.ts';
import type { OwnedRule } from '../docker/ownership.ts';
import type { ChainState } from '../guard/journal.ts';
import { printable } from './text.ts';

const CONTEXT = 2;

function patch(
  name: string,
  from: string,
  to: string,
  before: readonly string[],
  after: readonly string[],
): string {
  const text = (lines: readonly string[]): string => lines.map((line) => `${printable(line)}\n`).join('');
  const full = createTwoFilesPatch(
    `${from}/${name}`,
    `${to}/${name}`,
    text(before),
    text(after),
    undefined,
    undefined,
    { context: CONTEXT },
  );
  return full.replace(/^=+\n/, '');
}

/**
 * The drift as a unified diff, chain by chain: `-` is what the baseline has and the kernel has not. Rules in another order
 * that changes nothing are not shown as changes.
 */
export function driftDiff(drift: Drift): string {
  const policies = drift.policies.map(({ family, table, chain, was, is }) =>
    patch(`${family}/${table}/${chain}`, 'baseline', 'live', [`:${chain} ${was}`], [`:${chain} ${is}`]),
  );
  return [...drift.chains.map(chainDiff), ...policies].join('');
}

function chainDiff(drift: ChainDrift): string {
  const dockers = (rules: readonly OwnedRule[]): readonly OwnedRule[] =>
    rules.filter(({ owner }) => owner !== 'foreign');
  const declaration = `:${drift.chain} -`;
  const recorded = drift.base.builtin ? [] : [declaration];
  const live = drift.base.builtin || !drift.exists ? [] : [declaration];
  const order = new Map(drift.base.rules.map(({ rule }, index) => [rule.text, index]));
  const rank = ({ rule }: OwnedRule): number =>
    drift.misplaced.has(rule.text) ? order.size : (order.get(rule.text) ?? order.size);
  const sorted = [...dockers(drift.live)].sort((a, b) => rank(a) - rank(b));
  const name = `${drift.family}/${drift.table}/${drift.chain}`;
  return patch(
    name,
    'baseline',
    'live',
    [...recorded, ...dockers(drift.base.rules).map(({ rule }) => rule.text)],
    [...live, ...sorted.map(({ rule }) => rule.text)],
  );
}

/** What a plan changes in the chains it names, as a unified diff. */
export function statesDiff(before: readonly ChainState[], after: readonly ChainState[]): string {
  const lines = ({ exists, chain, policy, rules }: ChainState): readonly string[] =>
    exists ? [`:${chain} ${policy}`, ...rules.map(({ text }) => text)] : [];
  return before
    .map((state, index) => {
      const later = after[index];
      return patch(
        `${state.family}/${state.table}/${state.chain}`,
        'live',
        'repaired',
        lines(state),
        later === undefined ? [] : lines(later),
      );
    })
    .join('');
}
