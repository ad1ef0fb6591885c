import { describe, expect, test } from 'vitest';
import { ownHost } from '../../../src/firewall/iptables/ownership/ownership.ts';
import { parseSave } from '../../../src/firewall/iptables/text/parse.ts';
import { localPortsIn, lossOf } from '../../../src/reconcile/consequence.ts';
import { isDamage } from '../../../src/reconcile/finding.ts';
import { findingsOf } from '../../../src/reconcile/findings.ts';
import type { Surroundings } from '../../../src/reconcile/known-names.ts';
import { bridgeNetwork, defaultBridge } from '../../support/recorded/inventories.ts';
import { ownRule } from '../../support/own-rule.ts';

const front = bridgeNetwork('front');
const A = front.bridge;
const overlay = bridgeNetwork('secret', { driver: 'overlay', bridge: '', vnis: [4097] });
const SURROUNDINGS: Surroundings = {
  networks: [defaultBridge(), front, overlay],
  containers: [
    { address: '172.17.0.2', container: 'web' },
    { address: '172.18.0.3', container: 'db' },
    { address: '172.18.0.4', container: 'app' },
    { address: 'fd00:a::2', container: 'web' },
  ],
  userlandProxy: true,
};

const CT = '-m conntrack --ctstate RELATED,ESTABLISHED';
const TCP = '-p tcp -m tcp';
const U32 = '-m udp --dport 4789 -m u32 --u32 "0x0>>0x16&0x3c@0xc&0xffffff00=0x100100"';
const bpf = (code: string) => `-m udp --dport 4789 -m bpf --bytecode "${code},6 0 0 0,6 0 0 4294967295"`;
const OLD_BPF = bpf('6,177 0 0 0,64 0 0 12,84 0 0 4294967040,21 1 0 1048832');
const NEW_BPF = bpf('7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 4097');
const UNKNOWN_BPF = bpf('7,32 0 0 4294963252,7 0 0 0,64 0 0 4,116 0 0 8,21 1 0 4099');

/** Each consequence names the container, the network and the port, as far as the rule has them. */
// prettier-ignore
const TOLD: readonly (readonly [table: string, rule: string, names: readonly string[]])[] = [
  ['nat', `-A DOCKER ! -i docker0 ${TCP} --dport 8080 -j DNAT --to-destination 172.17.0.2:80`, ['8080/tcp', 'web (172.17.0.2:80)', '172.17.0.1']],
  ['nat', `-A DOCKER -d 127.0.0.1/32 ! -i docker0 ${TCP} --dport 8080 -j DNAT --to-destination 172.17.0.2:80`, ['127.0.0.1:8080/tcp', 'web (172.17.0.2:80)']],
  ['nat', `-A DOCKER ! -s fe80::/10 -d 2001:db8::7/128 ! -i ${A} ${TCP} --dport 8080 -j DNAT --to-destination [fd00:a::2]:80`, ['[2001:db8::7]:8080/tcp', 'web ([fd00:a::2]:80)']],
  ['nat', `-A POSTROUTING -s 172.18.0.3/32 -d 172.18.0.3/32 ${TCP} --dport 5432 -j MASQUERADE`, ['db (172.18.0.3)', '5432/tcp']],
  ['nat', `-A POSTROUTING -s 172.18.0.0/16 ! -o ${A} -j MASQUERADE`, ['network front', '172.18.0.0/16']],
  ['nat', `-A POSTROUTING -o ${A} -m addrtype --src-type LOCAL -j MASQUERADE`, ['network front']],
  ['nat', `-A DOCKER -i ${A} -j RETURN`, ['network front']],
  ['filter', `-A DOCKER -d 172.18.0.3/32 ! -i ${A} -o ${A} ${TCP} --dport 5432 -j ACCEPT`, ['db (172.18.0.3:5432)', 'tcp', 'network front']],
  ['filter', `-A DOCKER -s 172.18.0.4/32 -d 172.18.0.3/32 -i ${A} -o ${A} ${TCP} --dport 5432 -j ACCEPT`, ['app (172.18.0.4)', 'db (172.18.0.3)', '5432/tcp']],
  ['filter', `-A DOCKER ! -i ${A} -o ${A} -j DROP`, ['network front']],
  ['filter', `-A DOCKER-BRIDGE -o ${A} -j DOCKER`, ['network front']],
  ['filter', `-A DOCKER-CT -o ${A} ${CT} -j ACCEPT`, ['network front']],
  ['filter', `-A DOCKER-FORWARD -i ${A} -j ACCEPT`, ['network front']],
  ['filter', `-A DOCKER-FORWARD -i ${A} -o ${A} -j DROP`, ['network front', 'icc=false']],
  ['filter', `-A FORWARD -o ${A} -j DOCKER`, ['network front']],
  ['filter', `-A FORWARD -i ${A} -o ${A} -j DROP`, ['network front', 'icc=false']],
  ['filter', `-A DOCKER-ISOLATION-STAGE-2 -o ${A} -j DROP`, ['network front', 'isolation']],
  ['filter', `-A DOCKER-INTERNAL ! -s 172.18.0.0/16 -o ${A} -j DROP`, ['internal network front']],
  ['filter', '-A FORWARD -j DOCKER-USER', ['DOCKER-USER']],
  ['raw', `-A PREROUTING -d 172.18.0.3/32 ! -i ${A} -j DROP`, ['db (172.18.0.3)', 'network front']],
  ['raw', `-A PREROUTING -d 172.18.0.3/32 ! -i ${A} ${TCP} --dport 5432 -j DROP`, ['db (172.18.0.3:5432)', 'tcp', 'network front']],
  ['raw', '-A PREROUTING -d 172.18.0.3/32 -i eth1 -j ACCEPT', ['db (172.18.0.3)', 'eth1']],
  ['raw', `-A PREROUTING -d 127.0.0.1/32 ! -i lo ${TCP} --dport 8080 -j DROP`, ['127.0.0.1:8080/tcp']],
  ['mangle', '-A POSTROUTING -p sctp -m sctp --sport 9 -j CHECKSUM --checksum-fill', ['SCTP', 'port 9']],
  ['nat', `-A DOCKER-INGRESS ${TCP} --dport 8081 -j DNAT --to-destination 172.18.0.2:8081`, ['8081/tcp']],
  ['mangle', `-A OUTPUT -p udp ${U32} -j MARK --set-xmark 0xd0c4e3/0xffffffff`, ['overlay secret (VNI 4097)', 'unencrypted']],
  ['mangle', `-A OUTPUT -p udp ${OLD_BPF} -j MARK --set-xmark 0xd0c4e3/0xffffffff`, ['overlay secret (VNI 4097)']],
  ['filter', `-A INPUT -p udp -m policy --dir in --pol none ${NEW_BPF} -j DROP`, ['overlay secret (VNI 4097)', 'accepted']],
  ['filter', `-A INPUT -p udp ${UNKNOWN_BPF} -j DROP`, ['overlay (VNI 4099)']],
];

test.each(TOLD)('%s %s', (table, rule, names) => {
  const { text } = lossOf(ownRule(table, rule), SURROUNDINGS);
  for (const name of names) expect(text).toContain(name);
  expect(text).not.toMatch(/(\b\w+\b) \1\b/);
  // A line of a report, not a page.
  expect(text.length).toBeLessThan(180);
});

describe('without docker-proxy nothing hides a lost translation', () => {
  test.each(['-A PREROUTING', '-A OUTPUT'])('%s', (chain) => {
    const jump = ownRule('nat', `${chain} -m addrtype --dst-type LOCAL -j DOCKER`);
    expect(lossOf(jump, { ...SURROUNDINGS, userlandProxy: false }).text).not.toContain('docker-proxy');
  });

  test('the port’s own', () => {
    const dnat = ownRule('nat', `-A DOCKER ${TCP} --dport 8080 -j DNAT --to-destination 172.17.0.2:80`);
    expect(lossOf(dnat, { ...SURROUNDINGS, userlandProxy: false }).text).toBe(
      'published port 8080/tcp no longer reaches web (172.17.0.2:80) from outside',
    );
  });
});

const read = (text: string) => parseSave(text).ruleset;

describe('a port published on 127.0.0.1 alone was never reached from outside', () => {
  const DNAT = `-A DOCKER -d 127.0.0.1/32 ! -i docker0 ${TCP} --dport 8080 -j DNAT --to-destination 172.17.0.2:80`;
  const OPEN = `-A DOCKER ! -i docker0 ${TCP} --dport 9090 -j DNAT --to-destination 172.17.0.2:80`;
  const dnat = ownRule('nat', DNAT);
  const accept = ownRule(
    'filter',
    `-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 ${TCP} --dport 80 -j ACCEPT`,
  );
  const localPorts = (...rules: readonly string[]) =>
    localPortsIn(
      ownHost({ ipv4: read(`*nat\n:DOCKER - [0:0]\n${rules.join('\n')}\nCOMMIT\n`), ipv6: read('') }),
    );

  test('docker-proxy serves it', () => {
    const { severity, text } = lossOf(dnat, SURROUNDINGS);
    expect(severity).toBe('notice');
    expect(text).toContain('docker-proxy');
  });

  test('without docker-proxy this host no longer reaches it', () => {
    expect(lossOf(dnat, { ...SURROUNDINGS, userlandProxy: false })).toEqual({
      severity: 'outage',
      text: '127.0.0.1:8080/tcp no longer reaches web (172.17.0.2:80) from this host',
    });
  });

  test.each([
    ['only there', [DNAT], 'notice'],
    ['elsewhere too', [DNAT, OPEN], 'outage'],
  ])('the rule that opens it, published %s: %s', (_, rules, severity) => {
    expect(lossOf(accept, { ...SURROUNDINGS, localPorts: localPorts(...rules) }).severity).toBe(severity);
  });
});

test('a name the Engine does not give leaves the address and the bridge', () => {
  const nobody: Surroundings = { networks: [], containers: [], userlandProxy: true };
  const rule = ownRule('filter', `-A DOCKER -d 172.18.0.3/32 ! -i ${A} -o ${A} ${TCP} --dport 80 -j ACCEPT`);
  expect(lossOf(rule, nobody).text).toContain(`172.18.0.3:80, tcp, on network ${A}`);
});

describe('FORWARD’s policy', () => {
  const policy = (was: string, is: string) =>
    findingsOf(
      {
        chains: [],
        policies: [{ family: 'ipv4', table: 'filter', chain: 'FORWARD', was, is }],
        stale: [],
        lostSingly: [],
        undeclared: [],
        extras: [],
        unknownChains: [],
        undecided: [],
      },
      SURROUNDINGS,
    );

  test.each([
    ['DROP', 'ACCEPT', 'exposure'],
    ['ACCEPT', 'DROP', 'outage'],
  ])('%s → %s: %s', (was, is, severity) => {
    const findings = policy(was, is);
    expect(findings.map((finding) => finding.severity)).toEqual([severity]);
    expect(findings.every(isDamage)).toBe(true);
  });
});

test('on Engine 29 a lost raw drop opens the way between networks too', () => {
  const rule = ownRule('raw', `-A PREROUTING -d 172.18.0.3/32 ! -i ${A} -j DROP`);
  expect(lossOf(rule, SURROUNDINGS).text).not.toContain('other networks');
  const { severity, text } = lossOf(rule, { ...SURROUNDINGS, rawIsolates: true });
  expect(severity).toBe('exposure');
  expect(text).toMatch(
    /db \(172\.18\.0\.3\) .*network front .*containers of other networks .*other machines/,
  );
});
