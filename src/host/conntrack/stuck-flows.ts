import { networkInterfaces } from 'node:os';
import { Fault } from '../../fault.ts';
import { overlap, parseBlock } from '../../net/address.ts';
import { FAMILIES } from '../../net/family.ts';
import type { UdpPort } from '../../reconcile/flows.ts';
import { run } from '../command/command.ts';
import { flowOf, ofFamily, parseEntries, stuckIn } from './entries.ts';

/**
 * How many clients of published UDP ports docker-proxy answers although the rules translate what they send. Undefined where conntrack
 * is not installed or fails.
 *
 * @param subnets - of Docker's networks
 */
export async function countStuck(
  ports: readonly UdpPort[],
  subnets: readonly string[],
): Promise<number | undefined> {
  const blocks = subnets.flatMap((subnet) => parseBlock(subnet) ?? []);
  const isContainer = (address: string): boolean => {
    const one = parseBlock(address);
    return one !== undefined && blocks.some((block) => overlap(block, one));
  };
  const own = new Set(
    Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
  );
  const stuck = new Set<string>();
  try {
    for (const family of FAMILIES) {
      const asked = ofFamily(ports, family);
      if (asked.length === 0) continue;
      const { stdout } = await run(['conntrack', '-L', '-f', family, '-p', 'udp']);
      for (const { from, fromPort, to, toPort } of stuckIn(parseEntries(stdout), asked, own, isContainer))
        stuck.add(own.has(from) ? flowOf(to, toPort, from, fromPort) : flowOf(from, fromPort, to, toPort));
    }
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return undefined;
  }
  return stuck.size;
}
