import { HOST } from '../../lab/wire.ts';
import {
  INTO,
  INTO_SHOP,
  INTO_WEB,
  OUT,
  OUT_OF_WEB,
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

/** What the after.rules of ufw get from those who want ufw to decide about containers. */
const UFW_IN_DOCKER_USER = `
iptables -N ufw-user-forward
iptables -N ufw-docker-logging-deny
iptables -A ufw-docker-logging-deny -m limit --limit 3/min --limit-burst 10 -j LOG --log-prefix '[UFW DOCKER BLOCK] '
iptables -A ufw-docker-logging-deny -j DROP
iptables -F DOCKER-USER
iptables -A DOCKER-USER -j ufw-user-forward
iptables -A DOCKER-USER -m conntrack --ctstate RELATED,ESTABLISHED -j RETURN
iptables -A DOCKER-USER -s 172.16.0.0/12 -j RETURN
iptables -A DOCKER-USER -d 172.16.0.0/12 -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ufw-docker-logging-deny
iptables -A DOCKER-USER -d 172.16.0.0/12 -p udp -m udp --dport 0:32767 -j ufw-docker-logging-deny
iptables -A DOCKER-USER -j RETURN`;

/** ufw's own chains, above Docker's. */
const UFW_ABOVE = `
iptables -N ufw-before-forward
iptables -N ufw-reject-forward
iptables -A ufw-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
iptables -A ufw-reject-forward -j REJECT --reject-with icmp-port-unreachable
iptables -I FORWARD 1 -j ufw-before-forward
iptables -I FORWARD 2 -j ufw-reject-forward`;

/** Others' rules in the chains a packet of Docker's passes. */
export const FOREIGN: readonly Plant[] = [
  ofRules(
    'foreign DROP above DOCKER-USER',
    'rule-stops',
    'iptables -I FORWARD -i eth0 -p tcp -m tcp --dport 80 -j DROP',
    ['client → web:8080*', ...INTO_SHOP, 'client → api:9000'],
  ),
  ofRules(
    'foreign DROP below DOCKER-USER',
    'rule-stops',
    'iptables -I FORWARD 2 -i eth0 -d 172.28.1.0/24 -j DROP',
    [...INTO_SHOP, 'shop → client'],
    { target: 'shop' },
  ),
  ofRules('DROP of all at the top of FORWARD', 'rule-stops', 'iptables -I FORWARD -j DROP', FORWARDED),
  ofRules('DROP at the top of FORWARD, IPv6', 'rule-stops', 'ip6tables -I FORWARD -j DROP', SIX),
  ofRules(
    'DROP of bridged traffic, which br_netfilter shows to iptables',
    'rule-stops',
    'iptables -I FORWARD -i front0 -o front0 -j DROP',
    ['desk → shop'],
    { target: 'shop', from: 'desk' },
  ),
  ofRules(
    "the user's DROP of a published port in DOCKER-USER",
    'user-rule-stops',
    'iptables -I DOCKER-USER -i eth0 -p tcp -m conntrack --ctorigdstport 8080 --ctdir ORIGINAL -j DROP',
    ['client → web:8080*'],
    { target: `${HOST.ipv4}:8080` },
  ),
  ofRules(
    "the user's list of friends in DOCKER-USER, which forgets answers",
    'user-rule-stops',
    'iptables -I DOCKER-USER -i eth0 -d 172.16.0.0/12 ! -s 192.0.2.0/24 -j DROP; iptables -I DOCKER-USER -i eth0 -m conntrack --ctdir REPLY -j DROP',
    OUT,
  ),
  ofRules(
    "the user's DROP of one interface in DOCKER-USER, asked about a port behind it",
    'user-rule-stops',
    'iptables -I DOCKER-USER -i eth0 -d 172.17.0.0/16 -p tcp --dport 80 -j DROP',
    ['client → web:8080*'],
    { target: `${HOST.ipv4}:8080` },
  ),
  ofRules('ufw decides in DOCKER-USER and denies', 'rule-stops', UFW_IN_DOCKER_USER, INTO, {
    target: `${HOST.ipv4}:8081`,
    // No ufw here: what its command appends.
    notHere: 'no ufw in the lab',
    byHand: sh(
      'iptables -A ufw-user-forward -p tcp -m tcp --dport 80 -j ACCEPT; iptables -A ufw-user-forward -p udp -m udp --dport 5353 -j ACCEPT',
    ),
  }),
  ofRules("ufw's forward deny above Docker's rules", 'rule-stops', UFW_ABOVE, FORWARDED, {
    target: 'desk',
    from: 'shop',
    notHere: 'no ufw in the lab',
    byHand: sh('iptables -I ufw-before-forward -j RETURN; iptables -F ufw-reject-forward'),
  }),
  ofRules(
    'DROP in mangle FORWARD',
    'rule-stops',
    'iptables -t mangle -A FORWARD -i eth0 -d 172.17.0.2 -j DROP',
    [...INTO_WEB, ...OUT_OF_WEB],
    { target: 'web' },
  ),
  ofRules(
    'DROP in raw PREROUTING',
    'rule-stops',
    'iptables -t raw -A PREROUTING -i eth0 -p tcp -m tcp --dport 8081 -j DROP',
    INTO_SHOP,
    { target: `${HOST.ipv4}:8081` },
  ),
  ofRules(
    'notrack in raw keeps a port from its DNAT',
    'untracked',
    'iptables -t raw -A PREROUTING -i eth0 -p tcp -m tcp --dport 8080 -j CT --notrack',
    ['client → web:8080*'],
    { target: `${HOST.ipv4}:8080` },
  ),
  ofRules(
    'SNAT to a dead address before MASQUERADE',
    'not-masqueraded',
    'iptables -t nat -I POSTROUTING -s 172.17.0.0/16 -o eth0 -j SNAT --to-source 198.51.100.9',
    OUT_OF_WEB,
    { target: 'web' },
  ),
  ofRules(
    'ACCEPT before MASQUERADE',
    'not-masqueraded',
    'iptables -t nat -I POSTROUTING -s 172.28.1.0/24 -o eth0 -j ACCEPT',
    ['shop → client'],
    { target: 'front' },
  ),
  ofRules(
    'foreign REDIRECT takes a published port',
    'misrouted',
    'iptables -t nat -I PREROUTING -i eth0 -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 9100',
    ['client → web:8080*'],
    { target: `${HOST.ipv4}:8080` },
  ),
  ofRules(
    'foreign DNAT takes a published port to a machine that is gone',
    'misrouted',
    'iptables -t nat -I PREROUTING -p tcp -m tcp --dport 8081 -j DNAT --to-destination 172.28.1.77:80',
    INTO_SHOP.concat('mate → shop:8081 by host', 'desk → shop:8081 by host'),
  ),
  ofRules(
    'stale DNAT of a container that is gone',
    'rules-stale',
    'iptables -t nat -I DOCKER ! -i docker0 -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.99:80',
    ['client → web:8080*', 'host → own:8080'],
    { target: `${HOST.ipv4}:8080` },
  ),
  ofRules(
    'REJECT in INPUT of what containers ask the host',
    'rule-stops',
    'iptables -I INPUT -i docker0 -p tcp -m tcp --dport 9100 -j REJECT',
    ['web → host service'],
    { target: `${HOST.ipv4}:9100`, from: 'web' },
  ),
  {
    name: 'client in a ban list of ipset',
    code: 'user-rule-stops',
    plant: sh(`ipset create banned hash:net
      ipset add banned 192.0.2.0/25
      iptables -I DOCKER-USER -i eth0 -d 172.17.0.2 -m conntrack --ctstate NEW -m set --match-set banned src -j DROP`),
    undo: inTurn(reload, lax('ipset destroy banned')),
    broken: INTO_WEB,
    target: 'web',
  },
];
