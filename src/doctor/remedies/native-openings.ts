import { isNobodys } from '../../reach/far.ts';
import { sh } from '../../shell.ts';
import type { Followed, Group } from '../paths/follow.ts';
import { wordsOf, type NativeStopPlace } from './native-stop.ts';
import { proposal, type Proposal, type RemedyStep } from './proposal.ts';

/**
 * Rules of nftables that accept what a group asks, right before the rule that stops it, or behind all others where a policy does; the
 * widest first. What the chain drops before that, it drops still.
 */
export function nativeOpenings({ followed, first }: Group, stop: NativeStopPlace): readonly Proposal[] {
  const all = followed.map((one) => conditionsOf(one, stop.hook));
  const widths = Math.max(...all.map(({ length }) => length));
  const what = first.path.packet.state === 'ESTABLISHED' ? 'let answers pass first' : 'to open it';
  return Array.from({ length: widths }, (_, width): Proposal => {
    const steps = all.flatMap((conditions) => {
      const found = conditions[Math.min(width, conditions.length - 1)];
      return found === undefined ? [] : [accepting(stop, `${found} accept`)];
    });
    const distinct = [...new Map(steps.map((step) => [step.command, step])).values()];
    return proposal(`${what}; also in the file the table is loaded from`, ...distinct);
  });
}

function accepting({ end: { table, chain, native } }: NativeStopPlace, rule: string): RemedyStep {
  const [family, name] = wordsOf(table);
  const { handle } = native;
  return handle === ''
    ? {
        command: sh`nft add rule ${family} ${name} ${chain} ${rule}`,
        change: { of: 'native', table, edit: { op: 'append', chain, rule } },
      }
    : {
        command: sh`nft insert rule ${family} ${name} ${chain} handle ${handle} ${rule}`,
        change: { of: 'native', table, edit: { op: 'before', handle, rule } },
      };
}

const ANSWERS = 'ct state established,related';

/** What a path asks where it is stopped, and less with each step: in the order in which they are to be tried. */
function conditionsOf({ path, request: { goal, kind } }: Followed, hook: string): readonly string[] {
  const { packet, last } = path;
  const by =
    hook === 'OUTPUT' || hook === 'POSTROUTING' || packet.inInterface === ''
      ? ''
      : `iifname "${packet.inInterface}"`;
  const out =
    hook === 'INPUT' || hook === 'PREROUTING' || last.outInterface === ''
      ? ''
      : `oifname "${last.outInterface}"`;
  const ip = packet.family === 'ipv6' ? 'ip6' : 'ip';
  const from = last.source === '' ? '' : `${ip} saddr ${last.source}`;
  const to = `${ip} daddr ${last.destination}`;
  const isBetween = kind === 'same-network';
  const words = (...parts: readonly string[]): string => parts.filter((part) => part !== '').join(' ');
  if (packet.state === 'ESTABLISHED') return [ANSWERS, words(by, out, ANSWERS)];
  if (isBetween) return [words(by, out), words(by, from, to)];
  if (goal.to === 'outside') return [words(by, out), words(by, out, from)];
  const isPorts = last.protocol === 'tcp' || last.protocol === 'udp' || last.protocol === 'sctp';
  const port =
    last.destinationPort === 0 || !isPorts ? '' : `${last.protocol} dport ${String(last.destinationPort)}`;
  const there = words(by, out, to, port);
  const isCertain = last.source !== '' && !isNobodys(last.source);
  return [there, ...(isCertain ? [words(from, there)] : [])];
}
