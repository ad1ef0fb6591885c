import { withFirewalld } from '../firewalld.ts';
import {
  INTO,
  INTO_SHOP,
  OUT,
  SAME_BRIDGE,
  SIX,
  inTurn,
  lax,
  ofRules,
  reload,
  sh,
  type Plant,
} from './plant.ts';

const FORWARDED = [...INTO, ...OUT, ...SAME_BRIDGE];

/** What nftables.conf of many distributions' examples holds. */
const NFTABLES_CONF = `nft -f - <<'EOF'
table inet filter {
  chain input { type filter hook input priority filter; policy accept; }
  chain forward { type filter hook forward priority filter; policy drop; }
  chain output { type filter hook output priority filter; policy accept; }
}
EOF`;

/** What firewalld writes for a zone that forwards nothing, in short. */
const FIREWALLD = `nft -f - <<'EOF'
table inet firewalld {
  chain filter_FORWARD {
    type filter hook forward priority filter + 10; policy accept;
    ct state { established, related } accept
    ct status dnat accept
    iifname "lo" accept
    jump filter_FORWARD_POLICIES
    ct state invalid drop
    reject with icmpx admin-prohibited
  }
  chain filter_FORWARD_POLICIES { }
}
EOF`;

const FENCE = `nft -f - <<'EOF'
table inet fence {
  set guarded { type ipv4_addr; flags interval; elements = { 172.28.1.0/28 } }
  chain forward {
    type filter hook forward priority filter - 1; policy accept;
    ct state vmap { established : accept, related : accept, invalid : drop }
    iifname "eth0" ip daddr @guarded jump guard
  }
  chain guard { tcp dport 22 accept; counter reject; }
}
EOF`;

/** A table of a router's, written when there were no containers. */
const ANSWERS_ALONE = `nft -f - <<'EOF'
table inet router {
  chain input { type filter hook input priority filter; policy accept; tcp dport 23 drop; }
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state established,related accept
    iifname "lan0" oifname "eth0" accept
  }
}
EOF`;

/** The shape of OpenWrt's fw4: verdicts by interface, a reject at the end, source NAT of its own. */
const BY_INTERFACE = `nft -f - <<'EOF'
table inet fw4 {
  chain forward {
    type filter hook forward priority filter; policy drop;
    ct state vmap { established : accept, related : accept }
    iifname vmap { "lo" : accept, "eth0" : jump forward_wan, "docker0" : jump forward_lan }
    jump handle_reject
  }
  chain forward_wan { tcp dport 81 accept; }
  chain forward_lan { oifname "eth0" accept; }
  chain handle_reject {
    meta l4proto tcp reject with tcp reset comment "!fw4: Reject TCP traffic"
    reject comment "!fw4: Reject any other traffic"
  }
  chain mangle_forward {
    type filter hook forward priority mangle; policy accept;
    iifname "eth0" tcp flags syn / fin,syn,rst tcp option maxseg size set rt mtu
  }
  chain srcnat { type nat hook postrouting priority srcnat; policy accept; oifname "eth0" jump srcnat_wan; }
  chain srcnat_wan { meta nfproto ipv4 masquerade; }
}
EOF`;

/** Made with nft in the table that iptables-nft keeps Docker's rules in. */
const AMONG_DOCKERS = `nft -f - <<'EOF'
table ip filter {
  chain forward { type filter hook forward priority -1; policy drop; }
}
EOF`;

const BRIDGE_TABLE = `nft -f - <<'EOF'
table bridge fence {
  chain forward { type filter hook forward priority filter; policy accept; ip daddr 172.28.1.11 drop; }
}
EOF`;

const NETDEV_TABLE = `nft -f - <<'EOF'
table netdev edge {
  chain ingress { type filter hook ingress device "eth0" priority filter; policy accept; tcp dport 8081 drop; }
}
EOF`;

/** An Engine that was started with the other variant once, and left its rules there. */
const LEFTOVERS = `iptables-legacy -N DOCKER
iptables-legacy -A DOCKER -d 172.17.0.77/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT
iptables-legacy -A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables-legacy -A FORWARD -o docker0 -j DOCKER
iptables-legacy -A FORWARD -i docker0 ! -o docker0 -j ACCEPT
iptables-legacy -A FORWARD -i docker0 -o docker0 -j ACCEPT
iptables-legacy -P FORWARD DROP`;

const CLEAR_LEGACY = `iptables-legacy -P FORWARD ACCEPT; iptables-legacy -F; iptables-legacy -X`;

/** Rules that iptables of the variant Docker uses does not show. */
export const VARIANTS: readonly Plant[] = [
  ofRules('nftables.conf drops what is forwarded', 'native-drop', NFTABLES_CONF, [...FORWARDED, ...SIX]),
  ofRules(
    "firewalld's table rejects what is forwarded",
    'native-stops',
    FIREWALLD,
    [...OUT, ...SAME_BRIDGE, 'api → client6'],
    { notHere: 'firewalld does not run here', byHand: sh('nft flush chain inet firewalld filter_FORWARD') },
  ),
  ofRules(
    "firewalld's own table, a bridge in no zone that forwards",
    'native-stops',
    withFirewalld('"docker0"'),
    ['desk → shop', 'desk → shop:8081 by host'],
    { notHere: 'firewalld does not run here', byHand: sh('nft delete table inet firewalld') },
  ),
  ofRules("DROP of one container's port in a table of nftables' own", 'native-stops', FENCE, INTO_SHOP, {
    target: 'shop',
  }),
  ofRules("policy DROP in a table of nftables' own that lets answers pass", 'native-stops', ANSWERS_ALONE, [
    ...FORWARDED,
    ...SIX,
  ]),
  ofRules(
    "verdicts by interface in a table of nftables' own, which knows no bridge of Docker's but one",
    'native-stops',
    BY_INTERFACE,
    [...INTO, 'shop → client', 'api → client', ...SAME_BRIDGE, ...SIX],
  ),
  ofRules(
    "policy DROP of nft's in the table that holds Docker's rules",
    'native-drop',
    AMONG_DOCKERS,
    FORWARDED,
  ),
  ofRules('DROP in a table of family bridge', 'path-unknown', BRIDGE_TABLE, ['desk → shop'], {
    unavailable: true,
    target: 'shop',
    from: 'desk',
  }),
  ofRules('DROP at the ingress of the uplink', 'native-stops', NETDEV_TABLE, INTO_SHOP, { target: 'shop' }),
  {
    name: 'policy DROP in iptables-legacy beside nft',
    code: 'other-variant-stops',
    plant: sh('iptables-legacy -P FORWARD DROP'),
    undo: lax(CLEAR_LEGACY),
    broken: FORWARDED,
  },
  {
    name: 'DROP rule in iptables-legacy beside nft',
    code: 'other-variant-stops',
    plant: sh('iptables-legacy -A FORWARD -d 172.28.1.0/24 -j DROP'),
    undo: lax(CLEAR_LEGACY),
    broken: [...INTO_SHOP, 'shop → client', 'desk → shop'],
    target: 'shop',
  },
  {
    name: "Docker's leftovers in iptables-legacy",
    code: 'variants-split',
    plant: sh(LEFTOVERS),
    undo: inTurn(lax(CLEAR_LEGACY), reload),
    broken: [...INTO, 'shop → client', 'api → client', 'desk → shop'],
  },
];
