import { describe, expect, test } from 'vitest';
import type { Packet } from '../../../src/trace/packet.ts';
import { GROUND, matches, withSysctls } from './network.ts';

type Case = readonly [condition: string, fields: Partial<Packet>, expected: boolean | string];

const udp = { protocol: 'udp', destinationPort: 53 };
const echo = { protocol: 'icmp' };

const CASES: Readonly<Record<string, readonly Case[]>> = {
  base: [
    ['-i eth0', {}, true],
    ['! -i eth0', {}, false],
    ['-i eth+', {}, true],
    ['-i +', {}, true],
    ['-i eth', {}, false],
    ['-o eth0', {}, false],
    ['! -o eth0', {}, true],
    ['-s 192.0.2.2/32', {}, true],
    ['! -s 192.0.2.0/24', {}, false],
    ['-d 192.0.2.1/32', {}, true],
    ['-d 10.0.0.0/8', {}, false],
    ['-s 192.0.0.2/255.255.0.255', {}, 'an address that cannot be read'],
    ['-p tcp', {}, true],
    ['-p 6', {}, true],
    ['! -p tcp', {}, false],
    ['-p udp', {}, false],
    ['-p all', {}, true],
    ['-p somewhat', {}, 'protocol somewhat'],
    ['-f', {}, false],
    ['! -f', {}, true],
    ['-p ipv6-icmp', { family: 'ipv6', protocol: 'icmpv6' }, true],
  ],
  ports: [
    ['-p tcp -m tcp --dport 80', {}, true],
    ['-p tcp -m tcp ! --dport 80', {}, false],
    ['-p tcp -m tcp --dport 1:79', {}, false],
    ['-p tcp -m tcp --dport 80:', {}, true],
    ['-p tcp -m tcp --dport :80', {}, true],
    ['-p tcp -m tcp --dport http', {}, 'port http'],
    ['-p tcp -m tcp --sport 40000', {}, true],
    ['-p udp -m udp --dport 53', udp, true],
    ['-p tcp -m tcp --dport 80', udp, false],
    ['-p tcp -m multiport --dports 22,80', {}, true],
    ['-p tcp -m multiport ! --dports 22,79:81', {}, false],
    ['-p tcp -m multiport --sports 22,80', {}, false],
    ['-p tcp -m multiport --ports 22,80', {}, true],
    ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN', {}, true],
    ['-p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN', {}, false],
    ['-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN', { tcpFlags: ['SYN', 'ACK'] }, false],
    ['-p tcp -m tcp --tcp-flags ALL NONE', { tcpFlags: [] }, true],
    ['-p tcp -m tcp --tcp-option 2', {}, 'option --tcp-option'],
    ['-p icmp -m icmp --icmp-type 8', echo, true],
    ['-p icmp -m icmp ! --icmp-type 8', echo, false],
    ['-p icmp -m icmp --icmp-type 3/1', echo, false],
    ['-p icmp -m icmp --icmp-type any', echo, true],
    ['-p ipv6-icmp -m icmp6 --icmpv6-type 128', { family: 'ipv6', protocol: 'ipv6-icmp' }, true],
  ],
  connection: [
    ['-m conntrack --ctstate NEW', {}, true],
    ['-m conntrack ! --ctstate NEW', {}, false],
    ['-m conntrack --ctstate RELATED,ESTABLISHED', {}, false],
    ['-m conntrack --ctstate RELATED,ESTABLISHED', { state: 'ESTABLISHED' }, true],
    ['-m conntrack --ctstate INVALID', { state: 'INVALID' }, true],
    ['-m conntrack --ctorigdstport 80', { state: 'INVALID' }, false],
    ['-m conntrack ! --ctstate NEW --ctorigdstport 99', { state: 'INVALID' }, true],
    ['-m conntrack --ctstate DNAT', {}, false],
    ['-m conntrack --ctorigdst 192.0.2.1', {}, true],
    ['-m conntrack ! --ctorigdst 192.0.2.1', {}, false],
    ['-m conntrack --ctorigsrc 192.0.2.0/24', {}, true],
    ['-m conntrack --ctorigdstport 80', {}, true],
    ['-m conntrack --ctorigdstport 70:79', {}, false],
    ['-m conntrack --ctproto 17', {}, false],
    ['-m conntrack --ctdir ORIGINAL', {}, true],
    ['-m conntrack --ctdir REPLY', { state: 'ESTABLISHED' }, 'the direction of its connection'],
    ['-m conntrack --ctreplsrc 192.0.2.1', {}, 'option --ctreplsrc'],
    ['-m state --state NEW', {}, true],
    ['-m mark --mark 0x1', { mark: 1 }, true],
    ['-m mark ! --mark 0x1', { mark: 1 }, false],
    ['-m mark --mark 0x2/0xf', { mark: 0x12 }, true],
    ['-m mark --mark 0xffffffff', { mark: 0xffffffff }, true],
    ['-m connmark --mark 0x1', { connmark: 1 }, true],
    ['-m connmark ! --mark 0x1', { connmark: 1, state: 'INVALID' }, false],
    ['-m mark --mark 0x1 -m connmark --mark 0x2', { mark: 1, connmark: 2 }, true],
  ],
  place: [
    ['-m addrtype --dst-type LOCAL', {}, true],
    ['-m addrtype ! --dst-type LOCAL', {}, false],
    ['-m addrtype --src-type UNICAST', {}, true],
    ['-m addrtype --dst-type LOCAL --limit-iface-in', { destination: '172.17.0.1' }, false],
    ['-m addrtype --dst-type UNICAST --limit-iface-in', { destination: '172.17.0.1' }, true],
    ['-m addrtype --src-type MULTICAST,BROADCAST', {}, false],
    ['-m addrtype --src-type PROHIBIT', {}, 'address type PROHIBIT'],
    ['-m addrtype --dst-type LOCAL', { family: 'ipv6' }, true],
    ['-m iprange --src-range 192.0.2.1-192.0.2.9', {}, true],
    ['-m iprange ! --dst-range 192.0.2.1-192.0.2.9', {}, false],
    ['-m iprange --src-range 10.0.0.1-10.0.0.2', {}, false],
    ['-m pkttype --pkt-type unicast', {}, true],
    ['-m pkttype --pkt-type broadcast', {}, false],
    ['-m comment --comment "! -j ACCEPT"', {}, true],
    ['-m comment --comment -j', {}, true],
    ['-m physdev --physdev-in v1', {}, false],
    ['-m physdev ! --physdev-in v1', {}, true],
    ['-m physdev --physdev-in v1', { inInterface: 'docker0', inPort: 'v1' }, true],
    ['-m physdev --physdev-in v1', { inInterface: 'v1' }, true],
    ['-m physdev ! --physdev-in v+', { inInterface: 'docker0', inPort: 'v1' }, false],
    ['-m physdev --physdev-in v1', { inInterface: 'docker0' }, 'the port of the bridge it comes in by'],
    ['-m physdev --physdev-is-bridged', { inInterface: 'docker0', inPort: 'v1' }, false],
    ['-m physdev --physdev-is-in', { inInterface: 'docker0', inPort: 'v1' }, true],
  ],
};

for (const [group, cases] of Object.entries(CASES))
  describe(`matches: ${group}`, () => {
    test.each(cases)('%s of %o: %s', (condition, fields, expected) => {
      const near =
        fields.inInterface === undefined || fields.inInterface === 'eth0'
          ? {}
          : { source: '172.17.0.2', destination: '172.17.0.1' };
      expect(matches(condition, { ...near, ...fields })).toBe(expected);
    });
  });

const UNKNOWN = [
  ...[
    'mac --mac-source 00:11:22:33:44:55',
    'owner --uid-owner 0',
    'recent --rcheck --name R',
    'limit --limit 1/sec',
  ],
  ...[
    'hashlimit --hashlimit-upto 5/sec --hashlimit-name H',
    'connlimit --connlimit-above 3',
    'quota --quota 9',
  ],
  ...['statistic --mode random --probability 0.5', 'string --string "x" --algo bm', 'u32 --u32 "0x0=0x1"'],
  ...[
    'bpf --bytecode "1,6 0 0 65535"',
    'time --timestart 01:00:00',
    'length --length 1:9',
    'neverheardof --of it',
  ],
];

test.each(UNKNOWN)('-m %s is neither a yes nor a no', (match) => {
  expect(matches(`-m ${match}`)).toBe(`match ${match.split(' ')[0] ?? ''}`);
  expect(matches(`-p udp -m ${match}`)).toBe(false);
});

test('without br_netfilter there is no port of a bridge to see', () => {
  const ground = withSysctls(GROUND, { 'bridge/bridge-nf-call-iptables': '0' });
  const fields = { inInterface: 'docker0', inPort: 'v1', source: '172.17.0.2', destination: '172.17.0.1' };
  expect(matches('-m physdev --physdev-in v1', fields, ground)).toBe(false);
});
