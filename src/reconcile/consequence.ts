import type { OwnedHost, OwnedRule } from '../firewall/iptables/ownership/ownership.ts';
import type { PurposeId } from '../firewall/iptables/ownership/purpose.ts';
import { isLoopback } from '../net/address.ts';
import { FAMILIES } from '../net/family.ts';
import type { Severity } from './finding.ts';
import { localPortKey, termsOf, type RuleTerms, type Surroundings } from './known-names.ts';

/** What the loss of a rule means. */
export interface Consequence {
  readonly severity: Severity;
  readonly text: string;
}

type Description = (terms: RuleTerms) => string;

const outage = (describe: Description): readonly [Severity, Description] => ['outage', describe];
const exposure = (describe: Description): readonly [Severity, Description] => ['exposure', describe];
const notice = (describe: Description): readonly [Severity, Description] => ['notice', describe];

const noOutbound: Description = ({ network }) =>
  `containers of ${network} can no longer open connections to the outside`;
const noReplies: Description = ({ network }) =>
  `replies to the containers of ${network} are no longer let through`;
const unreachable: Description = ({ network }) =>
  `published ports of ${network} can no longer be reached: no rule sends forwarded traffic to theirs`;
const noIsolation: Description = ({ network }) =>
  `containers of other networks can now reach ${network}: isolation is lost`;

const endReturns: Description = () => 'no effect on traffic: the end of a chain returns all the same';

/** What each kind of rule is for, described as what is lost without it. Facts: docs/reference/docker-iptables.md. */
const LOST: Readonly<Record<PurposeId, readonly [Severity, Description]>> = {
  'forward-user': exposure(
    () => 'traffic no longer passes DOCKER-USER: your own rules for containers have no effect',
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
  'overlay-return': notice(endReturns),
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
      `traffic from ${network} (${subnet ?? ''}) is not masqueraded: replies from outside cannot return to its containers`,
  ),
  'hairpin-local': outage(
    ({ network }) => `the host itself no longer reaches published ports of ${network} over 127.0.0.1`,
  ),
  'hairpin-port': outage(
    ({ container, port, proto }) =>
      `${container} no longer reaches its own published port (${port ?? ''}/${proto ?? ''}) through the host`,
  ),

  'raw-endpoint': exposure(({ container, network, rawIsolates }) =>
    rawIsolates
      ? `the ports ${container} publishes on ${network} can be reached at its own address by containers of other networks and from other machines on the host's links: no other rule keeps networks apart`
      : `${container} on ${network} can be reached directly from other machines on the host's links, past its published ports`,
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
  // Engine 29 shares it among all networks and deletes it with any of them; the setting stays in force.
  'mark-accept': outage(
    () =>
      'traffic with the mark that --bridge-accept-fwmark lets through is no longer accepted (Docker deletes this rule itself when a network is removed)',
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
  'isolation-return': notice(endReturns),
  'user-return': notice(endReturns),
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
  'ingress-return': notice(endReturns),
  'ingress-nat-return': notice(endReturns),
  'proxy-return': notice(
    ({ network }) => `containers of ${network} reach the host's published ports without docker-proxy`,
  ),
  'wsl-return': notice(() => 'Windows reaches published ports without docker-proxy'),
  dnat: outage(({ published, endpoint, gateway, userlandProxy, isLocal }) => {
    if (isLocal) return `${published} no longer reaches ${endpoint} from this host`;
    return userlandProxy
      ? `published port ${published} no longer reaches ${endpoint} from outside; docker-proxy hides it, the container sees ${gateway} as the client`
      : `published port ${published} no longer reaches ${endpoint} from outside`;
  }),
};

/** What it means that a rule of Docker's is gone. */
export function lossOf(owned: OwnedRule, surroundings: Surroundings): Consequence {
  if (owned.shape === undefined)
    return { severity: 'outage', text: 'a rule unknown to rulesguard; Docker needs it for something' };
  return consequenceOf(owned.shape.id, termsOf(owned, surroundings));
}

/** What it means that a rule for this purpose is gone, whichever firewall backend it was written for. */
export function consequenceOf(purpose: PurposeId, terms: RuleTerms): Consequence {
  const [severity, describe] = LOST[purpose];
  const unused = terms.isLocal ? unusedLocally(purpose, terms) : undefined;
  return unused === undefined ? { severity, text: describe(terms) } : { severity: 'notice', text: unused };
}

/** Why the loss of a rule has no effect for a port that only this host can reach; undefined where it has one. */
function unusedLocally(
  purpose: PurposeId,
  { published, endpoint, proto, userlandProxy }: RuleTerms,
): string | undefined {
  if (purpose === 'dnat' && userlandProxy)
    return `no effect on traffic: docker-proxy connects ${published} to ${endpoint}`;
  return purpose === 'port-accept'
    ? `no effect on traffic: ${endpoint}, ${proto ?? ''}, is published for this host alone`
    : undefined;
}

/** The containers' ports that are published on loopback addresses alone, see {@link Surroundings.localPorts}. */
export function localPortsIn({ families }: OwnedHost): ReadonlySet<string> {
  const [local, open] = [new Set<string>(), new Set<string>()];
  for (const family of FAMILIES)
    for (const { shape, captures } of families[family].get('nat')?.get('DOCKER')?.rules ?? [])
      if (shape?.id === 'dnat' && captures !== undefined) {
        const { hostIp } = captures;
        (hostIp !== undefined && isLoopback(hostIp) ? local : open).add(localPortKey(captures));
      }
  return new Set([...local].filter((key) => !open.has(key)));
}

/**
 * Whether docker-proxy runs: with it the OUTPUT jump leaves out loopback
 * (docs/reference/docker-iptables.md#the-daemon).
 */
export function hasUserlandProxy(base: OwnedHost): boolean {
  const output = base.families.ipv4.get('nat')?.get('OUTPUT')?.rules ?? [];
  return output.some(({ rule, shape }) => shape?.id === 'nat-jump' && rule.text.includes('! -d 127.0.0.0/8'));
}
