import type { EngineReply } from '../../../src/docker/engine-reply.ts';
import { EMPTY_RULESET, type HostRules } from '../../../src/firewall/iptables/text/model.ts';
import type { NftTable } from '../../../src/firewall/nftables/tables/model.ts';
import { observationOf, type Observation } from '../../../src/reconcile/observation.ts';
import { liveOf } from '../recorded/observation.ts';
import { nftRecording } from './recordings.ts';

/** An Engine that writes with nftables, as its recording has it answer; its daemon's process is seen. */
export function nftReply(name: string): EngineReply {
  const { inventory, settings } = nftRecording(name);
  return {
    answered: true,
    inventory,
    socket: '/run/docker.sock',
    daemons: { count: 1, facts: settings },
    interfaces: new Set(inventory.networks.map(({ bridge }) => bridge)),
  };
}

const NO_RULES: HostRules = { ipv4: EMPTY_RULESET, ipv6: EMPTY_RULESET };

/** What is observed on a recorded host with these tables, and these rules of iptables. */
export const observedTables = (
  name: string,
  tables: readonly NftTable[] = nftRecording(name).tables,
  rules = NO_RULES,
): Observation =>
  observationOf({ source: 'both', stored: undefined }, { ...liveOf(rules), tables }, nftReply(name));
