import type { OwnedHost } from '../docker/ownership.ts';
import type { Drift } from '../guard/compare.ts';
import { affectedUdpPorts } from '../guard/flows.ts';
import { count } from '../report/text.ts';
import type { Context } from './context.ts';

/**
 * After a repair: drops the flows of published UDP ports that were decided while their translation was lost, and says so.
 *
 * @param drift - as it was before the repair
 */
export async function mendFlows(drift: Drift, base: OwnedHost, { print, log }: Context): Promise<void> {
  const ports = affectedUdpPorts(drift, base);
  if (ports.length === 0) return;
  const { dropFlows } = await import('../system/conntrack.ts');
  const { dropped, trouble } = await dropFlows(ports);
  const about = `of ${count(ports.length, 'published UDP port')}`;
  if (trouble === undefined) {
    if (dropped > 0)
      print(
        `Dropped ${count(dropped, 'conntrack entry')} ${about}, so that running clients use the repaired path.\n`,
      );
    return;
  }
  log.warn(
    `note: clients ${about} that kept sending may stay on the broken path until they pause for three minutes: ${trouble}`,
    { ports },
  );
}
