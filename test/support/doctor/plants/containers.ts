import type { CheckCode } from '../../../../src/doctor/codes.ts';
import { CLIENT, HOST } from '../../lab/wire.ts';
import { flow } from '../flows.ts';
import { inTurn, lax, published, remove, sh, start, type Deed, type Plant } from './plant.ts';

/** A plant that is a container of its own, published on a port that the client gets nothing from. */
const ofContainer = (
  name: string,
  code: CheckCode,
  container: { readonly called: string; readonly port: number; readonly protocol?: 'udp' },
  deeds: Pick<Plant, 'plant' | 'byHand'>,
  rest: Partial<Plant> = {},
): Plant => {
  const { called, port, protocol = 'tcp' } = container;
  return {
    name,
    code,
    target: called,
    broken: [`client → ${String(port)}/${protocol}`],
    extra: () => [published(port, called, protocol)],
    undo: remove(called),
    ...deeds,
    ...rest,
  };
};

/** Replaces a container by one that does it right. */
const instead = (called: string, args: string, serve?: readonly string[]): Deed =>
  inTurn(remove(called), start(called, args, serve));

const squat: Deed = sh(`setsid perl /lab/agents/agent.pl serve /lab/agents squatter 8199/tcp >/dev/null 2>&1 &
echo $! >/tmp/squatter`);

/** Until the Engine waits, for seconds by then, before it tries once more. */
const WAITS = `sleep 6
  until [ "$(docker inspect -f '{{.State.Status}}' crasher)" = restarting ]; do sleep 0.1; done`;

/** Containers that were started wrongly, and those that ask for what their network does not give. */
export const CONTAINERS: readonly Plant[] = [
  ofContainer(
    'container not running',
    'container-stopped',
    { called: 'worker', port: 8191 },
    {
      plant: inTurn(start('worker', '-p 8191:80'), sh('docker kill worker >/dev/null')),
    },
  ),
  ofContainer(
    'container paused',
    'container-paused',
    { called: 'sleeper', port: 8192 },
    {
      plant: inTurn(start('sleeper', '-p 8192:80'), sh('docker pause sleeper >/dev/null')),
    },
    { undo: lax('docker unpause sleeper >/dev/null 2>&1 || true; docker rm -f sleeper >/dev/null') },
  ),
  ofContainer(
    'container that ends as soon as it starts',
    'container-restarting',
    { called: 'crasher', port: 8203 },
    {
      // Long enough for the Engine to wait longer between attempts than an attempt takes.
      plant: inTurn(start('crasher', '--restart always -p 8203:80', ['nonsense']), sh(WAITS)),
      byHand: instead('crasher', '-p 8203:80'),
    },
  ),
  ofContainer(
    'service bound to loopback',
    'loopback-only',
    { called: 'shy', port: 8193 },
    {
      plant: start('shy', '-p 8193:80', ['127.0.0.1:80/tcp']),
      byHand: instead('shy', '-p 8193:80'),
    },
  ),
  ofContainer(
    'nothing listens on the published port',
    'nothing-listens',
    { called: 'wrong', port: 8194 },
    {
      plant: start('wrong', '-p 8194:80', ['8000/tcp']),
      byHand: instead('wrong', '-p 8194:8000', ['8000/tcp']),
    },
  ),
  ofContainer(
    'UDP service published as TCP',
    'published-other-protocol',
    { called: 'dgram', port: 5395, protocol: 'udp' },
    {
      plant: start('dgram', '-p 5395:5353', ['5353/udp']),
      byHand: instead('dgram', '-p 5395:5353/udp', ['5353/udp']),
    },
    { target: `${HOST.ipv4}:5395/udp` },
  ),
  ofContainer(
    "published on the host's loopback only",
    'published-elsewhere',
    { called: 'inner', port: 8196 },
    {
      plant: start('inner', '-p 127.0.0.1:8196:80'),
      byHand: instead('inner', '-p 8196:80'),
    },
    { target: `${HOST.ipv4}:8196` },
  ),
  ofContainer(
    'host-mode container taken for a bridged one',
    'host-mode',
    { called: 'hosty', port: 8197 },
    {
      plant: start('hosty', '--network host -p 8197:8080', ['8188/tcp']),
      byHand: instead('hosty', '-p 8197:80'),
    },
  ),
  ofContainer(
    '--network none, and a port published',
    'no-network',
    { called: 'lone', port: 8198 },
    {
      plant: start('lone', '--network none -p 8198:80'),
      byHand: instead('lone', '-p 8198:80'),
    },
  ),
  ofContainer(
    'port taken by a process of the host',
    'port-conflict',
    { called: 'late', port: 8199 },
    {
      plant: inTurn(squat, (scene) => scene.start('late', ['-p', '8199:80']).catch(() => undefined)),
      byHand: sh(
        'kill "$(cat /tmp/squatter)"; sleep 0.1; docker network connect bridge late 2>/dev/null; docker start late >/dev/null',
      ),
    },
    { undo: lax('kill "$(cat /tmp/squatter)" 2>/dev/null || true; docker rm -f late >/dev/null') },
  ),
  ofContainer(
    'disconnected from its network',
    'container-no-network',
    { called: 'drifter', port: 8201 },
    {
      plant: inTurn(
        start('drifter', '--network front -p 8201:80'),
        sh('docker network disconnect front drifter'),
      ),
    },
  ),
  {
    name: 'container:X, and X stopped',
    code: 'partner-stopped',
    target: 'sidecar',
    plant: inTurn(
      start('anchor', '-p 8202:80', ['81/tcp']),
      start('sidecar', '--network container:anchor', ['80/tcp']),
      sh('docker kill anchor >/dev/null'),
    ),
    undo: remove('sidecar', 'anchor'),
    broken: ['client → 8202/tcp'],
    extra: () => [published(8202, 'sidecar')],
  },
  {
    name: 'internal network',
    code: 'internal-network',
    target: 'vault',
    plant: inTurn(
      sh('docker network create --internal --subnet 172.28.4.0/24 inside >/dev/null'),
      start('vault', '--network inside'),
    ),
    undo: inTurn(remove('vault'), lax('docker network rm inside >/dev/null')),
    byHand: sh('docker network connect bridge vault'),
    broken: ['vault → client'],
    extra: () => [flow('vault', 'client', `${CLIENT.ipv4}:80/tcp`, HOST.ipv4)],
  },
  {
    name: 'icc=false',
    code: 'icc-off',
    target: 'monk',
    from: 'hermit',
    plant: inTurn(
      sh(`docker network create --subnet 172.28.3.0/24 -o com.docker.network.bridge.name=icc0 \
        -o com.docker.network.bridge.enable_icc=false closed >/dev/null`),
      start('hermit', '--network closed --ip 172.28.3.11'),
      start('monk', '--network closed --ip 172.28.3.12'),
    ),
    undo: inTurn(remove('hermit', 'monk'), lax('docker network rm closed >/dev/null')),
    byHand: sh('iptables -I DOCKER-USER -i icc0 -o icc0 -j ACCEPT'),
    broken: ['hermit → monk'],
    extra: () => [flow('hermit', 'monk', '172.28.3.12:80/tcp', 'monk saw 172.28.3.11')],
  },
  {
    name: 'asked across networks',
    code: 'no-shared-network',
    target: 'shop',
    from: 'loner',
    plant: start('loner', '--network bridge'),
    undo: remove('loner'),
    broken: ['loner → shop'],
    extra: () => [flow('loner', 'shop', '172.28.1.11:80/tcp', 'shop saw 172.28.1.2')],
  },
  {
    name: 'network made without masquerading',
    code: 'masquerade-off',
    target: 'plainer',
    plant: inTurn(
      sh(`docker network create --subnet 172.28.7.0/24 -o com.docker.network.bridge.name=plain0 \
        -o com.docker.network.bridge.enable_ip_masquerade=false plain >/dev/null`),
      start('plainer', '--network plain'),
    ),
    undo: inTurn(remove('plainer'), lax('docker network rm plain >/dev/null')),
    byHand: sh('iptables -t nat -A POSTROUTING -s 172.28.7.0/24 ! -o plain0 -j MASQUERADE'),
    broken: ['plainer → client'],
    extra: () => [flow('plainer', 'client', `${CLIENT.ipv4}:80/tcp`, HOST.ipv4)],
  },
];
