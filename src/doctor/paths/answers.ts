import { eraOf } from '../../docker/era.ts';
import { writesNftables } from '../../docker/firewall-backend.ts';
import { answersReturn, directAccessOf, leavingOf } from '../../docker/intent/network.ts';
import type { DirectAccess } from '../../docker/intent/values.ts';
import type { LiveNetwork } from '../../docker/inventory/inventory.ts';
import { writesIpv6 } from '../../docker/settings.ts';
import type { Family } from '../../net/family.ts';
import type { Facts } from '../facts/facts.ts';
import { isBare } from '../lookup.ts';

/** Whether packets leave a network with the host's address as source; nothing leaves an internal one. */
export const masquerades = (
  network: LiveNetwork,
  family: Family,
  facts: Pick<Facts, 'engine' | 'owned'>,
): boolean => !network.internal && isWritten(family, facts) && leavingOf(network, family).as !== 'itself';

/** Answers to what a network's containers asked, that come in by an interface. */
interface ReturningAnswers {
  readonly network: LiveNetwork;
  readonly family: Family;
  readonly by: string;
}

/** Whether answers are let back in by Docker's own rules; an internal network gets none, nor one that has no gateway by design. */
export const getsAnswers = (
  { network, family, by }: ReturningAnswers,
  facts: Pick<Facts, 'engine' | 'owned'>,
): boolean =>
  !network.internal &&
  !isBare(network, family) &&
  answersReturn({ leaves: leavingOf(network, family), direct: directAccess(network, family, facts) }, by);

/** An Engine that did not answer, or whose version is not known, is not said to close anything. */
function directAccess(
  network: LiveNetwork,
  family: Family,
  facts: Pick<Facts, 'engine' | 'owned'>,
): DirectAccess {
  const { engine } = facts;
  const era = engine.answered ? eraOf(engine.version)?.policy : undefined;
  if (!engine.answered || era === undefined || !isWritten(family, facts)) return { closes: 'nothing' };
  const { noRaw = false, directRouting = false } = engine.facts;
  // It is about iptables: an Engine that writes with nftables does not ask for it.
  const byNftables = writesNftables(engine);
  const settings = { noRaw: noRaw && !byNftables, directRouting };
  return directAccessOf(network, family, { era, settings, byNftables });
}

/** Whether Docker says anything in a family at all: IPv6 is an option of the daemon's. */
export const isWritten = (family: Family, { engine, owned }: Pick<Facts, 'engine' | 'owned'>): boolean =>
  family === 'ipv4' ||
  !engine.answered ||
  writesIpv6(engine.version, engine.facts, () => (owned?.families.ipv6.size ?? 0) > 0);
