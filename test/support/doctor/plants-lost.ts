import { HOST } from '../lab/wire.ts';
import { INTO, INTO_WEB, OUT, OUT_OF_WEB, SAME_BRIDGE, ofRules, type Plant } from './plant.ts';

/** Deletes every rule of `table` whose text matches a pattern of sed. */
const drop = (table: string, pattern: string, tool = 'iptables') =>
  `${tool} -t ${table} -S | sed -n '/^-A.*${pattern}/s/^-A/-D/p' | while read -r rule; do ${tool} -t ${table} $rule; done`;

/** Rules of Docker's own that are lost; the Engine lives on and does not notice. */
export const LOST: readonly Plant[] = [
  ofRules('nat POSTROUTING flushed', 'rules-lost', 'iptables -t nat -F POSTROUTING', OUT),
  ofRules('filter DOCKER emptied', 'rules-lost', 'iptables -F DOCKER', INTO),
  ofRules('nat DOCKER emptied, docker-proxy answers instead', 'rules-lost', 'iptables -t nat -F DOCKER', [
    ...INTO,
    'host → own:8080',
  ]),
  ofRules('FORWARD flushed', 'rules-lost', 'iptables -F FORWARD', [...INTO, ...OUT, ...SAME_BRIDGE]),
  ofRules(
    'nat and filter flushed, policy left',
    'rules-lost',
    'iptables -F; iptables -t nat -F',
    [...INTO, ...OUT, ...SAME_BRIDGE, 'host → own:8080'],
    { target: 'web' },
  ),
  ofRules('jump of nat PREROUTING lost', 'rules-lost', 'iptables -t nat -F PREROUTING', INTO, {
    target: `${HOST.ipv4}:8081`,
  }),
  ofRules('jump of nat OUTPUT lost', 'rules-lost', 'iptables -t nat -F OUTPUT', ['host → own:8080'], {
    target: `${HOST.ipv4}:8080`,
    from: 'host',
  }),
  ofRules(
    'DNAT of one port lost, docker-proxy answers instead',
    'rules-lost',
    drop('nat', '--dport 8080 .*DNAT'),
    ['client → web:8080*', 'host → own:8080'],
    { target: `${HOST.ipv4}:8080` },
  ),
  ofRules(
    'ACCEPT of one published port lost',
    'rules-lost',
    drop('filter', '172.28.1.11.*--dport 80 .*ACCEPT'),
    ['client → shop:*'],
    { target: 'shop' },
  ),
  ofRules(
    'MASQUERADE of one network lost',
    'rules-lost',
    drop('nat', '172.28.1.0.*MASQUERADE'),
    ['shop → client'],
    { target: 'front' },
  ),
  ofRules('IPv6 nat POSTROUTING flushed', 'rules-lost', 'ip6tables -t nat -F POSTROUTING', ['api → client6']),
  ofRules(
    'ACCEPT of answers to one bridge lost',
    'rules-lost',
    drop('filter', 'docker0.*ESTABLISHED'),
    OUT_OF_WEB,
    { target: 'web' },
  ),
  ofRules(
    'rules of one container lost, as by a restore of an older save',
    'rules-lost',
    [drop('nat', '172\\.17\\.0\\.2[/:].*'), drop('filter', '172\\.17\\.0\\.2\\/.*')].join('\n'),
    [...INTO_WEB, 'host → own:8080'],
    { target: 'web' },
  ),
];
