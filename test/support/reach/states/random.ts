import { dice, type Dice } from '../../trace/dice.ts';
import { nft, type ReachState } from './state.ts';

/** A family, by its tool, and what its rules speak of. */
interface Words {
  readonly tool: 'iptables' | 'ip6tables';
  readonly ip: '-4' | '-6';
  readonly addresses: readonly string[];
  readonly containers: readonly string[];
}

const V4: Words = {
  tool: 'iptables',
  ip: '-4',
  addresses: [
    ...['172.17.0.0/16', '172.28.1.0/24', '172.28.2.11', '172.17.0.2', '172.28.1.11', '172.28.0.0/16'],
    ...['192.0.2.2', '192.0.2.0/24', '203.0.113.0/24', '198.51.100.2', '172.16.0.0/12', '192.0.2.10'],
  ],
  containers: ['172.17.0.2:80', '172.28.1.11:80', '172.28.2.11:80', '172.28.1.77:80', '172.28.3.11'],
};
const V6: Words = {
  tool: 'ip6tables',
  ip: '-6',
  addresses: ['fd00:6::/64', '2001:db8::2', '2001:db8:cafe::/48', '2001:db8::/32', 'fd00:6::2'],
  containers: ['[fd00:6::2]:80', '[fd00:6::3]:80', '[fd00:6::77]:80'],
};

const LINKS = ['eth0', 'eth1', 'docker0', 'front0', 'back0', 'closed0', 'inside0', 'lo', 'eth+'];
const PORTS = ['80', '81', '443', '53', '8080', '8081', '9000', '5353', '5454'];

/** Chains of others' rules, by table, and how they see interfaces. */
const CHAINS: readonly (readonly [table: string, chain: string, sides: string])[] = [
  ['filter', 'FORWARD', 'io'],
  ['filter', 'FORWARD', 'io'],
  ['filter', 'FORWARD', 'io'],
  ['filter', 'DOCKER-USER', 'io'],
  ['filter', 'DOCKER-USER', 'io'],
  ['filter', 'INPUT', 'i'],
  ['filter', 'OUTPUT', 'o'],
  ['raw', 'PREROUTING', 'i'],
  ['mangle', 'PREROUTING', 'i'],
  ['mangle', 'FORWARD', 'io'],
  ['mangle', 'POSTROUTING', 'o'],
  ['nat', 'PREROUTING', 'i'],
  ['nat', 'OUTPUT', 'o'],
  ['nat', 'POSTROUTING', 'o'],
];

const place = (throws: Dice): string => String(throws.pick([0, 0, 250, 500, 750, 1000]));

function conditions(throws: Dice, words: Words, sides: string): readonly string[] {
  const not = (): string => (throws.chance(15) ? '! ' : '');
  const found: string[] = [];
  if (sides.includes('i') && throws.chance(45)) found.push(`${not()}-i ${throws.pick(LINKS)}`);
  if (sides.includes('o') && throws.chance(30)) found.push(`${not()}-o ${throws.pick(LINKS)}`);
  if (throws.chance(25)) found.push(`${not()}-s ${throws.pick(words.addresses)}`);
  if (throws.chance(25)) found.push(`${not()}-d ${throws.pick(words.addresses)}`);
  if (throws.chance(40)) {
    const protocol = throws.pick(['tcp', 'tcp', 'udp']);
    found.push(`-p ${protocol}`);
    if (throws.chance(60))
      found.push(`-m ${protocol} --${throws.pick(['dport', 'dport', 'sport'])} ${throws.pick(PORTS)}`);
  }
  if (throws.chance(20))
    found.push(`-m conntrack --ctstate ${throws.pick(['NEW', 'RELATED,ESTABLISHED', 'INVALID', 'DNAT'])}`);
  if (throws.chance(5)) found.push('-m mark --mark 0x1/0x1');
  return found;
}

function target(throws: Dice, { containers }: Words, table: string, chain: string, isTcp: boolean): string {
  if (table === 'raw') return throws.pick(['DROP', 'CT --notrack', 'ACCEPT']);
  if (table === 'mangle') return throws.pick(['DROP', 'DROP', 'MARK --set-mark 0x1', 'ACCEPT']);
  if (table !== 'nat') return throws.pick(['DROP', 'DROP', 'ACCEPT', 'ACCEPT', 'REJECT', 'RETURN']);
  if (chain === 'POSTROUTING') return throws.pick(['MASQUERADE', 'ACCEPT', 'RETURN', 'MASQUERADE']);
  return isTcp
    ? throws.pick([
        `DNAT --to-destination ${throws.pick(containers)}`,
        'REDIRECT --to-ports 8081',
        'ACCEPT',
        'RETURN',
      ])
    : throws.pick(['ACCEPT', 'RETURN', 'REDIRECT']);
}

function foreignRule(throws: Dice, words: Words): string {
  const [table, chain, sides] = throws.pick(CHAINS);
  const found = conditions(throws, words, sides);
  const isTcp = found.some((one) => one === '-p tcp');
  // Only 28 and newer write DOCKER-USER for IPv6 whatever else there is.
  const chained = words.tool === 'ip6tables' && chain === 'DOCKER-USER' ? 'FORWARD' : chain;
  const rule = [...found, '-j', target(throws, words, table, chained, isTcp)].join(' ');
  return `at ${words.tool} ${table} ${chained} ${place(throws)} ${rule}`;
}

/** A place in a table, evenly. */
const anywhere = (throws: Dice): string => String(throws.below(1001));

const SETTINGS = [
  ...['0 ipv4/ip_forward', '0 ipv4/conf/eth0/forwarding', '0 ipv4/conf/front0/forwarding'],
  ...['1 ipv4/conf/all/rp_filter', '2 ipv4/conf/eth1/rp_filter', '1 ipv4/conf/eth0/rp_filter'],
  ...['0 bridge/bridge-nf-call-iptables', '0 bridge/bridge-nf-call-ip6tables', '0 ipv6/conf/all/forwarding'],
  ...[
    '1 ipv4/conf/eth0/route_localnet',
    '1 ipv4/conf/docker0/route_localnet',
    '0 ipv4/conf/back0/forwarding',
  ],
];

function routing(throws: Dice, { ip, addresses }: Words): string {
  const to = throws.pick(addresses);
  const by = ip === '-4' ? 'via 198.51.100.2 dev eth1' : 'via 2001:db8:1::2 dev eth1';
  const kind = throws.pick(['blackhole', 'prohibit', 'unreachable']);
  const number = String(100 + throws.below(5000));
  return throws.pick([
    `ip ${ip} route replace ${kind} ${to} metric 5`,
    `ip ${ip} route add ${to} ${by} metric 5`,
    `ip ${ip} rule add pref ${number} from ${to} lookup 77; ip ${ip} route add default ${by} table 77`,
    `ip ${ip} rule add pref ${number} iif ${throws.pick(['eth0', 'docker0', 'front0'])} lookup 77; ip ${ip} route add ${kind} ${to} table 77`,
    `ip ${ip} rule add pref ${number} to ${to} ${kind}`,
    `ip ${ip} rule add pref ${number} not fwmark 0x9 lookup 77; ip ${ip} route add ${to} ${by} table 77`,
  ]);
}

function native(throws: Dice): string {
  const [hook, priorities, sides] = throws.pick([
    ['forward', ['-300', 'filter', 'filter + 10', '100'], 'io'],
    ['forward', ['-150', 'filter - 10', 'filter'], 'io'],
    ['prerouting', ['raw - 10', '-250', 'dstnat + 10'], 'i'],
    ['input', ['filter', '150'], 'i'],
    ['output', ['filter', '-250'], 'o'],
    ['postrouting', ['mangle', 'srcnat + 10'], 'o'],
  ] as const);
  const rules = Array.from({ length: 1 + throws.below(3) }, () => {
    const found: string[] = [];
    if (sides.includes('i') && throws.chance(50))
      found.push(`iifname ${throws.chance(15) ? '!= ' : ''}"${throws.pick(LINKS.slice(0, 7))}"`);
    if (sides.includes('o') && throws.chance(30)) found.push(`oifname "${throws.pick(LINKS.slice(0, 7))}"`);
    if (throws.chance(30)) found.push(`ip ${throws.pick(['saddr', 'daddr'])} ${throws.pick(V4.addresses)}`);
    if (throws.chance(35))
      found.push(`${throws.pick(['tcp', 'udp'])} dport ${throws.pick([...PORTS, '{ 80, 443 }'])}`);
    if (throws.chance(25)) found.push(`ct state ${throws.pick(['new', 'established,related', 'invalid'])}`);
    const ends =
      hook === 'forward' || hook === 'input' ? ['accept', 'drop', 'drop', 'reject'] : ['accept', 'drop'];
    return `${[...found, throws.pick(ends)].join(' ')};`;
  });
  const policy = throws.chance(12) ? 'drop' : 'accept';
  return nft(
    `table inet dice { chain one { type filter hook ${hook} priority ${throws.pick<string>(priorities)}; policy ${policy}; ${rules.join(' ')} } }`,
  );
}

function move(throws: Dice): string {
  const words = throws.below(100) < 75 ? V4 : V6;
  const { tool } = words;
  const kind = throws.below(100);
  if (kind < 45) return foreignRule(throws, words);
  if (kind < 62) return `lose ${tool} ${throws.pick(['filter', 'filter', 'nat'])} ${anywhere(throws)}`;
  if (kind < 69) return `empty ${tool} ${throws.pick(['filter', 'filter', 'nat'])} ${anywhere(throws)}`;
  if (kind < 74)
    return `${tool} -P ${throws.pick(['FORWARD', 'FORWARD', 'INPUT', 'OUTPUT'])} ${throws.pick(['ACCEPT', 'DROP'])}`;
  if (kind < 82) return `put ${throws.pick(SETTINGS)}`;
  if (kind < 90) return routing(throws, words);
  return native(throws);
}

/** States made at random, each of one to three changes; the same seed, the same states. */
export function randomStates(seed: number, count: number): readonly ReachState[] {
  return Array.from({ length: count }, (_, i): ReachState => {
    const throws = dice(seed * 100_003 + i);
    const script = Array.from({ length: throws.pick([1, 1, 2, 2, 3]) }, () => move(throws)).join('\n');
    return { kind: 'at random', name: `seed ${String(seed)}, number ${String(i)}`, script };
  });
}
