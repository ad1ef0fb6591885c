import { hostPort } from '../../net/address.ts';
import type { PathEnd } from '../../trace/path.ts';
import { reachOf, lastSeen, leftAs, translationOf, type ProbeReach } from './reach.ts';
import type { Check, NamedPath, Remedy, CheckVerdict } from '../diagnosis.ts';
import { hasCounted, type ProbeResult } from './result.ts';
import { evidenceOf, otherEnds } from './evidence.ts';

/** What a probe shows of a path, as parts of a check. */
interface Ruling {
  readonly code: 'passed' | 'stopped' | 'proxy' | 'differs' | 'unknown';
  readonly verdict: CheckVerdict;
  readonly title: string;
  readonly meaning?: string;
  /** The translation is lost. */
  readonly isLost?: boolean;
}

/**
 * Judges one path by what became of a real packet on it. Nothing is claimed that the packet did not show: where this host
 * stood in for the outside, the title says that.
 *
 * @param path - as it was traced
 * @param seen - what was observed
 * @param restoring - what repairs a translation that is lost
 */
export function judgeProbe(path: NamedPath, seen: ProbeResult, restoring: readonly Remedy[] = []): Check {
  const {
    code,
    verdict,
    title,
    meaning = '',
    isLost = false,
  } = rule(path, {
    ...seen,
    translation: translationOf(seen),
  });
  const { destination, destinationPort } = path.path.packet;
  return {
    section: 'proof',
    code: `proof-${code}`,
    about: path.kind === 'published' ? hostPort(destination, destinationPort) : (path.subjects[0] ?? ''),
    verdict,
    title,
    meaning,
    evidence: evidenceOf(seen),
    remedies: isLost ? restoring : [],
  };
}

function rule(path: NamedPath, seen: ProbeResult): Ruling {
  if (seen.answer === 'unsent')
    return { code: 'unknown', verdict: 'unknown', title: `${path.name}: not probed: ${seen.detail}` };
  const arrival = reachOf(path, seen);
  return (
    hiddenByProxy(path, seen) ?? (seen.standsIn ? inPlace(path, seen, arrival) : along(path, seen, arrival))
  );
}

/** docker-proxy answers in place of a translation that is lost: all seems well, and the container sees no client any more. */
function hiddenByProxy({ name, path }: NamedPath, seen: ProbeResult): Ruling | undefined {
  const { proxy, answer, translation, target, gateway } = seen;
  if (!proxy || answer !== 'answered' || translation === 'counted' || translation === 'none')
    return undefined;
  if (translation === 'unknown') {
    const title = `${name}: answers, perhaps through docker-proxy: nothing shows whether it was translated`;
    return { code: 'unknown', verdict: 'unknown', title };
  }
  if (translation === 'missing' || path.end.at === 'local') {
    const sees = `${target === '' ? 'the container' : target} sees ${gateway === '' ? "the bridge's address" : gateway}`;
    return {
      code: 'proxy',
      verdict: 'fail',
      title: `port ${String(path.packet.destinationPort)} answers, but through docker-proxy: ${sees} instead of its clients; the translation is lost`,
      isLost: true,
    };
  }
  return {
    code: 'unknown',
    verdict: 'unknown',
    title: `${name}: docker-proxy answers this host itself, so nothing is shown of the outside's way`,
    meaning:
      "the translation is there, but packets of this host do not meet it: nat's OUTPUT does not lead to it",
  };
}

const expectedOf = ({ at }: PathEnd): 'through' | 'stopped' | 'unknown' =>
  at === 'sent' || at === 'local' ? 'through' : at === 'unknown' ? 'unknown' : 'stopped';

/** The packet took the very path that was traced. */
function along(path: NamedPath, seen: ProbeResult, arrival: ProbeReach): Ruling {
  const expected = expectedOf(path.path.end);
  if (arrival === 'stopped') return expected === 'through' ? lostDespite(path, seen) : stopped(path, seen);
  if (expected === 'stopped') {
    return {
      code: 'differs',
      verdict: path.shouldPass ? 'warn' : 'fail',
      title: `${path.name}: gets through, although the trace ends it at ${placeOf(path.path.end)}`,
      meaning: path.shouldPass ? '' : 'it should be closed',
    };
  }
  return cameThrough(path, seen, arrival);
}

function cameThrough(
  { name, kind, shouldPass, path }: NamedPath,
  seen: ProbeResult,
  arrival: ProbeReach,
): Ruling {
  const target = seen.target === '' ? 'the receiver' : seen.target;
  const meaning = seen.standsIn
    ? 'seen from this host, not from outside: its packets do not pass FORWARD'
    : '';
  if (arrival === 'answered')
    return { code: 'passed', verdict: shouldPass ? 'ok' : 'warn', title: `${name}: answered`, meaning };
  if (arrival === 'refused') {
    const where = path.packet.protocol === 'icmp' ? '' : ` on port ${String(path.last.destinationPort)}`;
    return {
      code: 'passed',
      verdict: 'warn',
      title: `${name}: arrives, and is refused: ${target} has no service${where} at that address`,
      meaning,
    };
  }
  if (kind === 'outbound') {
    const as = leftAs(seen);
    const by = seen.doors[0] ?? '';
    return {
      code: 'passed',
      verdict: 'ok',
      title: `${name}: leaves this host${by === '' ? '' : ` by ${by}`}${as === '' ? '' : ` as ${as}`}`,
      meaning: 'nobody answered, which is up to the receiver and the networks in between',
    };
  }
  if (path.packet.protocol === 'udp')
    return {
      code: 'passed',
      verdict: shouldPass ? 'ok' : 'warn',
      title: `${name}: arrives at ${target}, which owes a datagram no answer`,
      meaning,
    };
  const back = seen.captured?.filter(({ reply }) => reply).at(-1);
  return {
    code: 'stopped',
    verdict: 'fail',
    title:
      back === undefined
        ? `${name}: arrives at ${target}, and no answer comes out of it`
        : `${name}: ${target} answers, and the answer is lost behind ${back.link}`,
    meaning: back === undefined ? `a firewall inside ${target}, or its way back, swallows it` : '',
  };
}

function stopped(path: NamedPath, seen: ProbeResult): Ruling {
  const { end } = path.path;
  const verdict = path.shouldPass ? 'fail' : 'ok';
  const meaning = path.shouldPass ? '' : 'it is closed, as it should be';
  if (end.at !== 'stopped') {
    const where = end.at === 'lost' ? `, as traced: ${end.detail}` : lastSeen(seen);
    return { code: 'stopped', verdict, title: `${path.name}: does not get through${where}`, meaning };
  }
  const named = seen.ruleCounts?.find(
    ({ variant, table, chain, text }) =>
      (end.native === undefined ? variant === end.variant : variant === undefined) &&
      table === end.table &&
      chain === end.chain &&
      (end.rule === undefined ? text.startsWith('policy ') : text === end.rule.text),
  );
  if (
    // A rule of nftables' own tables need not count.
    (end.native === undefined || named !== undefined) &&
    seen.ruleCounts !== undefined &&
    (named === undefined || !hasCounted(named))
  ) {
    return {
      code: 'differs',
      verdict,
      title: `${path.name}: does not get through${lastSeen(seen)}, but ${placeOf(end)} has not counted it`,
      meaning: otherEnds(seen),
    };
  }
  const counted = named === undefined ? '' : ', which has counted it';
  return { code: 'stopped', verdict, title: `${path.name}: stopped by ${placeOf(end)}${counted}`, meaning };
}

/** By the trace it gets through, and it did not. */
function lostDespite(path: NamedPath, seen: ProbeResult): Ruling {
  const { name, kind, shouldPass } = path;
  const counted = (seen.ruleCounts ?? []).filter((one) => one.ends && hasCounted(one));
  const owesNothing = kind === 'outbound' || path.path.packet.protocol === 'udp';
  if (seen.answer === 'silent' && seen.captured === undefined && counted.length === 0) {
    const title = `${name}: no answer, and without tcpdump it cannot be seen how far it came`;
    if (owesNothing) return { code: 'unknown', verdict: 'unknown', title };
    const meaning = 'no rule has counted it as dropped: it is lost behind the rules, or the answer is';
    return { code: 'stopped', verdict: shouldPass ? 'fail' : 'ok', title, meaning };
  }
  return {
    code: 'differs',
    verdict: shouldPass ? 'fail' : 'ok',
    title: `${name}: does not get through${lastSeen(seen)}, although the trace found nothing in its way`,
    meaning: otherEnds(seen),
  };
}

/** This host stood in for the outside: its packets share the translation and the way to the container, not FORWARD. */
function inPlace(path: NamedPath, seen: ProbeResult, arrival: ProbeReach): Ruling {
  const { end } = path.path;
  const onlyOutside =
    end.at === 'stopped' ||
    (end.at === 'lost' && /^(?:forwarding-off|rp-filter|martian)$/.test(end.why)) ||
    (end.at === 'local' && seen.translation === 'counted');
  if (arrival !== 'stopped') {
    if (onlyOutside)
      return {
        code: 'unknown',
        verdict: 'unknown',
        title: `${path.name}: this host gets through, which shows nothing of the outside's way`,
        meaning: `the trace ends an outsider's packets at ${placeOf(end)}; packets of this host do not pass there`,
      };
    return end.at === 'lost' ? along(path, seen, arrival) : cameThrough(path, seen, arrival);
  }
  if (seen.translation === 'missing')
    return {
      code: expectedOf(end) === 'through' && end.at !== 'local' ? 'differs' : 'stopped',
      verdict: path.shouldPass ? 'fail' : 'ok',
      title: `${path.name}: does not get through: port ${String(path.path.packet.destinationPort)} is translated to nothing`,
      meaning: seen.proxy ? 'docker-proxy may pass it on from its own address, and no reply came' : '',
      isLost: path.shouldPass,
    };
  if (expectedOf(end) === 'stopped')
    return {
      code: 'stopped',
      verdict: path.shouldPass ? 'fail' : 'ok',
      title: `${path.name}: this host does not get through either${lastSeen(seen)}`,
      meaning: `the trace ends an outsider's packets at ${placeOf(end)}`,
    };
  return {
    code: 'unknown',
    verdict: 'unknown',
    title: `${path.name}: this host does not get through${lastSeen(seen)}, which shows little of the outside's way`,
    meaning: otherEnds(seen),
  };
}

const placeOf = (end: PathEnd): string => {
  if (end.at === 'stopped') return end.rule?.text ?? `${end.chain}'s policy ${end.target} (${end.table})`;
  return end.at === 'lost' ? end.detail : end.at === 'local' ? 'this host itself' : 'an interface';
};
