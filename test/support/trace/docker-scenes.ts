import { recording, type Recording } from '../recorded/recordings.ts';
import type { Variant, Family } from '../netns.ts';
import type { Dice } from './dice.ts';
import { onMap } from './families.ts';
import { throwSysctls, type Scene } from './rulesets.ts';

const UNUSED = '172.99.';

/** Rules that speak of the town, and which networks they were about. */
interface Moved {
  readonly rules: string;
  readonly names: readonly string[];
}

/** Networks whose subnet has the shape that can be moved, beside the default bridge's. */
const movable = ({ networks }: Recording, shape: RegExp): Recording['networks'] =>
  networks.filter(
    ({ bridge, subnets }) =>
      bridge !== '' && bridge !== 'docker0' && subnets.some((subnet) => shape.test(subnet)),
  );

/** The default bridge as it is, and one of the other networks on the town's second bridge, addresses and all. */
function moveIpv4(dice: Dice, from: Recording): Moved {
  const others = movable(from, /^172\.\d+\.0\.0\/16$/);
  const moved = others.length === 0 ? undefined : dice.pick(others);
  const part =
    /172\.\d+\./.exec(moved?.subnets.find((one) => one.startsWith('172.')) ?? '')?.[0] ?? '172.18.';
  const rules = from.text.ipv4
    .replaceAll('172.18.', UNUSED)
    .replaceAll(part === '172.18.' ? UNUSED : part, '172.18.')
    .replaceAll(moved?.bridge ?? 'br1', 'br1');
  return { rules, names: moved === undefined ? [] : [moved.name] };
}

/** The default bridge has no IPv6 unless it is told to: two of the other networks take the town's bridges. */
function moveIpv6(dice: Dice, from: Recording): Moved {
  const shape = /^(fd00:[0-9a-f]+::)\/64$/;
  let others = movable(from, shape);
  let rules = from.text.ipv6;
  const names: string[] = [];
  for (const [place, network] of [
    ['br1', '2001:db8::ac12:'],
    ['docker0', '2001:db8::ac11:'],
  ] as const) {
    if (others.length === 0) break;
    const { bridge, name, subnets } = dice.pick(others);
    others = others.filter((other) => other.name !== name);
    const part = subnets.map((subnet) => shape.exec(subnet)?.[1]).find((one) => one !== undefined) ?? '';
    rules = rules
      .replaceAll(`${part}/64`, `${network}0/112`)
      .replaceAll(part, network)
      .replaceAll(bridge, place);
    names.push(name);
  }
  return { rules, names };
}

/**
 * The rules of a real Engine in the town, with its networks moved to the town's bridges.
 *
 * @param name - of a recording, e.g. `engine-28.5`
 */
export function dockerScene(dice: Dice, name: string, family: Family, variant: Variant): Scene {
  const { rules, names } = (family === 'ipv4' ? moveIpv4 : moveIpv6)(dice, recording(name));
  const ports = [...rules.matchAll(/--dport (\d+)/g)].map(([, port]) => Number(port));
  const addresses = [...rules.matchAll(/ -d (\S+)\/(?:32|128)/g)]
    .map(([, address = '']) => onMap(address))
    .filter((address) => /^172\.1[78]\.0\.[2-7]$/.test(address));
  const forwarded = family === 'ipv4' ? ['ipv4/conf/eth0', 'ipv4/conf/eth1'] : ['ipv6/conf/all'];
  return {
    name: `${name}, ${names.join(' and ') || 'no network'} in the town`,
    family,
    rules: { [variant]: rules },
    // With everything forwarded, as dockerd sees to.
    sysctls: {
      ...throwSysctls(dice, family, false),
      ...Object.fromEntries(forwarded.map((where) => [`${where}/forwarding`, '1'])),
    },
    exotic: false,
    destinations: [...new Set(addresses), '192.0.2.1', '192.0.2.10'],
    ports: [...new Set(ports)],
  };
}
