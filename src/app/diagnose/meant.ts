import type { EngineReply } from '../../docker/engine-reply.ts';
import { writesNftables } from '../../docker/firewall-backend.ts';
import type { HostIntent } from '../../docker/intent/values.ts';
import { inferIntent } from '../../firewall/iptables/expected/infer-intent.ts';
import { ownHost, type OwnedHost } from '../../firewall/iptables/ownership/ownership.ts';
import type { RulesState } from './rules-state.ts';

/**
 * What the Engine means to happen to packets, by the settings that its rules show, whichever firewall backend they are of.
 *
 * @param engine - also one that keeps no rules
 * @returns undefined for a version not known here, and where it does not say what exists
 */
export function meantBy(
  engine: EngineReply,
  { meant, rulesets }: Pick<RulesState, 'meant' | 'rulesets'>,
): HostIntent | undefined {
  const { inventory } = engine;
  if (meant !== undefined || inventory === undefined) return meant;
  const { networks } = inventory;
  // What an Engine that writes with nftables left in iptables shows how it was set once.
  const written = (): readonly OwnedHost[] =>
    writesNftables(inventory) ? [] : rulesets.map(({ rules }) => ownHost(rules, { networks, settled: true }));
  return inferIntent({ inventory, facts: engine.answered ? engine.daemons.facts : {}, written })?.intent;
}
