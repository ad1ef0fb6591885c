import { expect } from 'vitest';
import { typistOf } from '../lab/typist.ts';
import type { PeerFault } from './fault.ts';
import { FAR, type TwoEngines } from './two-engines.ts';

/**
 * Holds what doctor says of a pair with a fault against packets: they do not pass, the first cause is the fault, on its host and no other, and
 * once the first remedy is typed there they pass.
 *
 * @param usual - who asks whom, where the fault does not say
 * @returns the causes, and what the remedy did, as a cell of a table each
 */
export async function judgeFault(
  hosts: TwoEngines,
  fault: PeerFault,
  usual: { readonly asker: string; readonly address: string; readonly port: number } = {
    asker: 'web',
    address: FAR,
    port: 8080,
  },
): Promise<string> {
  const {
    on,
    codes,
    asker = usual.asker,
    address = usual.address,
    port = usual.port,
    byHand,
    passes,
  } = fault;
  const through = await hosts.reaches(address, port, asker);
  expect(through, 'whether a packet passes').toBe(passes === true);
  const { causes, exit, verdict } = await hosts.consult(
    asker,
    `${address.includes(':') ? `[${address}]` : address}:${String(port)}`,
  );
  const named = causes.map(({ host, check }) => `${host} ${check.code}`);
  const told = causes
    .map(
      ({ host, check: { code, title, remedies } }) =>
        `${host} ${code}: ${title}: ${remedies[0]?.commands.join('; ') ?? ''}`,
    )
    .join('\n');
  expect([verdict, exit], told).toEqual(['fail', 1]);
  expect(
    codes.map((code) => `${on} ${code}`),
    told,
  ).toContain(named[0]);
  expect(new Set(causes.map(({ host }) => host)), told).toEqual(new Set([on]));
  const commands = causes[0]?.check.remedies[0]?.commands ?? [];
  if (byHand === true) return `${named.join(', ')} | by hand`;
  expect(commands, told).not.toEqual([]);
  const { engine, host } = on === 'host-a' ? hosts.asking : hosts.asked;
  const type = typistOf(engine, host);
  for (const command of commands) {
    // A process of a container has its number in its Engine's own namespace alone.
    if (command.startsWith('nsenter ')) {
      await hosts.sh(on, command);
      continue;
    }
    const outcome = await type(command);
    expect(outcome.code, `${command}\n${outcome.stderr}`).toBe(0);
  }
  expect(await hosts.reaches(address, port, asker), `after ${commands.join('; ')}\n${told}`).toBe(true);
  return `${named.join(', ')} | packets pass`;
}
