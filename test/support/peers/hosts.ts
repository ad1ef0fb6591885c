import { followPeers } from '../../../src/doctor/peers/follow-peers.ts';
import type { PeersDiagnosis, PeerHost } from '../../../src/doctor/peers/peer.ts';
import type { NetworkLink } from '../../../src/trace/network-state.ts';
import { rewritten } from '../doctor/rule-changes.ts';
import { edited } from '../edited.ts';
import { healthyFacts, onLink, onNetState, type Change } from '../doctor/host-facts.ts';

/** Two healthy hosts in memory, each with `web` published on 8080, on one wire or with a router between. */
export interface PeerPair {
  readonly asking?: Change;
  readonly asked?: Change;
  /** Whether a router is between both: the hosts then have no subnet in common. */
  readonly routed?: boolean;
  readonly asker?: string;
  readonly target?: string;
}

const NOW = '2026-12-02T00:00:00.000Z';

/** Addresses of the asked host: on the asking host's wire, or behind a router. */
const ASKED = { near: '192.0.2.20', far: '198.51.100.20' } as const;

const withAddress = (address: string, mac: string): Change =>
  onLink('eth0', {
    mac,
    addresses: [{ family: 'ipv4', address, length: 24, scope: 'global' }],
  } satisfies Partial<NetworkLink>);

/** The healthy host, moved to another address with its routes. */
const movedTo =
  (address: string): Change =>
  (facts) => {
    const [subnet, gateway] = [address.replace(/\d+$/, '0/24'), address.replace(/\d+$/, '2')];
    return onNetState(({ routes }) => ({
      routes: routes.map((one) => {
        if (one.dev !== 'eth0') return one;
        return one.to === '0.0.0.0/0'
          ? { ...one, via: gateway }
          : { ...one, to: subnet, prefSource: address };
      }),
    }))(withAddress(address, '02:00:00:00:00:0b')(facts));
  };

const hostOf = (host: string, facts: PeerHost['facts']): PeerHost => ({
  about: { host, time: NOW, program: '0.1.0' },
  facts,
  age: 0,
});

const same: Change = (facts) => facts;

/** Follows the question of a pair: `web` of host-a asks port 8080 of host-b, unless it says otherwise. */
export function followed({
  asking = same,
  asked = same,
  routed = false,
  asker = 'web',
  target,
}: PeerPair = {}): PeersDiagnosis {
  const address = routed ? ASKED.far : ASKED.near;
  const a = asking(withAddress('192.0.2.1', '02:00:00:00:00:0a')(healthyFacts()));
  const b = asked(movedTo(address)(healthyFacts()));
  const [at = address, port = '8080'] = target?.split(':') ?? [];
  return followPeers(
    { asker, target: { address: at, port: Number(port), proto: 'tcp' } },
    hostOf('host-a', a),
    hostOf('host-b', b),
  );
}

/** A rule of the host's own drops all that it forwards; its comment holds markup. */
export const DROPS: Change = rewritten((save) =>
  edited(
    save,
    /^\[\d+:\d+\] -A FORWARD -j DOCKER-USER$/m,
    '[0:0] -A FORWARD -m comment --comment "<script>harm=1</script>" -j DROP\n$&',
  ),
);

/** Without any rule of a host's that has its containers leave under its own address. */
export const UNMASQUERADED: Change = rewritten((save) => edited(save, /.*MASQUERADE\n/g, ''));

/** The hosts of the causes with their codes. */
export const causesOf = ({ causes }: PeersDiagnosis): readonly string[] =>
  causes.map(({ host, check }) => `${host} ${check.code}`);
