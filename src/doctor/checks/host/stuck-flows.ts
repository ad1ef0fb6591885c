import { sh } from '../../../shell.ts';
import type { Check } from '../../diagnosis.ts';
import type { Facts } from '../../facts/facts.ts';
import { advise, untried } from '../../remedies/proposal.ts';
import { checksOf, listNames } from '../check.ts';

/**
 * Clients of published UDP ports that docker-proxy still answers: the kernel decides about a flow once, and a client that never pauses
 * keeps the way it was led while no rule translated.
 */
export function judgeStuckFlows({ stuckClients = 0, ports, afterRestore }: Facts): readonly Check[] {
  if (stuckClients === 0) return [];
  const who =
    stuckClients === 1
      ? '1 client of published UDP ports is'
      : `${String(stuckClients)} clients of published UDP ports are`;
  const publishing = ports.filter(({ proto, hostPort }) => proto === 'udp' && hostPort !== undefined);
  return [
    checksOf('host').warn('flows-stuck', `${who} still answered by docker-proxy, with the address lost`, {
      about: listNames([...new Set(publishing.map(({ container }) => container))]),
      meaning: 'they began to send while no rule translated, and have not paused since',
      evidence: ['conntrack -L -p udp shows them'],
      remedies: [
        // A restore that has rules to write lets their ports' flows be decided again by itself.
        afterRestore === undefined
          ? untried('flows', 'let the rules decide again', sh`rulesguard restore --drop-flows`)
          : advise("restore Docker's rules first (rulesguard restore), then ask again"),
      ],
    }),
  ];
}
