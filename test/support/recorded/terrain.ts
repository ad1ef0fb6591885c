import { isRecord, listOf, textOf } from '../../../src/docker/inventory/inventory.ts';
import type { CliHost } from '../cli.ts';

/** An uplink with a default route, and forwarding: what packets take beside rules. */
const UPLINK = `ip link set lo up
sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
ip link add eth0 type veth peer name eth0p; ip link set eth0p up; ip link set eth0 up
ip address add 192.0.2.1/24 dev eth0; ip address add 192.0.2.10/24 dev eth0; ip route add default via 192.0.2.2`;

/**
 * Lays what an Engine's networks are made of besides rules, so that packets get through: its bridges with their addresses and a port each,
 * and an uplink.
 *
 * @param networks - the Engine's answer to `GET /networks`
 */
export async function layTerrain(host: CliHost, networks: unknown): Promise<void> {
  const bridges = listOf(networks)
    .filter(isRecord)
    .filter((network) => network['Driver'] === 'bridge');
  const script = [UPLINK, ...bridges.map(bridgeScript)].join('\n');
  const { code, stderr } = await host.ns.exec('sh', ['-ec', script]);
  if (code !== 0) throw new Error(stderr);
}

function bridgeScript(network: Readonly<Record<string, unknown>>, index: number): string {
  const options = isRecord(network['Options']) ? network['Options'] : {};
  const bridge =
    textOf(options['com.docker.network.bridge.name']) || `br-${textOf(network['Id']).slice(0, 12)}`;
  const port = `port${String(index)}`;
  return [
    `ip link add ${bridge} type bridge`,
    `ip link add ${port} type veth peer name ${port}p; ip link set ${port}p up`,
    `ip link set ${port} up; ip link set ${port} master ${bridge}; ip link set ${bridge} up`,
    ...addressesOf(network).map((address) => `ip address add ${address} dev ${bridge} nodad`),
  ].join('\n');
}

/** The bridge's addresses; where the Engine does not say, the first of the subnet. */
function addressesOf(network: Readonly<Record<string, unknown>>): readonly string[] {
  const ipam = isRecord(network['IPAM']) ? network['IPAM'] : {};
  return listOf(ipam['Config'])
    .filter(isRecord)
    .flatMap((config) => {
      const [subnet = '', length = ''] = textOf(config['Subnet']).split('/');
      const first = subnet.endsWith('::') ? `${subnet}1` : subnet.replace(/0$/, '1');
      return subnet === '' ? [] : [`${textOf(config['Gateway']) || first}/${length}`];
    });
}
