import { bridgesIn } from '../../../docker/inventory/set-aside.ts';
import { checksOf, listNames } from '../check.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { sysctl, uplinksOf } from '../../lookup.ts';
import { harmless } from '../../remedies/offer.ts';
import { advise, proposal } from '../../remedies/proposal.ts';
import { setSysctl } from '../../remedies/routing.ts';

const { warn, fail } = checksOf('host');

/**
 * Strict reverse path filtering has dropped packets. Stray ones are dropped so on many hosts, so it is a fault only where
 * somebody misses packets.
 *
 * @param isNamed - whether the diagnosis is about one container, network or port
 */
export function judgeReversePath(facts: Facts, isNamed: boolean): readonly Check[] {
  const { netState, reversePathDrops = 0 } = facts;
  const value = (dev: string): number => Number(sysctl(netState, `ipv4/conf/${dev}/rp_filter`) ?? 0);
  const strict = uplinksOf(facts).filter(({ name }) => Math.max(value('all'), value(name)) === 1);
  const bridges = bridgesIn(facts);
  const leads = new Set(
    netState.routes.flatMap(({ dev, table, family, type: kind }) =>
      family === 'ipv4' && table === 'main' && kind === 'unicast' && !bridges.has(dev) ? [dev] : [],
    ),
  );
  // Without a second way there is no other way back.
  if (reversePathDrops === 0 || strict.length === 0 || leads.size < 2) return [];
  const names = listNames(strict.map(({ name }) => name));
  return [
    (isNamed ? fail : warn)(
      'rp-filter',
      `the kernel drops packets that come in by ${names} and whose way back leads elsewhere`,
      {
        about: names,
        meaning: 'clients on that side get no answer, and no rule counts their packets (rp_filter is strict)',
        evidence: [
          `dropped so far (IPReversePathFilter): ${String(reversePathDrops)}`,
          ...strict.map(({ name }) => `rp_filter of ${name} = 1, of all = ${String(value('all'))}`),
        ],
        remedies: [
          ...harmless(
            [
              proposal(
                'accept them: loose mode asks only for any way back',
                ...strict.map(({ name }) => setSysctl(`ipv4/conf/${name}/rp_filter`, '2')),
              ),
            ],
            facts,
          ),
          advise('correct the routes, so that replies leave where requests come in'),
        ],
        impairs: 'all',
      },
    ),
  ];
}
