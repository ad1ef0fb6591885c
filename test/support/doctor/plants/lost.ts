import { HOST } from '../../lab/wire.ts';
import { BANNED } from '../../matrix/city.ts';
import { flow } from '../flows.ts';
import { INTO, INTO_SHOP, INTO_WEB, OUT, OUT_OF_WEB, SAME_BRIDGE, ofRules, type Plant } from './plant.ts';

/** Deletes every rule of `table` whose text matches a pattern of sed. */
const drop = (table: string, pattern: string, tool = 'iptables') =>
  `${tool} -t ${table} -S | sed -n '/^-A.*${pattern}/s/^-A/-D/p' | while read -r rule; do ${tool} -t ${table} $rule; done`;

/** Rules of Docker's own that are lost; the Engine lives on and does not notice. */
export const LOST: readonly Plant[] = [
  ofRules('nat POSTROUTING flushed', 'rules-lost', 'iptables -t nat -F POSTROUTING', OUT),
  ofRules(
    'nat POSTROUTING flushed, and a DROP of others above Docker besides',
    'rules-lost',
    'iptables -t nat -F POSTROUTING; iptables -I FORWARD -d 172.28.1.0/24 -j DROP',
    [...INTO_SHOP, ...OUT, 'desk → shop'],
    { besides: ['rule-stops'] },
  ),
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
  ofRules(
    "jump to DOCKER-USER lost: the user's ban does not hold",
    'rules-lost',
    `iptables -I DOCKER-USER -s ${BANNED} -j DROP; iptables -D FORWARD -j DOCKER-USER`,
    ['client → web:8080, banned'],
    { extra: () => [flow('client', 'web:8080, banned', `${HOST.ipv4}:8080/tcp`, 'silence', BANNED)] },
  ),
  ofRules(
    'isolation of networks lost',
    'rules-lost',
    'iptables -F DOCKER-ISOLATION-STAGE-1',
    ['* another network'],
    {
      target: 'front',
      only: { eras: ['20.10', '26.1'], reason: 'raw stops these packets as well' },
    },
  ),
  ofRules(
    'DROP of direct access in raw lost',
    'rules-lost',
    'iptables -t raw -F PREROUTING',
    ['client → web itself'],
    {
      target: 'web',
      extra: (places) => [flow('client', 'web itself', `${places.get('web')?.ipv4 ?? ''}:80/tcp`, 'silence')],
      only: { eras: ['28.5', '29.7'], reason: 'no such rule before 28' },
    },
  ),
];
