import { firewallBackendOf } from '../../docker/firewall-backend.ts';
import type { EngineReply } from '../../docker/engine-reply.ts';
import type { DockerProxy, EngineState } from './facts.ts';

/** Docker's processes, as far as they say something about its Engine. */
export interface EngineProcesses {
  /** The dockerd processes whose rules are in this network namespace. */
  readonly daemons: readonly number[];
  /** The docker-proxy processes of this network namespace. */
  readonly proxies: readonly DockerProxy[];
}

/**
 * The Engine as it replied, beside what its log says.
 *
 * @param log - see {@link EngineState.log}
 * @param processes - a docker-proxy shows the setting that neither the API nor dockerd's command line may show
 */
export function engineStateOf(
  reply: EngineReply,
  log: readonly string[] | undefined,
  { proxies, daemons: [pid] }: EngineProcesses,
): EngineState {
  if (!reply.answered) {
    const { code, message, hint, details } = reply.fault;
    const firewallBackend = reply.inventory && firewallBackendOf(reply.inventory);
    return { answered: false, code, message, hint, details, firewallBackend, pid, log };
  }
  const { inventory, socket, daemons } = reply;
  const { version, liveRestore } = inventory;
  const userlandProxy =
    inventory.userlandProxy ?? daemons.facts.userlandProxy ?? (proxies.length > 0 || undefined);
  return {
    answered: true,
    version,
    socket,
    liveRestore,
    firewallBackend: firewallBackendOf(inventory),
    userlandProxy,
    facts: daemons.facts,
    log,
  };
}
