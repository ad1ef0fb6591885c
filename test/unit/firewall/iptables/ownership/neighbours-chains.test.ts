import { expect, test } from 'vitest';
import { ownHost, type OwnedHost } from '../../../../../src/firewall/iptables/ownership/ownership.ts';
import { makeRule, type Chain, type HostRules } from '../../../../../src/firewall/iptables/text/model.ts';
import { recording } from '../../../../support/recorded/recordings.ts';

/**
 * What neighbours write into chains of their own that every packet passes, as their saves print it: rules that look like Docker's
 * or are for Docker's bridges.
 */
const NEIGHBOURS: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  ufw: {
    filter: [
      '-A FORWARD -j ufw-before-forward',
      '-A FORWARD -j ufw-user-forward',
      '-A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      '-A ufw-user-forward -i docker0 -o docker0 -j ACCEPT',
      '-A ufw-user-forward -i docker0 ! -o docker0 -j ACCEPT',
      '-A ufw-user-forward -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    ],
  },
  libvirt: {
    filter: [
      '-A FORWARD -j LIBVIRT_FWX',
      '-A FORWARD -j LIBVIRT_FWO',
      '-A LIBVIRT_FWX -i virbr0 -o virbr0 -j ACCEPT',
      '-A LIBVIRT_FWO -s 192.168.122.0/24 -i virbr0 -j ACCEPT',
    ],
    nat: [
      '-A POSTROUTING -j LIBVIRT_PRT',
      '-A LIBVIRT_PRT -s 192.168.122.0/24 -d 224.0.0.0/24 -j RETURN',
      '-A LIBVIRT_PRT -s 192.168.122.0/24 ! -d 192.168.122.0/24 -j MASQUERADE',
    ],
  },
  tailscale: {
    filter: [
      '-A FORWARD -j ts-forward',
      '-A ts-forward -i tailscale0 -j MARK --set-xmark 0x40000/0xff0000',
      '-A ts-forward -m mark --mark 0x40000/0xff0000 -j ACCEPT',
      '-A ts-forward -o tailscale0 -j ACCEPT',
    ],
    nat: [
      '-A POSTROUTING -j ts-postrouting',
      '-A ts-postrouting -m mark --mark 0x40000/0xff0000 -j MASQUERADE',
    ],
  },
  k3s: {
    filter: [
      '-A FORWARD -m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD',
      '-A FORWARD -m comment --comment "flanneld forward" -j FLANNEL-FWD',
      '-A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT',
      '-A FLANNEL-FWD -s 10.42.0.0/16 -m comment --comment "flanneld forward" -j ACCEPT',
    ],
    nat: [
      '-A POSTROUTING -m comment --comment "flanneld masq" -j FLANNEL-POSTRTG',
      '-A FLANNEL-POSTRTG -s 10.42.0.0/16 ! -d 224.0.0.0/4 -m comment --comment "flanneld masq" -j MASQUERADE --random-fully',
    ],
  },
  podman: {
    filter: [
      '-A FORWARD -m comment --comment "netavark firewall rules" -j NETAVARK_FORWARD',
      '-A NETAVARK_FORWARD -d 10.88.0.0/16 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      '-A NETAVARK_FORWARD -s 10.88.0.0/16 -j ACCEPT',
    ],
    nat: [
      '-A PREROUTING -m addrtype --dst-type LOCAL -j NETAVARK-HOSTPORT-DNAT',
      '-A POSTROUTING -j NETAVARK-HOSTPORT-MASQ',
      '-A NETAVARK-HOSTPORT-MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE',
    ],
  },
  'a VPN of the host': {
    nat: ['-A POSTROUTING -j VPN', '-A VPN -s 10.8.0.0/24 ! -o wg0 -j MASQUERADE'],
  },
};

/** A host with a neighbour's rules before all others. */
function withNeighbour(host: HostRules, rules: Readonly<Record<string, readonly string[]>>): HostRules {
  const tables = new Map(host.ipv4.tables);
  for (const [name, texts] of Object.entries(rules)) {
    const chains = new Map(tables.get(name)?.chains);
    for (const rule of texts.map((text) => makeRule(text)).toReversed()) {
      const chain: Chain = chains.get(rule.chain) ?? {
        name: rule.chain,
        policy: '-',
        counters: '',
        rules: [],
      };
      chains.set(rule.chain, { ...chain, rules: [rule, ...chain.rules] });
    }
    tables.set(name, { name, chains });
  }
  return { ...host, ipv4: { tables } };
}

const dockersIn = ({ families }: OwnedHost): readonly string[] =>
  [...families.ipv4.values()].flatMap((chains) =>
    [...chains.values()].flatMap(({ rules }) =>
      rules.flatMap(({ owner, rule, relayed }) => (owner === 'docker' ? [relayed?.text ?? rule.text] : [])),
    ),
  );

test.each(
  ['engine-20.10-plain', 'engine-26.1-plain', 'engine-28.5-plain', 'engine-29.7-ipv4'].flatMap((name) =>
    Object.keys(NEIGHBOURS).flatMap((who) => [
      [name, who, 'an Engine that answers'] as const,
      [name, who, 'no Engine'] as const,
    ]),
  ),
)("%s: nothing of %s's own chains is taken for Docker's, nor doubted, with %s", (name, who, engine) => {
  const { host, networks } = recording(name);
  const knowledge = engine === 'no Engine' ? {} : { networks, settled: true };
  const alone = ownHost(host, knowledge);
  const beside = ownHost(withNeighbour(host, NEIGHBOURS[who] ?? {}), knowledge);
  expect(dockersIn(beside)).toEqual(dockersIn(alone));
  expect(beside.undecided).toEqual(alone.undecided);
});

test("an accept of the user's own for a bridge does not pass for Docker's that was lost", () => {
  const { host, networks } = recording('engine-20.10-plain');
  const filter = host.ipv4.tables.get('filter');
  const forward = filter?.chains.get('FORWARD');
  if (filter === undefined || forward === undefined) throw new Error('no FORWARD');
  const chains = new Map(filter.chains).set('FORWARD', { ...forward, rules: [] });
  const lost = {
    ...host,
    ipv4: { tables: new Map(host.ipv4.tables).set('filter', { name: 'filter', chains }) },
  };
  const knowledge = { networks, settled: true };
  expect(dockersIn(ownHost(withNeighbour(lost, NEIGHBOURS['ufw'] ?? {}), knowledge))).toEqual(
    dockersIn(ownHost(lost, knowledge)),
  );
});
