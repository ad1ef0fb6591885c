import type { AskedFor, Asker } from '../../reach/cell.ts';
import type { ToldCell } from '../../reach/judge/groups.ts';
import { printable } from '../text.ts';
import { reasonIn, toldGroups } from './groups.ts';
import type { ReachReport } from './text.ts';
import { deciderReason, isWords } from './words.ts';

const VERDICTS = { 0: 'healthy', 1: 'fault', 3: 'unknown' } as const;

/**
 * The document of `reach --json`; schemas/reach.schema.json describes it.
 *
 * @param options - `all`: every cell, not only those that differ
 */
export function reachJson(report: ReachReport, { all }: { readonly all: boolean }): unknown {
  const { cells, engine, question, exit, unread, unasked } = report;
  const counts = { same: 0, outage: 0, exposure: 0, degraded: 0, operator: 0, unknown: 0, accepted: 0 };
  for (const { effect, accepted } of cells) counts[accepted === undefined ? effect : 'accepted']++;
  return {
    $schema: 'https://rulesguard.dev/schemas/reach.schema.json',
    version: 1,
    verdict: VERDICTS[exit],
    engine: { version: printable(engine) },
    target: wordOf(question.target),
    from: wordOf(question.from),
    to: wordOf(question.to),
    counts,
    groups: toldGroups(cells).map(
      ({ effect, differs, cause, accepted, headline, names, reasons, cells: number }) => ({
        effect,
        differs,
        cause: cause ?? null,
        accepted: acceptedJson(accepted),
        headline: printable(headline),
        names: names.map(printable),
        reasons: reasons.map(printable),
        cells: number,
      }),
    ),
    policyUnknown: report.policyUnknown ?? [],
    unread: unread.map(({ what, why, hint }) => ({
      what,
      why: printable(why),
      ...(hint === undefined ? {} : { hint: printable(hint) }),
    })),
    unasked: unasked.map(({ what, names }) => ({ what, names: names.map(printable) })),
    cells: cells.filter(({ effect }) => all || effect !== 'same').map(cellJson),
  };
}

const wordOf = (word: string | undefined): string | null => (word === undefined ? null : printable(word));

const acceptedJson = (accepted: ToldCell['accepted']): unknown =>
  accepted === undefined
    ? null
    : { id: accepted.id, until: accepted.until, reason: printable(accepted.reason) };

/** A cell without anything nested, as CSV prints it too. */
export function cellJson(cell: ToldCell): Readonly<Record<string, string | number | null>> {
  const { family, proto, asker, asked, should, effect, is, decider } = cell;
  const decides = decider === undefined ? '' : deciderReason(decider, is);
  const isContainer = 'spot' in asked;
  return {
    effect,
    differs: cell.differs ?? effect,
    cause: cell.cause ?? null,
    decider: decides === '' ? null : printable(decides),
    family,
    protocol: proto,
    ...askerJson(asker),
    asked: asked.what,
    container: isContainer ? printable(asked.spot.container) : null,
    network: isContainer ? printable(asked.spot.network) : null,
    address: asked.what === 'published' ? asked.at : isContainer ? asked.spot.address : asked.address,
    port: portOf(asked),
    should,
    is: isWords(cell),
    as: is.is === 'reached' ? is.as : null,
    reason: printable(reasonIn(cell)),
    accepted: cell.accepted?.id ?? null,
  };
}

function portOf(asked: AskedFor): number | null {
  switch (asked.what) {
    case 'published':
      return asked.hostPort;
    case 'name-server':
      return null;
    default:
      return asked.port ?? null;
  }
}

function askerJson(asker: Asker): Readonly<Record<string, string | null>> {
  switch (asker.by) {
    case 'outside': {
      const from = asker.from === 'beyond' ? 'outside' : asker.from;
      return { from, by: asker.interface, source: asker.address, fromNetwork: null };
    }
    case 'host':
      return { from: 'host', by: null, source: null, fromNetwork: null };
    case 'container':
      return {
        from: asker.is === 'none' ? 'container' : asker.is,
        by: printable(asker.spot.container),
        source: asker.spot.address,
        fromNetwork: printable(asker.spot.network),
      };
  }
}
