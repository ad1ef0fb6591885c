import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { hostUnavailable, runOnHost, type Step } from '../support/vm/host.ts';
import { recordHost } from '../support/vm/record.ts';
import { stepsOf } from '../support/vm/steps.ts';

const reason = hostUnavailable();
const skipped = reason === undefined ? '' : ` (skipped: ${reason})`;

describe.skipIf(reason !== undefined)(`a whole host with the routing mesh${skipped}`, () => {
  let steps: ReadonlyMap<string, Step>;
  const { step, came } = stepsOf(() => steps);
  beforeAll(async () => {
    steps = await runOnHost(path.join(import.meta.dirname, 'mesh.sh'), 2_400);
    if (process.env['RULESGUARD_HOST_RECORD'] !== undefined) await recordHost(steps, 'engine-26.1-mesh-ipvs');
  });

  test('Docker runs under its own unit, and the routing mesh balances by IPVS', () => {
    for (const made of ['image', 'swarm', 'service', 'container', 'up']) came(made, 0);
    came('units', 0, 'active\nactive');
    came('ipvs', 0, /rr\n[^]*-p tcp -m tcp --dport 9000 -j DNAT/);
  });

  test('the expected rules equal what the Engine wrote, and restore has nothing to do', () => {
    came('snapshot', 0, 'RECORDED');
    came('expected', 0, /^INTACT/m);
    came('recorded', 0, /^INTACT/m);
    came('nothing', 0, 'nothing to do');
  });

  test.each(['nat', 'all'])(
    'damage of %s: packets stop, check reports it, restore repairs it, packets pass',
    (name) => {
      expect(step(`${name}-client`).code).not.toBe(0);
      came(`${name}-check`, 1, 'DAMAGED');
      came(`${name}-restore`, 0, 'REPAIRED');
      came(`${name}-packets`, 0);
      came(`${name}-rules`, 0);
    },
  );

  test('watch runs as a unit: it names who flushed, repairs it, and is gone without a trace', () => {
    for (const name of ['install', 'active', 'listens', 'repaired', 'packets', 'remove', 'left', 'ended'])
      came(`watch-${name}`, 0);
    // The command line of a program that ends at once may be gone before the listener has its turn.
    came('watch-log', 0, /by (iptables -t nat -F \(iptables, pid \d+\)|iptables \(pid \d+\))/);
  });
});
