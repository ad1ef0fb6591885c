import { affectedUdpPorts, publishedUdpPorts, type DroppedFlows } from '../../reconcile/flows.ts';
import type { Observation } from '../../reconcile/observation.ts';
import type { RestoreResult } from '../../reconcile/repair-result.ts';
import type { Host } from '../ports.ts';
import type { RepairOptions } from './repair.ts';

/** What a repair found and left, and how many times it was applied. */
interface Applies {
  readonly before: Observation;
  readonly after: Observation;
  readonly applies: number;
}

/** Has the rules decide again about flows of published UDP ports, and counts the clients that are stuck. */
export const decideFlows = async (
  host: Pick<Host, 'dropFlows' | 'countStuck'>,
  { before, after, applies }: Applies,
  flows: RepairOptions['flows'],
): Promise<Pick<RestoreResult, 'flows' | 'stuck'>> => ({
  flows:
    flows === 'all'
      ? await dropAllFlows(host, after)
      : applies > 0
        ? await dropStaleFlows(host, before)
        : undefined,
  stuck: flows === 'repaired' ? await stuckClients(host, after) : undefined,
});

async function dropAllFlows(
  host: Pick<Host, 'dropFlows'>,
  after: Observation,
): Promise<DroppedFlows | undefined> {
  const ports = publishedUdpPorts(after);
  return ports.length === 0 ? undefined : host.dropFlows(ports);
}

/** How many clients are still where they were decided to go while no rule translated. Asked only where the networks are known. */
async function stuckClients(host: Pick<Host, 'countStuck'>, after: Observation): Promise<number | undefined> {
  const ports = publishedUdpPorts(after);
  if (ports.length === 0 || !after.engine.answered) return undefined;
  return host.countStuck(
    ports,
    after.engine.inventory.networks.flatMap(({ subnets }) => subnets),
  );
}

/**
 * Drops the flows of published UDP ports that were decided while their translation was lost.
 *
 * @param before - what was observed before the repair
 */
export async function dropStaleFlows(
  host: Pick<Host, 'dropFlows'>,
  before: Observation,
): Promise<DroppedFlows | undefined> {
  const ports = affectedUdpPorts(before);
  return ports.length === 0 ? undefined : host.dropFlows(ports);
}
