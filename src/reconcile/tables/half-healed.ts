import type { TableDrift } from '../../firewall/nftables/compare/drift.ts';
import {
  BRIDGES_TABLE,
  FORWARD,
  NAT_OUT,
  NAT_PREROUTING,
  POSTROUTING,
  RAW_PREROUTING,
  TRANSLATIONS,
} from '../../firewall/nftables/tables/names.ts';
import type { Finding } from '../finding.ts';
import { printInstant } from './instant.ts';
import { timesOfLoss, type KnownTimes, type LossTime } from './loss-times.ts';

/**
 * Docker notices no loss. Its next act makes the table again and fills only the chains it touches: what it wrote since is there, and
 * nothing says that all else is gone (docs/reference/docker-nftables.md#after-a-loss). That is told by chains that every table has from its first
 * moment and this one lacks, beside others that Docker has filled.
 */
export function halfHealed(drift: TableDrift, times: KnownTimes): readonly Finding[] {
  const { family, name, expected, live, chains, maps } = drift;
  if (name !== BRIDGES_TABLE || expected === undefined || live === undefined) return [];
  const lacking = (chain: string): boolean => expected.chains.has(chain) && !live.chains.has(chain);
  const isMissing = [FORWARD, POSTROUTING, NAT_PREROUTING].some(lacking);
  const written = [...live.chains.values()].reduce((sum, { rules }) => sum + rules.length, 0);
  if (!isMissing || written === 0) return [];
  const isLost = (chain: string): boolean =>
    chains.some((one) => one.name === chain && one.missing.length > 0);
  const leavesNothing = isLost(POSTROUTING) || maps.some((map) => map.name === NAT_OUT.map && !map.exists);
  const open = [
    ...(isLost(FORWARD) ? ['unpublished ports'] : []),
    ...(isLost(RAW_PREROUTING) ? ["containers' own addresses"] : []),
  ];
  const cut = [
    ...(leavesNothing ? ['the way out of containers'] : []),
    ...(isLost(NAT_PREROUTING) || isLost(TRANSLATIONS) ? ['translation of published ports'] : []),
  ];
  const { after, before } = timesOfLoss(drift, times);
  return [
    {
      ...{ kind: 'half-healed', severity: 'notice', family, table: name, chain: '' },
      ...(after === undefined && before === undefined
        ? {}
        : {
            lost: {
              ...(after && { after: printInstant(after.at) }),
              ...(before && { before: printInstant(before.at) }),
            },
          }),
      consequence: [
        'half-healed: the table was lost, and Docker has written only part of it again since, without knowing',
        ...(open.length === 0 ? [] : [`open: ${open.join(', ')}`]),
        ...(cut.length === 0 ? [] : [`cut: ${cut.join(', ')}`]),
        ...whenLost('after', after, Math.floor),
        ...whenLost('before', before, Math.ceil),
      ].join('; '),
    },
  ];
}

/** @param round - to the second, so that what is said stays true */
const whenLost = (
  word: string,
  time: LossTime | undefined,
  round: (seconds: number) => number,
): readonly string[] =>
  time === undefined
    ? []
    : [`lost ${word} ${printInstant(round(time.at / 1000) * 1000).replace('.000', '')} (${time.because})`];
