import { Fault } from '../fault.ts';
import type { UdpPort } from '../guard/flows.ts';
import { run } from './command.ts';

/** What became of the flows of the affected ports. */
export interface DroppedFlows {
  readonly ports: readonly UdpPort[];
  /** How many conntrack entries went. */
  readonly dropped: number;
  /** Why none could be dropped, for people; undefined when the tool did its work. */
  readonly trouble: string | undefined;
}

const DELETED = /(\d+) flow entries have been deleted/;

/**
 * Drops the conntrack entries of published UDP ports, so that the next packet of each flow is translated anew. Only
 * entries whose original destination is such a port; a flow that is already right is merely decided again.
 *
 * @param ports - after the repair, see affectedUdpPorts
 */
export async function dropFlows(ports: readonly UdpPort[]): Promise<DroppedFlows> {
  let dropped = 0;
  for (const { family, port, hostIp } of ports) {
    const where = hostIp === undefined ? [] : ['--orig-dst', hostIp];
    try {
      // Status 1 is also "nothing to delete"; the count on stderr tells them apart, and either way nothing is lost.
      const { stderr } = await run([
        'conntrack',
        '-D',
        '-f',
        family,
        '-p',
        'udp',
        '--orig-port-dst',
        port,
        ...where,
      ]);
      dropped += Number(DELETED.exec(stderr)?.[1] ?? 0);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return {
        ports,
        dropped,
        trouble: `${error.message}${error.hint === undefined ? '' : `. ${error.hint}`}`,
      };
    }
  }
  return { ports, dropped, trouble: undefined };
}
