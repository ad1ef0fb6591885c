import { bracketed } from '../../net/address.ts';
import { isFor } from '../../trace/native/tables.ts';
import type { NamedPath } from '../diagnosis.ts';
import { hasCounted, type ProbeResult, type RuleCount } from './result.ts';
import type { PortTranslation } from './rule-counts.ts';

/** One of nftables' own tables, as `nft -a list table` lists it: with what its rules counted. */
export interface CountedListing {
  /** `ip docker-bridges` */
  readonly table: string;
  readonly text: string;
}

/** A rule that counts, as it was listed. */
interface CountingRule {
  readonly table: string;
  readonly chain: string;
  readonly handle: string;
  /** Without what it counted. */
  readonly text: string;
  readonly packets: string;
}

const COUNTER = /\bcounter packets (\d+) bytes \d+/;

/** The rules of a listing that count; nothing shows what others did. */
function countingIn({ table, text }: CountedListing): readonly CountingRule[] {
  let chain = '';
  return text.split('\n').flatMap((line) => {
    chain = /^\tchain (\S+) \{/.exec(line)?.[1] ?? chain;
    const [, packets = ''] = COUNTER.exec(line) ?? [];
    const [, words = '', handle = ''] = /^\t\t(.*) # handle (\d+)$/.exec(line) ?? [];
    return packets === '' || handle === ''
      ? []
      : [{ table, chain, handle, packets, text: words.replace(COUNTER, 'counter') }];
  });
}

const keyOf = ({ table, chain, handle }: Pick<CountingRule, 'table' | 'chain' | 'handle'>): string =>
  `${table} ${chain} ${handle}`;

/** Each rule of the later listings, with what it had counted before. */
function pairsOf(
  before: readonly CountedListing[],
  after: readonly CountedListing[],
): readonly (CountingRule & { readonly was: string })[] {
  const was = new Map(before.flatMap(countingIn).map((one) => [keyOf(one), one.packets]));
  return after.flatMap(countingIn).map((one) => ({ ...one, was: was.get(keyOf(one)) ?? '0' }));
}

/**
 * What rules of nftables' own tables counted while a path was probed: as `ruleCountsOn` of those of iptables. Of rules without a counter
 * nothing is said.
 */
export function nativeCountsOn(
  { path }: NamedPath,
  translation: PortTranslation | undefined,
  before: readonly CountedListing[],
  after: readonly CountedListing[],
): readonly RuleCount[] {
  const { family } = path.packet;
  const onPath = new Set(
    path.steps.map(({ stage, chain = '', handle = '' }) => keyOf({ table: stage, chain, handle })),
  );
  return pairsOf(before, after)
    .filter(({ table }) => isFor(table, family))
    .flatMap((one) => {
      const count: RuleCount = {
        ...{
          family,
          table: one.table,
          chain: one.chain,
          text: one.text,
          before: one.was,
          after: one.packets,
        },
        ends: /\b(?:drop|reject)\b/.test(one.text),
      };
      const isMet = onPath.has(keyOf(one)) || (translation !== undefined && leadsTo(one.text, translation));
      return isMet || (count.ends && hasCounted(count) && concerns(one.text, path)) ? [count] : [];
    });
}

/** Whether a rule may have met these packets, or their answers: one of another protocol, port or address counted others. */
function concerns(text: string, { packet, last }: NamedPath['path']): boolean {
  const [, protocol = packet.protocol] = /\b(tcp|udp|sctp) [sd]port\b/.exec(text) ?? [];
  if (protocol !== packet.protocol) return false;
  const [, port] = /\bdport (\d+)(?! *-)\b/.exec(text) ?? [];
  if (port !== undefined && ![packet.destinationPort, last.destinationPort].includes(Number(port)))
    return false;
  const [, address] = /\bip6? [sd]addr ([\da-f.:]+)(?![\da-f.:/-])/.exec(text) ?? [];
  return (
    address === undefined ||
    [packet.source, last.source, packet.destination, last.destination].includes(address)
  );
}

/**
 * What the translation of a published port did meanwhile, where Docker writes with nftables: as `translationSeen` of iptables' rules.
 *
 * @param expected - undefined where nothing is to be translated
 */
export function nativeTranslationSeen(
  expected: PortTranslation | undefined,
  before: readonly CountedListing[],
  after: readonly CountedListing[],
): ProbeResult['translation'] {
  if (expected === undefined) return 'none';
  const found = pairsOf(before, after).filter(({ text }) => leadsTo(text, expected));
  if (found.length === 0) return 'missing';
  return found.some(({ was, packets }) => BigInt(packets) > BigInt(was)) ? 'counted' : 'still';
}

const leadsTo = (text: string, { proto, hostPort, address, port }: PortTranslation): boolean =>
  ` ${text} `.includes(
    ` ${proto} dport ${String(hostPort)} counter dnat to ${bracketed(address)}:${String(port)} `,
  );
