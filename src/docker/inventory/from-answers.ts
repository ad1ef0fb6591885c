import { containersFrom, meshEndpoint, unconnectedIn } from './container.ts';
import { eraOf } from '../era.ts';
import { listOf, recordOf, textOf, type Answers, type Inventory } from './inventory.ts';
import { networksFrom } from './networks.ts';
import { linksBetween, portsOf } from './ports.ts';
import { swarmFrom } from './swarm.ts';

/**
 * What exists now, from the Engine's answers (API 1.24 to 1.55; docs/reference/docker-iptables.md#api). Unknown or
 * missing fields read as empty: an Engine may know fewer fields than we read, but gives none another meaning.
 *
 * Stopped containers, and those that wait to be restarted, have no endpoints and no ports; paused ones keep both (measured
 * on 20.10, 26.1 and 28.5). Networks and ports, which the Engine lists in any order, are sorted: equal states give equal values.
 */
export function inventoryFrom(answers: Answers): Inventory {
  const info = recordOf(answers.info);
  const version = recordOf(answers.version);
  const backend = recordOf(info['FirewallBackend']);
  const engineVersion = textOf(version['Version']) || textOf(info['ServerVersion']);
  const era = eraOf(engineVersion);
  const networks = networksFrom(answers.networks, era).toSorted((a, b) => inOrder(a.id, b.id));
  const containers = containersFrom(answers, networks, era);
  return {
    version: engineVersion,
    apiVersion: textOf(version['ApiVersion']),
    firewallBackend: textOf(backend['Driver']),
    liveRestore: info['LiveRestoreEnabled'] === true,
    userlandProxy: userlandProxyFrom(backend['Info']),
    networks,
    endpoints: [
      ...containers.flatMap(({ attachments }) => attachments.flatMap(({ endpoint }) => endpoint ?? [])),
      ...meshEndpoint(answers.gwbridge),
    ],
    ports: containers.flatMap((container) => portsOf(container, era)),
    links: linksBetween(containers, networks),
    portsUnknown: containers
      .filter(({ hasUnknownPorts }) => hasUnknownPorts)
      .flatMap(({ attachments }) => attachments.flatMap(({ endpoint }) => endpoint ?? [])),
    unconnected: unconnectedIn(answers),
    swarm: swarmFrom(answers, networks),
  };
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** From 29.5 on, as pairs of a name and a text. */
function userlandProxyFrom(pairs: unknown): boolean | undefined {
  const pair = listOf(pairs).find((one) => listOf(one)[0] === 'EnableUserlandProxy');
  const value = listOf(pair)[1];
  return value === undefined ? undefined : value === 'true';
}
