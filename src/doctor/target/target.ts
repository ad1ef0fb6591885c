import { Fault } from '../../fault.ts';
import type { Check } from '../diagnosis.ts';
import type { ContainerFacts, Facts } from '../facts/facts.ts';
import { isOwnAddress } from '../lookup.ts';
import { namesNothing, readArgument } from './argument.ts';
import { findPort } from './find-port.ts';
import { isListed, unlisted } from './listed.ts';
import { containersOf } from './names.ts';
import type { PortTarget } from './port-argument.ts';
import type { ResolvedTarget } from './resolved.ts';

/** What is asked of an address elsewhere that was named without a port. */
const USUAL: Pick<PortTarget, 'port' | 'proto'> = { port: 443, proto: 'tcp' };

/**
 * Finds what an argument of the command line names.
 *
 * @param asked - whether an asker was named that may ask beyond this host: then an address elsewhere is a target too
 * @throws Fault RG_USAGE for what is nothing here, or more than one thing
 */
export function findTarget(
  argument: string | undefined,
  facts: Facts,
  { asked }: { readonly asked: boolean } = { asked: false },
): ResolvedTarget {
  if (argument === undefined || argument === '') return resolved({ kind: 'host' });
  const isOwn = (address: string): boolean => isOwnAddress(facts.netState, address);
  const named = readArgument(argument, facts, isOwn);
  const containers = containersOf(named, facts.containers);
  switch (named?.is) {
    case 'container':
      return resolved({ kind: 'container', name: named.container.name }, containers);
    case 'service':
      return resolved({ kind: 'service', name: named.name }, containers);
    case 'network':
      return resolved({ kind: 'network', name: named.network.name }, containers);
    case 'port':
      return asked ? portOf(named.port, facts, isOwn) : findPort(named.port, facts);
    case 'host':
      if (!asked) return resolved({ kind: 'host' });
      throw new Fault('RG_USAGE', 2, `${argument} is this host: of which port?`, {
        hint: `Name the port too: ${argument}:PORT`,
      });
    case 'elsewhere':
      if (asked) return resolved({ kind: 'address', address: named.address, ...USUAL });
      if (!isListed(facts)) return resolved({ kind: 'container', name: argument }, [], unlisted(argument));
      throw new Fault('RG_USAGE', 2, `${argument}: neither a container nor this host has that address`, {
        hint: `Whether a container reaches it: rulesguard doctor CONTAINER --to ${argument}`,
      });
    case 'ambiguous':
    case undefined:
      if (!isListed(facts)) return resolved({ kind: 'container', name: argument }, [], unlisted(argument));
      throw namesNothing(argument, argument, named, facts, 'container, compose service or network');
  }
}

const resolved = (
  target: ResolvedTarget['target'],
  containers: readonly ContainerFacts[] = [],
  ...trouble: readonly Check[]
): ResolvedTarget => ({ target, containers: new Set(containers.map(({ name }) => name)), trouble });

/** A port that a container or this host asks: one of this host's, else one at an address elsewhere. */
function portOf(port: PortTarget, facts: Facts, isOwn: (address: string) => boolean): ResolvedTarget {
  const { address } = port;
  const found = findPort(port, facts);
  const [trouble] = found.trouble;
  if (trouble?.code === 'address-not-here' && !isOwn(address)) return resolved({ ...port, kind: 'address' });
  const isName = /[a-z]/i.test(address) && !address.includes(':') && address !== 'localhost';
  if (isName && trouble?.code === 'not-published')
    throw new Fault('RG_USAGE', 2, `${address}: names of other hosts are not looked up here`, {
      hint: `Name its address: --to ADDRESS:${String(port.port)}`,
    });
  return found;
}
