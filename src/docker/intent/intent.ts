import type { Family } from '../../net/family.ts';
import { writesNftables } from '../firewall-backend.ts';
import type { Inventory, LiveNetwork, Swarm } from '../inventory/inventory.ts';
import { GWBRIDGE } from '../inventory/swarm.ts';
import { closedEndpoint, linkIntent, proxiedIntent, proxiedPort, publishedIntent } from './endpoints.ts';
import { networkIntent, type PolicyTerms } from './network.ts';
import type { FamilyIntent, HostIntent, MeshIntent, OverlayIntent } from './values.ts';

/** What Docker means to happen to packets on this host: its options, settings and version decided, nothing written yet. */
export function intentOf(inventory: Inventory, given: Omit<PolicyTerms, 'byNftables'>): HostIntent {
  const terms: PolicyTerms = { ...given, byNftables: writesNftables(inventory) };
  // DOCKER_INSECURE_NO_IPTABLES_RAW is about iptables: an Engine that writes with nftables does not ask for it (moby 29, nftabler).
  const settled = terms.byNftables ? { ...terms, settings: { ...terms.settings, noRaw: false } } : terms;
  return {
    ipv4: familyIntent(inventory, 'ipv4', settled),
    ipv6: settled.settings.ip6tables ? familyIntent(inventory, 'ipv6', settled) : undefined,
    proxied: known(
      inventory.ports.map((port) => {
        const network = inventory.networks.find(
          ({ bridge }) => bridge !== '' && bridge === port.proxied?.bridge,
        );
        return network && proxiedPort(port, network, settled);
      }),
    ),
  };
}

/** The interface that WSL2 adds where it mirrors Windows' network (moby, `isRunningUnderWSL2MirroredMode`). */
const WSL_LOOPBACK = 'loopback0';

function familyIntent(inventory: Inventory, family: Family, terms: PolicyTerms): FamilyIntent {
  const { settings, byNftables } = terms;
  const bridges = inventory.networks
    .filter(({ bridge }) => bridge !== '')
    // docker0 is made when the daemon starts, before all others.
    .sort((a, b) => rank(a) - rank(b) || a.created.localeCompare(b.created));
  const byBridge = new Map(bridges.map((network) => [network.bridge, network]));
  const networks = known(bridges.map((network) => networkIntent(network, family, terms)));
  const on = <Value>(
    bridge: string | undefined,
    make: (network: LiveNetwork) => Value | undefined,
  ): Value | undefined => {
    const network = byBridge.get(bridge ?? '');
    return network && make(network);
  };
  return {
    family,
    loopback: settings.userlandProxy ? 'docker-proxy' : 'translation',
    sharedLoopback: family === 'ipv4' && settings.mirroredWsl ? WSL_LOOPBACK : '',
    // A network with a way out brings it along (recorded on 29.7).
    admittedMark: networks.some(({ kind }) => kind === 'open') ? settings.acceptMark : '',
    networks,
    published: known([
      ...inventory.ports.map((port) =>
        on(port.endpoint?.bridge, (network) => publishedIntent(port, network, family, terms)),
      ),
      ...(family === 'ipv4' && byNftables ? inventory.ports : []).map((port) =>
        on(port.proxied?.bridge, (network) => proxiedIntent(port, network, terms)),
      ),
    ]),
    links: known(
      inventory.links.map((link) => on(link.bridge, (network) => linkIntent(link, network, family))),
    ),
    endpoints: known(
      inventory.endpoints.map((endpoint) =>
        on(endpoint.bridge, (network) => closedEndpoint(endpoint, network, family, terms)),
      ),
    ),
    // In IPv4 alone (docs/reference/docker-iptables.md#routing-mesh).
    mesh: family === 'ipv4' ? meshIntent(inventory.swarm) : undefined,
    overlays: family === 'ipv4' ? overlayIntents(inventory.swarm) : [],
  };
}

const rank = ({ isDefault }: LiveNetwork): number => (isDefault ? 0 : 1);

const known = <Value>(values: readonly (Value | undefined)[]): readonly Value[] =>
  values.filter((value) => value !== undefined);

/** Ports whose protocol a worker does not learn are left out; the mesh is there all the same. */
function meshIntent({ meshAddress, ingressPorts }: Swarm): MeshIntent | undefined {
  if (meshAddress === undefined || ingressPorts.length === 0) return undefined;
  const ports = ingressPorts.flatMap(({ proto, port }) => (proto === undefined ? [] : [{ proto, port }]));
  return { bridge: GWBRIDGE, address: meshAddress, ports };
}

const overlayIntents = ({ encrypted, dataPort }: Swarm): readonly OverlayIntent[] =>
  encrypted.map(({ vni }) => ({ vni, port: dataPort }));
