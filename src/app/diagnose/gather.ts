import { engineStateOf } from '../../doctor/facts/engine-state.ts';
import {
  isUnavailable,
  type ContainerFacts,
  type Facts,
  type Unavailable,
} from '../../doctor/facts/facts.ts';
import { networkStateOf } from '../../doctor/facts/network-state.ts';
import { leftoversIn } from '../../doctor/facts/leftovers.ts';
import { managersIn } from '../../doctor/facts/rules-state.ts';
import { orUnavailable, unreadOf, unseen } from '../../doctor/facts/unavailable.ts';
import { portOrNumber } from '../../doctor/target/port-argument.ts';
import type { EngineReply } from '../../docker/engine-reply.ts';
import type { PublishedPort } from '../../docker/inventory/inventory.ts';
import type { ContainerList } from '../../host/doctor/list-containers.ts';
import type { Processes } from '../../host/doctor/processes.ts';
import { stoodIn } from '../../reconcile/judging.ts';
import type { Reference } from '../../reconcile/reference.ts';
import { servedPorts } from '../reach/read-terrain.ts';
import { meantBy } from './meant.ts';
import type { DiagnosisHost } from './ports.ts';
import { readNetwork } from './read-network.ts';
import { readRulesState, readVariantsOf, type RulesState } from './rules-state.ts';

/** What is to be gathered. */
export interface GatherRequest {
  /** What Docker's rules are compared with, as for check. */
  readonly reference: Reference;
  /** The arguments that name containers, networks or ports. Those are read in depth. */
  readonly named: readonly string[];
}

/**
 * Reads everything a diagnosis goes by, side by side: Docker's rules and the Engine's reply, the host's packet filters,
 * interfaces and routes, every container from outside and from inside. Changes nothing, and loads no kernel module.
 *
 * What cannot be read is marked in its place, or in `unseen`, and stops nothing else.
 *
 * @throws Fault RG_PRIVILEGE when the rules may not be read: without root nothing can be read
 */
export async function gatherFacts(host: DiagnosisHost, { reference, named }: GatherRequest): Promise<Facts> {
  const asking = host.askAnyEngine();
  const readingVariants = readVariantsOf(host, reference, asking);
  const listing = orUnavailable(host.listContainers());
  // This process walks through /proc while the others work: not before they have begun.
  const findingProcesses = Promise.all([asking, listing]).then(() => host.findProcesses());
  const readingRules = readRulesState(host, reference, readingVariants, asking);
  const [variants, rulesState, stuckClients, engine, network, processes, log, listeners, containers] =
    await Promise.all([
      readingVariants,
      readingRules,
      countStuck(host, readingRules, asking),
      asking,
      readNetwork(host),
      findingProcesses,
      findingProcesses.then(({ daemons }) => host.readDaemonLog(daemons)),
      host.readListeners(),
      containersOf(host, { asking, listing, findingProcesses }, named),
    ]);
  const {
    rulesets,
    variant,
    owned,
    drift,
    afterRestore,
    afterRestoreWith,
    judging,
    policyUnknown,
    tables,
    leftTables,
  } = rulesState;
  const { netState, unseen: unseenNetwork } = networkStateOf(network, rulesets);
  const unseenAll = [
    ...(isUnavailable(variants) ? unseen('rules', variants) : []),
    ...unseenNetwork,
    ...(isUnavailable(containers) ? unseen('containers', containers) : []),
  ];
  const { inventory } = engine;
  const nameServers = host.readNameServers();
  return {
    engine: engineStateOf(engine, log, processes),
    drift,
    afterRestore,
    afterRestoreWith,
    judging,
    policyUnknown,
    owned,
    tables,
    leftTables,
    stood: stoodIn(reference),
    knownUnread: reference.stored?.baseline.unread,
    variant,
    leftovers: variant === undefined ? [] : leftoversIn(rulesets, tables === undefined ? variant : undefined),
    netState: { ...netState, unread: unreadOf(unseenAll) },
    intended: intendedBy(engine, rulesState, listeners, nameServers),
    networks: inventory?.networks ?? [],
    setAside: inventory?.setAside,
    containers: isUnavailable(containers) ? [] : containers,
    ports: inventory?.ports ?? [],
    conntrack: conntrackOf(netState.sysctls),
    ...host.readDropCounts(),
    stuckClients,
    listeners,
    proxies: processes.proxies,
    nameServers,
    managers: managersIn(rulesets, netState.natives ?? []),
    unseen: unseenAll,
  };
}

/** How many clients of published UDP ports are still where they were led while no rule translated. */
async function countStuck(
  host: Pick<DiagnosisHost, 'countStuck'>,
  readingRules: Promise<RulesState>,
  asking: Promise<EngineReply>,
): Promise<number | undefined> {
  const { udpPorts: ports = [] } = await readingRules;
  const { inventory } = await asking;
  if (ports.length === 0 || inventory === undefined) return undefined;
  return host.countStuck(
    ports,
    inventory.networks.flatMap(({ subnets }) => subnets),
  );
}

/** What the Engine means to be reached; undefined where it does not say, or of a version not known here. */
function intendedBy(
  engine: EngineReply,
  state: RulesState,
  listeners: Facts['listeners'],
  nameServers: readonly string[],
): Facts['intended'] {
  if (!engine.answered) return undefined;
  const { inventory } = engine;
  const intent = meantBy(engine, state);
  return intent && { intent, inventory, proxies: servedPorts(listeners, intent), nameServers };
}

/** What the containers are read by, on its way. */
interface EngineReading {
  readonly asking: Promise<EngineReply>;
  readonly listing: Promise<ContainerList | Unavailable>;
  readonly findingProcesses: Promise<Processes>;
}

/** The containers of the Engine whose rules these are; those of another one would only mislead. */
async function containersOf(
  { readContainers }: DiagnosisHost,
  { asking, listing, findingProcesses }: EngineReading,
  named: readonly string[],
): Promise<readonly ContainerFacts[] | Unavailable> {
  const [{ inventory }, list] = await Promise.all([asking, listing]);
  if (inventory === undefined) return [];
  if (isUnavailable(list)) return list;
  const { networks, ports } = inventory;
  const processes = (await findingProcesses).containers;
  return orUnavailable(
    readContainers({ ...list, networks, processes, named: [...named, ...behindPorts(named, ports)] }),
  );
}

/** What names that are ports mean: the address in front of the port, and the containers that publish it. */
const behindPorts = (named: readonly string[], ports: readonly PublishedPort[]): readonly string[] =>
  named.flatMap((name) => {
    const target = portOrNumber(name);
    if (target === undefined) return [];
    const publishing = ports.filter(({ hostPort }) => hostPort === target.port);
    return [target.address, ...publishing.map(({ container }) => container)];
  });

function conntrackOf(sysctls: ReadonlyMap<string, string>): Facts['conntrack'] {
  const [count, max] = ['count', 'max'].map((name) => sysctls.get(`netfilter/nf_conntrack_${name}`));
  return count === undefined || max === undefined ? undefined : { count: Number(count), max: Number(max) };
}
