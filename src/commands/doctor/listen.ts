import { isAddress, readPort } from '../../doctor/target/port-argument.ts';
import { Fault } from '../../fault.ts';
import { listenHere } from '../../host/peers/listen-here.ts';
import { LISTENING } from '../../host/peers/listen-peer.ts';
import type { Context, Exit } from '../context.ts';

/**
 * `rulesguard doctor --listen SOURCE-PORT ADDRESS:PORT`: prints which packets of a probe come here until its input ends, for doctor `--probe` on
 * another host. Changes nothing.
 *
 * @throws Fault RG_USAGE
 */
export async function printListened(
  sourcePort: number,
  target: string | undefined,
  { print }: Context,
): Promise<Exit> {
  const named = readPort(target ?? '');
  const isPort = Number.isInteger(sourcePort) && sourcePort > 0 && sourcePort <= 65_535;
  if (named === undefined || !isPort || !isAddress(named.address))
    throw new Fault(
      'RG_USAGE',
      2,
      '--listen needs the port a probe is sent from, and the address and port it is sent to',
      {
        hint: 'rulesguard doctor --listen 61000 192.0.2.1:80/tcp',
      },
    );
  const { address, port, proto } = named;
  const listened = await listenHere({ address, port, proto, sourcePort }, process.stdin, () => {
    print(`${LISTENING}\n`);
  });
  const $schema = 'https://rulesguard.dev/schemas/doctor-listen.schema.json';
  const packets = listened.packets.slice(0, 200);
  const others = Math.min(listened.others, 100_000);
  // Nothing was watched: the line that says so is missing, and the document takes its place on the second.
  if (listened.unavailable !== '') print('\n');
  print(`${JSON.stringify({ $schema, version: 1, ...listened, packets, others })}\n`);
  return 0;
}
