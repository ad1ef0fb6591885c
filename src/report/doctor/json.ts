import type { Check, Diagnosis, NamedPath } from '../../doctor/diagnosis.ts';
import type { Packet } from '../../trace/packet.ts';
import type { PathEnd, PathStep } from '../../trace/path.ts';
import { printable } from '../text.ts';

/**
 * The document of `doctor --json`; schemas/doctor.schema.json describes it. Bytes of rules are printable here too: the document
 * may be shown as it is on a terminal.
 */
export function doctorJson(diagnosis: Diagnosis): unknown {
  const { target, from, verdict, engine, firewallBackend, variant, causes, checks, paths, tree } = diagnosis;
  return printableTexts({
    $schema: 'https://rulesguard.dev/schemas/doctor.schema.json',
    version: 1,
    target,
    from: from === '' ? null : from,
    verdict,
    engine: engine === '' ? null : { version: engine },
    firewallBackend: firewallBackend === '' ? null : firewallBackend,
    variant: variant === '' ? null : variant,
    summary: summaryOf(diagnosis),
    causes: causes.map(checkJson),
    checks: checks.map(checkJson),
    paths: paths.map(pathJson),
    tree,
  });
}

function summaryOf({ checks, paths }: Diagnosis): unknown {
  const tally = (of: readonly { readonly verdict: Check['verdict'] }[]): unknown => {
    const counts = { ok: 0, warn: 0, fail: 0, unknown: 0 };
    for (const { verdict } of of) counts[verdict]++;
    return counts;
  };
  return { checks: tally(checks), paths: tally(paths) };
}

/** A check as documents have it: without what only decides which of them is a cause. */
export const checkJson = ({ impairs, always: _, persists: __, ...check }: Check): unknown => ({
  ...check,
  impairs: impairs ?? [],
});

const pathJson = ({ path, ...named }: NamedPath): unknown => ({
  ...named,
  packet: packetJson(path.packet),
  last: packetJson(path.last),
  steps: path.steps.map(stepJson),
  end: endJson(path.end),
});

const packetJson = ({ icmp, tcpFlags, ...packet }: Packet): unknown => ({
  ...packet,
  icmp: icmp ?? null,
  tcpFlags: tcpFlags ?? [],
});

const stepJson = ({ hook, variant, stage, chain, rule, what }: PathStep): unknown => ({
  hook,
  variant: variant ?? null,
  stage,
  chain: chain ?? null,
  rule: rule?.text ?? null,
  counters: rule === undefined || rule.counters === '' ? null : rule.counters,
  what,
});

const NOT_SHOWN = { native: undefined, hook: undefined, led: undefined, discovers: undefined };

/** An end without what it does not have: a policy has no rule, a cause that is known no table. */
function endJson(end: PathEnd): unknown {
  if (end.at !== 'stopped' && end.at !== 'unknown') return end;
  // That it is nftables' own is in the table's name; the steps show the hook, and by which chains it came there.
  const { rule, native, hook, led, discovers, ...rest } = { ...NOT_SHOWN, ...end };
  return rule === undefined ? rest : { ...rest, rule: rule.text };
}

/** Every text of a document made printable: of lists and plain objects, keys too. */
export function printableTexts(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map(printableTexts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [printable(key), printableTexts(inner)]),
  );
}
