import { recording } from '../recordings.ts';
import type { Backend } from '../netns.ts';
import type { Dice } from './dice.ts';
import { throwSysctls, type Scene } from './rulesets.ts';

const UNUSED = '172.99.';

/**
 * The rules of a real Engine in the town: its default bridge as it is, and one of its other networks moved to the town's
 * second bridge, addresses and all.
 *
 * @param name - of a recording, e.g. `engine-28.5`
 */
export function dockerScene(dice: Dice, name: string, backend: Backend): Scene {
  const { text, networks } = recording(name);
  const others = networks.filter(
    ({ bridge, subnets }) =>
      bridge !== '' && bridge !== 'docker0' && subnets.some((one) => /^172\.\d+\.0\.0\/16$/.test(one)),
  );
  const moved = others.length === 0 ? undefined : dice.pick(others);
  const part =
    /172\.\d+\./.exec(moved?.subnets.find((one) => one.startsWith('172.')) ?? '')?.[0] ?? '172.18.';
  const rules = text.ipv4
    .replaceAll('172.18.', UNUSED)
    .replaceAll(part === '172.18.' ? UNUSED : part, '172.18.')
    .replaceAll(moved?.bridge ?? 'br1', 'br1');
  const ports = [...rules.matchAll(/--dport (\d+)/g)].map(([, port]) => Number(port));
  const addresses = [...rules.matchAll(/ -d (172\.1[78]\.0\.[2-7])\/32/g)].map(([, address = '']) => address);
  return {
    name: `${name}, ${moved?.name ?? 'no network'} on br1`,
    rules: { [backend]: rules },
    // With everything forwarded, as dockerd sees to.
    sysctls: {
      ...throwSysctls(dice, false),
      'ipv4/conf/eth0/forwarding': '1',
      'ipv4/conf/eth1/forwarding': '1',
    },
    exotic: false,
    destinations: [...new Set(addresses), '192.0.2.1', '192.0.2.10'],
    ports: [...new Set(ports)],
  };
}
