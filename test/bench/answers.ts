import { gatewayAt, subnetAt, type Endpoint } from './layout.ts';

/** What an Engine answers, by path. */
export type EngineAnswers = Readonly<Record<string, unknown>>;

/**
 * What Engine 28.5.2 answers of a benchmark host, in the form of test/fixtures/engine-28.5-plain: every bridge a network, and
 * of the endpoints the first `published` with a port. The rules of `ruleset.ts` are the ones it requires.
 */
export function answersOf(
  bridges: readonly string[],
  endpoints: readonly Endpoint[],
  published: number,
): EngineAnswers {
  const networks = bridges.map(networkOf);
  const names = new Map(
    networks.map(({ Name, Id }, index) => [
      bridges[index],
      { name: Name, id: Id, gateway: gatewayAt(index) },
    ]),
  );
  return {
    '/version': {
      Version: '28.5.2',
      ApiVersion: '1.51',
      MinAPIVersion: '1.24',
      Os: 'linux',
      Arch: 'amd64',
      Components: [{ Name: 'Engine', Version: '28.5.2', Details: {} }],
    },
    '/info': {
      ID: 'bench',
      Name: 'bench',
      ServerVersion: '28.5.2',
      Driver: 'overlay2',
      OSType: 'linux',
      Swarm: { LocalNodeState: 'inactive' },
      SecurityOptions: [],
      LiveRestoreEnabled: false,
      FirewallBackend: { Driver: 'iptables' },
    },
    '/networks': [...networks, ...['host', 'none'].map(builtIn)],
    '/containers/json': endpoints.map((endpoint, index) =>
      containerOf(index, endpoint, names.get(endpoint.bridge), index < published),
    ),
    '/services': [],
  };
}

/** The two networks that every Engine has. */
const builtIn = (name: string) => ({
  Name: name,
  Id: Buffer.from(name).toString('hex').padEnd(64, '0'),
  Scope: 'local',
  Driver: name === 'none' ? 'null' : name,
  EnableIPv4: true,
  EnableIPv6: false,
  IPAM: { Driver: 'default', Options: null, Config: null },
  Internal: false,
  Ingress: false,
  Options: {},
  Labels: {},
});

const networkOf = (bridge: string, index: number) => {
  const isDefault = bridge === 'docker0';
  return {
    Name: isDefault ? 'bridge' : `app-${String(index)}`,
    Id: (isDefault ? 'f'.repeat(12) : bridge.slice('br-'.length)).padEnd(64, '0'),
    Created: '2026-11-22T09:03:04.272997314Z',
    Scope: 'local',
    Driver: 'bridge',
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: {
      Driver: 'default',
      Options: null,
      Config: [{ Subnet: subnetAt(index), Gateway: gatewayAt(index) }],
    },
    Internal: false,
    Attachable: false,
    Ingress: false,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Options: isDefault
      ? {
          'com.docker.network.bridge.default_bridge': 'true',
          'com.docker.network.bridge.enable_icc': 'true',
          'com.docker.network.bridge.enable_ip_masquerade': 'true',
          'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
          'com.docker.network.bridge.name': 'docker0',
          'com.docker.network.driver.mtu': '1500',
        }
      : {},
    Labels: {},
  };
};

function containerOf(
  index: number,
  { address, hostPort }: Endpoint,
  network: { readonly name: string; readonly id: string; readonly gateway: string } | undefined,
  isPublished: boolean,
) {
  const id = `c${index.toString(16).padStart(11, '0')}`.padEnd(64, '0');
  const port = { IP: '0.0.0.0', PrivatePort: 80, PublicPort: hostPort, Type: 'tcp' };
  return {
    Id: id,
    Names: [`/web${String(index)}`],
    Image: 'web',
    Created: 1_795_338_184,
    Ports: isPublished ? [port] : [],
    Labels: {},
    State: 'running',
    Status: 'Up 3 weeks',
    HostConfig: { NetworkMode: network?.name ?? '' },
    NetworkSettings: {
      Networks: {
        [network?.name ?? '']: {
          NetworkID: network?.id ?? '',
          EndpointID: id,
          Gateway: network?.gateway ?? '',
          IPAddress: address,
          IPPrefixLen: 26,
          GlobalIPv6Address: '',
          GlobalIPv6PrefixLen: 0,
        },
      },
    },
    Mounts: [],
  };
}
