import type { OwnedHost, OwnedRule } from '../docker/ownership.ts';
import type { Severity } from './finding.ts';
import { toldOf, type Surroundings, type Told } from './told.ts';

/** What the loss of a rule means. */
export interface Consequence {
  readonly severity: Severity;
  readonly text: string;
}

type Teller = (told: Told) => string;

const outage = (tell: Teller): readonly [Severity, Teller] => ['outage', tell];
const exposure = (tell: Teller): readonly [Severity, Teller] => ['exposure', tell];
const notice = (tell: Teller): readonly [Severity, Teller] => ['notice', tell];

const noOutbound: Teller = ({ network }) =>
  `containers of ${network} can no longer open connections to the outside`;
const noReplies: Teller = ({ network }) =>
  `replies to the containers of ${network} are no longer let through`;
const unreachable: Teller = ({ network }) =>
  `published ports of ${network} can no longer be reached: nothing leads forwarded traffic to their rules`;
const noIsolation: Teller = ({ network }) =>
  `containers of other networks can now reach ${network}: isolation is lost`;

/** What each kind of rule is for, told as what is lost without it. Facts: docker-rules §1, §4. */
const LOST: Readonly<Record<string, readonly [Severity, Teller]>> = {
  'forward-user': exposure(
    () => 'DOCKER-USER is no longer asked: your own filters for container traffic have no effect',
  ),
  'forward-forward': exposure(
    () =>
      "no forwarded traffic reaches Docker's rules: isolation and closed ports are off; under policy DROP containers lose the outside and published ports their clients",
  ),
  'forward-isolation': exposure(
    () => 'containers of different networks can reach each other: isolation is off',
  ),
  'forward-ingress': outage(
    () => 'swarm services published through the routing mesh can no longer be reached',
  ),
  'forward-overlay': outage(
    () => 'forwarded overlay traffic is no longer filtered and let through by Docker',
  ),
  'forward-docker': outage(unreachable),
  'forward-set-docker': exposure(
    () => 'published ports lose their clients, and unpublished ports are no longer closed, in every network',
  ),
  'forward-set-established': outage(
    () => 'replies to the containers of all networks are no longer let through',
  ),
  'forward-established': outage(noReplies),
  'forward-out': outage(noOutbound),
  'forward-any-out': outage(noOutbound),
  'forward-icc-accept': outage(({ network }) => `containers of ${network} may no longer reach each other`),
  'forward-icc-drop': exposure(
    ({ network }) => `containers of ${network} can reach each other, although icc=false forbids it`,
  ),

  'overlay-plain-drop': exposure(({ overlay }) => `unencrypted packets of ${overlay} are accepted`),
  'overlay-ipsec-accept': outage(
    ({ overlay }) => `encrypted packets of ${overlay} may be dropped by a later rule`,
  ),
  'overlay-any-drop': exposure(({ overlay }) => `unencrypted packets of ${overlay} are accepted`),
  'overlay-mark': exposure(({ overlay }) => `traffic of ${overlay} leaves this host unencrypted`),
  'sctp-checksum': outage(
    ({ port }) => `SCTP packets from container port ${port ?? '?'} may leave with a wrong checksum`,
  ),

  'nat-jump': outage(({ userlandProxy }) =>
    userlandProxy
      ? 'no published port is translated any more; docker-proxy hides it, containers see the gateway as the client'
      : 'no published port can be reached any more: nothing is translated',
  ),
  'nat-ingress-jump': outage(
    () => 'swarm services published through the routing mesh are no longer translated',
  ),
  masquerade: outage(
    ({ network, subnet }) =>
      `containers of ${network} (${subnet ?? ''}) get no answers from outside: their private address leaves the host`,
  ),
  'hairpin-local': outage(
    ({ network }) => `the host itself no longer reaches published ports of ${network} over 127.0.0.1`,
  ),
  'hairpin-port': outage(
    ({ container, port, proto }) =>
      `${container} no longer reaches its own published port (${port ?? ''}/${proto ?? ''}) through the host`,
  ),

  'raw-endpoint': exposure(
    ({ container, network }) =>
      `${container} on ${network} can be reached directly from other machines on the host's links, past its published ports`,
  ),
  'raw-port': exposure(
    ({ endpoint, proto, network }) =>
      `${endpoint}, ${proto ?? ''}, on ${network} can be reached directly from other machines on the host's links`,
  ),
  'raw-trusted': outage(
    ({ container, iface }) =>
      `${container} can no longer be reached directly through the trusted interface ${iface ?? ''}`,
  ),
  'raw-loopback': exposure(
    ({ hostIp, hostPort, proto }) =>
      `${hostIp ?? ''}:${hostPort ?? ''}/${proto ?? ''}, published for this host alone, can be reached from other machines on its links`,
  ),
  'raw-loopback-wsl': outage(
    ({ hostPort, proto }) => `port ${hostPort ?? ''}/${proto ?? ''} can no longer be reached from Windows`,
  ),

  'port-accept': outage(
    ({ endpoint, proto, network }) =>
      `traffic to ${endpoint}, ${proto ?? ''}, on ${network} is no longer let through from outside`,
  ),
  'link-accept': outage(
    ({ container, source, port, proto }) =>
      `the link from ${source} to ${container}, port ${port ?? ''}/${proto ?? ''}, no longer passes`,
  ),
  'routed-icmp': outage(({ network }) => `containers of the routed ${network} no longer answer ping`),
  'unpublished-drop': exposure(
    ({ network }) => `unpublished ports of ${network} can be reached from outside the network`,
  ),
  'unprotected-accept': outage(
    ({ network }) => `ports of ${network} can no longer be reached from outside the network`,
  ),
  // Up to 27 the chain only opens; from 28 on it closes as well, and a later rule lets other networks in.
  'bridge-docker': exposure(
    ({ network }) =>
      `published ports of ${network} lose their clients, and its unpublished ports are no longer closed`,
  ),
  'bridge-established': outage(noReplies),
  'mark-accept': outage(
    () => 'traffic with the mark that --bridge-accept-fwmark lets through is no longer accepted',
  ),
  'jump-ingress': outage(() => 'swarm services published through the routing mesh can no longer be reached'),
  'jump-established': outage(() => 'replies to containers are no longer let through, in any network'),
  'jump-isolation': exposure(() => 'containers of different networks can reach each other: isolation is off'),
  'jump-bridge': exposure(
    () => 'published ports lose their clients, and unpublished ports are no longer closed, in every network',
  ),
  'network-out': outage(noOutbound),
  'network-icc-drop': exposure(
    ({ network }) => `containers of ${network} can reach each other, although icc=false forbids it`,
  ),
  'network-icc-accept': outage(({ network }) => `containers of ${network} may no longer reach each other`),
  'internal-drop': exposure(({ network }) => `the internal ${network} is no longer closed to the outside`),
  'isolation-stage-2': exposure(
    ({ network }) => `containers of ${network} can now reach other networks: isolation is lost`,
  ),
  'routed-established': outage(noReplies),
  'routed-return': outage(({ network }) => `other networks can no longer reach the routed ${network}`),
  'isolation-drop': exposure(noIsolation),
  'isolation-pair-drop': exposure(noIsolation),
  'chain-return': notice(() => 'no effect on traffic: the end of a chain returns all the same'),
  'user-return': notice(() => 'no effect on traffic: the end of a chain returns all the same'),
  'ingress-accept': outage(
    ({ hostPort, proto }) =>
      `the swarm service on port ${hostPort ?? ''}/${proto ?? ''} is no longer let through`,
  ),
  'ingress-established': outage(
    ({ hostPort, proto }) =>
      `replies of the swarm service on port ${hostPort ?? ''}/${proto ?? ''} are no longer let through`,
  ),
  'ingress-dnat': outage(
    ({ hostPort, proto }) =>
      `the swarm service on port ${hostPort ?? ''}/${proto ?? ''} is no longer translated to the routing mesh`,
  ),
  'ingress-nat-return': notice(() => 'no effect on traffic: the end of a chain returns all the same'),
  'proxy-return': notice(
    ({ network }) => `containers of ${network} reach the host's published ports without docker-proxy`,
  ),
  'wsl-return': notice(() => 'Windows reaches published ports without docker-proxy'),
  dnat: outage(({ published, endpoint, gateway, userlandProxy }) =>
    userlandProxy
      ? `published port ${published} no longer reaches ${endpoint} from outside; docker-proxy hides it, the container sees ${gateway} as the client`
      : `published port ${published} no longer reaches ${endpoint} from outside`,
  ),
};

/** What it means that a rule of Docker's is gone. */
export function lossOf(owned: OwnedRule, surroundings: Surroundings): Consequence {
  const teller = owned.shape === undefined ? undefined : LOST[owned.shape.id];
  if (teller === undefined)
    return { severity: 'outage', text: 'a rule this program does not know; Docker wrote it for a reason' };
  const [severity, tell] = teller;
  return { severity, text: tell(toldOf(owned, surroundings)) };
}

/** Whether docker-proxy runs: with it the OUTPUT jump leaves out loopback (docker-rules §5). */
export function hasUserlandProxy(base: OwnedHost): boolean {
  const output = base.families.ipv4.get('nat')?.get('OUTPUT')?.rules ?? [];
  return output.some(({ rule, shape }) => shape?.id === 'nat-jump' && rule.text.includes('! -d 127.0.0.0/8'));
}
