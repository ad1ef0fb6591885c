import type { PublishedPort } from '../../docker/inventory/inventory.ts';
import { bridgesIn } from '../../docker/inventory/set-aside.ts';
import { isAny, isLoopback, parseBlock, sameBlock } from '../../net/address.ts';
import type { NetworkLink } from '../../trace/network-state.ts';
import type { DoctorTarget } from '../diagnosis.ts';
import type { ContainerFacts, Facts } from '../facts/facts.ts';
import { insideOf } from '../lookup.ts';
import type { PathRequest, Port } from './request.ts';

/** Interfaces by which it is asked: the uplinks, and the one that has the very address that was named. */
export const waysIn = (
  target: DoctorTarget,
  uplinks: readonly NetworkLink[],
  facts: Facts,
): readonly NetworkLink[] => {
  const dockers = bridgesIn(facts);
  const named = facts.netState.links.filter(
    ({ name, addresses }) =>
      name !== 'lo' &&
      target.kind === 'port' &&
      !dockers.has(name) &&
      !uplinks.some((uplink) => uplink.name === name) &&
      addresses.some(({ address, scope }) => scope === 'global' && sameBlock(address, target.address)),
  );
  return [...uplinks, ...named];
};

/** Whether a path leads to the target's address; every path does where it names none. */
export const isTo =
  (target: DoctorTarget) =>
  ({ packet }: PathRequest): boolean =>
    target.kind !== 'port' ||
    parseBlock(target.address) === undefined ||
    isAny(target.address) ||
    sameBlock(target.address, packet.destination);

/** The port that most likely matters of a container: a published one, else one it listens on, else 80/tcp. */
export function likelyPort(container: ContainerFacts, ports: readonly PublishedPort[]): Port {
  const published = ports.find((one) => one.container === container.name && one.proto === 'tcp');
  if (published !== undefined) return { proto: 'tcp', port: published.port };
  const listeners = (insideOf(container)?.listeners ?? []).filter(({ address }) => !isLoopback(address));
  return listeners.find(({ proto }) => proto === 'tcp') ?? listeners[0] ?? { proto: 'tcp', port: 80 };
}
