import { overlap, blockOf, bracketed } from '../../net/address.ts';
import type { Family } from '../../net/family.ts';
import { chainOf, isBuiltin, rulesOf, type Chain } from '../../firewall/iptables/text/model.ts';
import { targetOf, viewRule } from '../../firewall/iptables/text/view.ts';
import type { VariantRules } from '../../trace/network-state.ts';
import type { NamedPath } from '../diagnosis.ts';
import { hasCounted, type RuleCount, type ProbeResult } from './result.ts';

const ENDS: readonly (string | undefined)[] = ['DROP', 'REJECT'];

/**
 * What the rules counted while a path was probed: those of the path, whether they counted or not, and those beside it
 * that end packets like these and did count.
 *
 * @param translation - the published port's, which belongs to the path even where the trace does not meet it
 * @param before - every variant, read before the packets were sent
 * @param after - the same variants, read after
 */
export function ruleCountsOn(
  path: NamedPath,
  translation: PortTranslation | undefined,
  before: readonly VariantRules[],
  after: readonly VariantRules[],
): readonly RuleCount[] {
  const { family } = path.path.packet;
  const onPath = new Set(path.path.steps.map((step) => `${step.stage} ${step.rule?.text ?? ''}`));
  const { end } = path.path;
  if (end.at === 'stopped') onPath.add(`${end.table} ${end.rule?.text ?? `${end.chain} policy`}`);
  return after.flatMap((held) => {
    const was = before.find(({ variant }) => variant === held.variant);
    if (was === undefined) return [];
    return [...held.rules[family].tables].flatMap(([table, { chains }]) =>
      [...chains.values()].flatMap((chain) => {
        const old = chainOf(was.rules[family], table, chain.name);
        const all = [
          ...policyOf({ family, variant: held.variant, table }, chain, old),
          ...rulesIn({ family, variant: held.variant, table }, chain, old),
        ];
        return all.filter((one) => {
          const key = one.text.startsWith('policy ') ? `${chain.name} policy` : one.text;
          if (table === 'nat' && translation !== undefined && leadsTo(one.text, translation)) return true;
          return onPath.has(`${table} ${key}`) || (one.ends && hasCounted(one) && concerns(one.text, path));
        });
      }),
    );
  });
}

type CounterPlace = Pick<RuleCount, 'family' | 'variant' | 'table'>;

const packetsOf = (counters = ''): string => /^\d+/.exec(counters)?.[0] ?? '0';

function policyOf(place: CounterPlace, chain: Chain, old: Chain | undefined): readonly RuleCount[] {
  if (!isBuiltin(place.table, chain.name)) return [];
  const { name, policy } = chain;
  const [before, after] = [packetsOf(old?.counters), packetsOf(chain.counters)];
  return [{ ...place, chain: name, text: `policy ${policy}`, before, after, ends: policy === 'DROP' }];
}

/** Equal rules of one chain are the same rule: their counters are added. */
function rulesIn(place: CounterPlace, chain: Chain, old: Chain | undefined): readonly RuleCount[] {
  const sums = (of: Chain | undefined): Map<string, bigint> => {
    const all = new Map<string, bigint>();
    for (const { text, counters } of of?.rules ?? [])
      all.set(text, (all.get(text) ?? 0n) + BigInt(packetsOf(counters)));
    return all;
  };
  const was = sums(old);
  return [...sums(chain)].map(([text, count]) => ({
    ...place,
    chain: chain.name,
    text,
    before: String(was.get(text) ?? 0n),
    after: String(count),
    ends: ENDS.includes(targetOf(text)),
  }));
}

/** Whether a rule may have met these packets, or their answers: one of another protocol, port or address counted others. */
function concerns(text: string, { path: { packet, last } }: NamedPath): boolean {
  if (text.startsWith('policy ')) return true;
  const { protocol, destinationPort, destination } = viewRule({ text });
  if (protocol !== undefined && !protocol.negated && protocol.value !== packet.protocol) return false;
  const block = destination === undefined || destination.negated ? undefined : blockOf(destination.value);
  if (block !== undefined) {
    const ends = [packet.source, last.source, packet.destination, last.destination].map(blockOf);
    if (!ends.some((end) => end !== undefined && overlap(end, block))) return false;
  }
  if (destinationPort === undefined || destinationPort.negated || !/^\d+$/.test(destinationPort.value))
    return true;
  return [packet.destinationPort, last.destinationPort].includes(Number(destinationPort.value));
}

/** A translation that a published port should have. */
export interface PortTranslation {
  readonly family: Family;
  readonly proto: string;
  readonly hostPort: number;
  readonly address: string;
  readonly port: number;
}

/**
 * What the DNAT rule of a published port did meanwhile.
 *
 * @param expected - undefined where nothing is to be translated
 */
export function translationSeen(
  expected: PortTranslation | undefined,
  before: readonly VariantRules[],
  after: readonly VariantRules[],
): ProbeResult['translation'] {
  if (expected === undefined) return 'none';
  const found = after.flatMap((held) => {
    const was = before.find(({ variant }) => variant === held.variant);
    return [...(held.rules[expected.family].tables.get('nat')?.chains.values() ?? [])].flatMap((chain) => {
      const old = was === undefined ? [] : rulesOf(was.rules[expected.family], 'nat', chain.name);
      const live = chain.rules.filter(({ text }) => leadsTo(text, expected));
      return live.map(({ text, counters }) => ({
        before: packetsOf(old.find((rule) => rule.text === text)?.counters),
        after: packetsOf(counters),
      }));
    });
  });
  if (found.length === 0) return 'missing';
  return found.some(({ before: was, after: is }) => BigInt(is) > BigInt(was)) ? 'counted' : 'still';
}

function leadsTo(text: string, { proto, hostPort, address, port }: PortTranslation): boolean {
  if (targetOf(text) !== 'DNAT') return false;
  const { protocol, destinationPort, options } = viewRule({ text });
  const to = options.find(({ name }) => name === '--to-destination')?.values[0];
  return (
    protocol?.value === proto &&
    destinationPort?.value === String(hostPort) &&
    to === `${bracketed(address)}:${String(port)}`
  );
}
