import { describe, expect, test } from 'vitest';
import { targetOf, viewRule, type RuleView } from '../../../../../src/firewall/iptables/text/view.ts';

const EMPTY: RuleView = {
  chain: 'C',
  verdict: undefined,
  inInterface: undefined,
  outInterface: undefined,
  source: undefined,
  destination: undefined,
  protocol: undefined,
  sourcePort: undefined,
  destinationPort: undefined,
  matches: [],
  options: [],
};
const is = (value: string) => ({ value, negated: false });
const isNot = (value: string) => ({ value, negated: true });
const jump = (target: string) => ({ by: 'jump', target }) as const;
const option = (name: string, ...values: readonly string[]) => ({ name, values, negated: false });

describe('viewRule', () => {
  test.each<[rulespec: string, view: Partial<RuleView>]>([
    ['', {}],
    ['-j ACCEPT', { verdict: jump('ACCEPT') }],
    ['-j DOCKER-USER', { verdict: jump('DOCKER-USER') }],
    ['-g A', { verdict: { by: 'goto', target: 'A' } }],
    ['-i docker0 ! -o docker0', { inInterface: is('docker0'), outInterface: isNot('docker0') }],
    // A negative number is a value: the trace reads it as one too.
    ['--offset -3 --at 1', { options: [option('--offset', '-3'), option('--at', '1')] }],
    ['! -i lo', { inInterface: isNot('lo') }],
    ['-i br-+', { inInterface: is('br-+') }],
    ['-s 10.0.0.0/8 -d 192.0.2.1/32', { source: is('10.0.0.0/8'), destination: is('192.0.2.1/32') }],
    ['! -s fe80::/10 ! -d ::1/128', { source: isNot('fe80::/10'), destination: isNot('::1/128') }],
    ['-p tcp', { protocol: is('tcp') }],
    ['! -p icmp', { protocol: isNot('icmp') }],
    ['-p tcp -m tcp --dport 80', { protocol: is('tcp'), matches: ['tcp'], destinationPort: is('80') }],
    [
      '-p udp -m udp --sport 1024:65535',
      { protocol: is('udp'), matches: ['udp'], sourcePort: is('1024:65535') },
    ],
    ['-p tcp -m tcp ! --dport 22', { protocol: is('tcp'), matches: ['tcp'], destinationPort: isNot('22') }],
    [
      '-p tcp -m multiport --dports 80,443',
      { protocol: is('tcp'), matches: ['multiport'], options: [option('--dports', '80,443')] },
    ],
    [
      '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      {
        matches: ['conntrack'],
        options: [option('--ctstate', 'RELATED,ESTABLISHED')],
        verdict: jump('ACCEPT'),
      },
    ],
    [
      '-m conntrack ! --ctstate NEW',
      { matches: ['conntrack'], options: [{ name: '--ctstate', values: ['NEW'], negated: true }] },
    ],
    [
      '-p tcp -m tcp --tcp-flags SYN,RST SYN',
      { protocol: is('tcp'), matches: ['tcp'], options: [option('--tcp-flags', 'SYN,RST', 'SYN')] },
    ],
    [
      '-m set --match-set docker-ext-bridges-v4 dst -j DOCKER',
      {
        matches: ['set'],
        options: [option('--match-set', 'docker-ext-bridges-v4', 'dst')],
        verdict: jump('DOCKER'),
      },
    ],
    [
      '-m addrtype --dst-type LOCAL --limit-iface-in',
      { matches: ['addrtype'], options: [option('--dst-type', 'LOCAL'), option('--limit-iface-in')] },
    ],
    [
      '-j DNAT --to-destination [fd00::2]:80',
      { verdict: jump('DNAT'), options: [option('--to-destination', '[fd00::2]:80')] },
    ],
    ['-j CHECKSUM --checksum-fill', { verdict: jump('CHECKSUM'), options: [option('--checksum-fill')] }],
    ['-f', { options: [option('-f')] }],
    [
      '-m comment --comment "a -j B" -j DROP',
      { matches: ['comment'], options: [option('--comment', 'a -j B')], verdict: jump('DROP') },
    ],
    [
      '-m comment --comment "" -j DROP',
      { matches: ['comment'], options: [option('--comment', '')], verdict: jump('DROP') },
    ],
    // A comment is written bare when it holds only letters, digits, _ and -, also when that reads like an option.
    [
      '-m comment --comment -j -j DROP',
      { matches: ['comment'], options: [option('--comment', '-j')], verdict: jump('DROP') },
    ],
    [
      '-m comment --comment -i -g A',
      { matches: ['comment'], options: [option('--comment', '-i')], verdict: { by: 'goto', target: 'A' } },
    ],
    [
      '-m comment --comment "!" -j DROP',
      { matches: ['comment'], options: [option('--comment', '!')], verdict: jump('DROP') },
    ],
    [
      '-m comment --comment "-j DOCKER" -j DROP',
      { matches: ['comment'], options: [option('--comment', '-j DOCKER')], verdict: jump('DROP') },
    ],
    [
      '-j LOG --log-prefix -j --log-level 4',
      { verdict: jump('LOG'), options: [option('--log-prefix', '-j'), option('--log-level', '4')] },
    ],
    [
      '-m recent --rcheck --seconds 60 --name -g --rsource',
      {
        matches: ['recent'],
        options: [option('--rcheck'), option('--seconds', '60'), option('--name', '-g'), option('--rsource')],
      },
    ],
    ['-m comment --comment', { matches: ['comment'], options: [option('--comment')] }],
  ])('%s', (rulespec, view) => {
    expect(viewRule({ text: `-A C ${rulespec}`.trimEnd() })).toEqual({ ...EMPTY, ...view });
  });
});

describe('targetOf finds what viewRule finds', () => {
  test.each<[rulespec: string, target: string | undefined]>([
    ['-i lo', undefined],
    ['-j ACCEPT', 'ACCEPT'],
    ['-p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80', 'DNAT'],
    ['-g DOCKER', 'DOCKER'],
    ['-m comment --comment "x -j DOCKER" -j DROP', 'DROP'],
    ['-m comment --comment "x -j DOCKER"', undefined],
    ['-m comment --comment "-j" -i lo', undefined],
    ['-m comment --comment -j -j DROP', 'DROP'],
    ['-m comment --comment -j -g DOCKER', 'DOCKER'],
    ['-m comment --comment -g -j DROP', 'DROP'],
    ['-j LOG --log-prefix -j', 'LOG'],
    ['-j LOG --log-prefix -j --log-level 4', 'LOG'],
    ['-j LOG --log-prefix -g --log-level 4', 'LOG'],
    ['-j LOG --log-prefix "x -j DOCKER"', 'LOG'],
  ])('%s', (rulespec, target) => {
    const text = `-A C ${rulespec}`;
    expect(targetOf(text)).toBe(target);
    expect(viewRule({ text }).verdict?.target).toBe(target);
  });

  test('a chain named -j, which the legacy variant accepts', () => {
    expect(targetOf('-A C -j -j')).toBe('-j');
  });
});
