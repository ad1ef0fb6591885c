import { createTwoFilesPatch } from 'diff';
import type { ChainDrift, Drift } from '../firewall/iptables/compare/drift.ts';
import type { TableDrift } from '../firewall/nftables/compare/drift.ts';
import type { OwnedRule } from '../firewall/iptables/ownership/ownership.ts';
import type { ChainState } from '../firewall/iptables/plan/chain-states.ts';
import { linesBeyond, type ChainDifference } from '../reconcile/baseline-difference.ts';
import type { StoredBaseline } from '../reconcile/stored-baseline.ts';
import { printable } from './text.ts';

const CONTEXT = 2;

/** A unified diff of lines. */
export function patch(
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
 * The drift as a unified diff, chain by chain: `-` is a rule that should be there and is not. An order that changes nothing
 * is not shown.
 */
export function driftDiff(drift: Drift): string {
  const policies = drift.policies.map(({ family, table, chain, was, is }) =>
    patch(`${family}/${table}/${chain}`, 'baseline', 'live', [`:${chain} ${was}`], [`:${chain} ${is}`]),
  );
  return [...drift.chains.map(chainDiff), ...policies].join('');
}

/** As {@link driftDiff}, of Docker's own tables of nftables: chains, maps and sets. */
export function tablesDiff(drifts: readonly TableDrift[]): string {
  return drifts
    .flatMap(({ family, name, chains, maps, sets }) => [
      ...chains.map(({ name: chain, expected, live }) =>
        patch(
          `${family}/${name}/${chain}`,
          'expected',
          'live',
          [`chain ${chain}`, ...expected.rules.map(({ text }) => text)],
          live === undefined ? [] : [`chain ${chain}`, ...live.rules.map(({ text }) => text)],
        ),
      ),
      ...[...maps, ...sets].map(({ name: held, missing, wrong, strays }) =>
        patch(
          `${family}/${name}/${held}`,
          'expected',
          'live',
          [
            ...[...missing].map(elementLine),
            ...wrong.map(({ key, expected }) => elementLine([key, expected])),
          ],
          [...wrong, ...strays].map(({ key, live }) => elementLine([key, live])),
        ),
      ),
    ])
    .join('');
}

const elementLine = ([key, value]: readonly [string, string]): string =>
  value === '' ? key : `${key} : ${value}`;

function chainDiff(drift: ChainDrift): string {
  const dockers = (rules: readonly OwnedRule[]): readonly OwnedRule[] =>
    rules.filter(({ owner }) => owner !== 'foreign');
  const declaration = `:${drift.chain} -`;
  const recorded = drift.desired.builtin ? [] : [declaration];
  const live = drift.desired.builtin || !drift.exists ? [] : [declaration];
  const order = new Map(drift.desired.rules.map(({ rule }, index) => [rule.text, index]));
  const rank = ({ rule }: OwnedRule): number =>
    drift.misplaced.has(rule.text) ? order.size : (order.get(rule.text) ?? order.size);
  const sorted = [...dockers(drift.live)].sort((a, b) => rank(a) - rank(b));
  const name = `${drift.family}/${drift.table}/${drift.chain}`;
  return patch(
    name,
    'baseline',
    'live',
    [...recorded, ...dockers(drift.desired.rules).map(({ rule }) => rule.text)],
    [...live, ...sorted.map(({ rule }) => rule.text)],
  );
}

/** What a baseline is called in a diff. */
type DiffSide = Pick<StoredBaseline, 'id' | 'digest'> & {
  readonly baseline: Pick<StoredBaseline['baseline'], 'created'>;
};

/** What differs between two baselines, as a unified diff, chain by chain; empty when nothing does. */
export function baselinesDiff(before: DiffSide, after: DiffSide, chains: readonly ChainDifference[]): string {
  return chains
    .map((one) =>
      patch(`${one.family}/${one.table}/${one.chain}`, before.id, after.id, one.before, one.after),
    )
    .join('');
}

/** The document of `baseline diff --json`; schemas/baseline-diff.schema.json describes it. */
export function baselinesJson(
  before: DiffSide,
  after: DiffSide,
  chains: readonly ChainDifference[],
): unknown {
  const named = ({ id, digest, baseline: { created } }: DiffSide): object => ({ id, created, digest });
  return {
    $schema: 'https://rulesguard.dev/schemas/baseline-diff.schema.json',
    version: 1,
    before: named(before),
    after: named(after),
    same: chains.length === 0,
    chains: chains.map((one) => {
      const removed = linesBeyond(one.before, one.after);
      const added = linesBeyond(one.after, one.before);
      return {
        ...{ family: one.family, table: one.table, chain: one.chain, removed, added },
        reordered: removed.length === 0 && added.length === 0,
      };
    }),
  };
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
