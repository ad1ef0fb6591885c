import { describe, expect, test } from 'vitest';
import { ownHost, type Knowledge } from '../../../../../src/firewall/iptables/ownership/ownership.ts';
import { hostOf, type RulesByTable } from '../../../../support/text.ts';
import { judge, networkOf, verdictOn, type Verdict } from './verdict.ts';

const MASQUERADE = '-A POSTROUTING -s 172.21.0.0/16 ! -o custom0 -j MASQUERADE';
const masquerade: Verdict = { owner: 'docker', level: 'network', shape: 'masquerade' };
const foreign: Verdict = { owner: 'foreign' };
const engine = (...networks: readonly ReturnType<typeof networkOf>[]): Knowledge => ({
  networks,
  settled: true,
});

describe('whose a bridge is, by its name alone', () => {
  test.each<[bridge: string, verdict: Verdict]>([
    ['docker0', masquerade],
    ['docker_gwbridge', masquerade],
    ['br-0123456789ab', masquerade],
    ['br-0123456789a', foreign],
    ['br-0123456789abc', foreign],
    ['br-0123456789AB', foreign],
    ['br-lan', foreign],
    ['docker1', foreign],
    ['virbr0', foreign],
    ['eth0', foreign],
  ])('%s', (bridge, verdict) => {
    const rule = `-A POSTROUTING -s 172.21.0.0/16 ! -o ${bridge} -j MASQUERADE`;
    expect(judge('nat', rule).verdict).toEqual(verdict);
  });
});

describe('a bridge with a name of its own', () => {
  test.each<[what: string, beside: RulesByTable]>([
    ['a jump to DOCKER in FORWARD', { filter: ['-A FORWARD -o custom0 -j DOCKER'] }],
    ['a jump to DOCKER in DOCKER-BRIDGE', { filter: ['-A DOCKER-BRIDGE -o custom0 -j DOCKER'] }],
    [
      'DOCKER-CT',
      { filter: ['-A DOCKER-CT -o custom0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT'] },
    ],
    [
      'the first isolation chain',
      { filter: ['-A DOCKER-ISOLATION-STAGE-1 -i custom0 ! -o custom0 -j DOCKER-ISOLATION-STAGE-2'] },
    ],
    ['the second isolation chain', { filter: ['-A DOCKER-ISOLATION-STAGE-2 -o custom0 -j DROP'] }],
    ['an internal network', { filter: ['-A DOCKER-INTERNAL ! -s 172.21.0.0/16 -o custom0 -j DROP'] }],
    [
      'an open port',
      { filter: ['-A DOCKER -d 172.21.0.2/32 ! -i custom0 -o custom0 -p tcp -m tcp --dport 80 -j ACCEPT'] },
    ],
    ['closed ports', { filter: ['-A DOCKER ! -i custom0 -o custom0 -j DROP'] }],
    [
      'a published port',
      { nat: ['-A DOCKER ! -i custom0 -p tcp -m tcp --dport 8082 -j DNAT --to-destination 172.21.0.2:80'] },
    ],
  ])('is Docker’s by corroboration: %s', (_, beside) => {
    expect(judge('nat', MASQUERADE, { beside }).verdict).toEqual(masquerade);
  });

  test.each<[what: string, beside: RulesByTable]>([
    ['nothing', {}],
    ['a rule that others write too', { filter: ['-A FORWARD -i custom0 -o custom0 -j ACCEPT'] }],
    [
      'another rule of its own doubtful kind',
      { nat: ['-A POSTROUTING -o custom0 -m addrtype --src-type LOCAL -j MASQUERADE'] },
    ],
    ['a rule users write into nat DOCKER', { nat: ['-A DOCKER -i custom0 -j RETURN'] }],
    ['a rule users write into DOCKER-FORWARD', { filter: ['-A DOCKER-FORWARD -i custom0 -j ACCEPT'] }],
    ['DOCKER-USER', { filter: ['-A DOCKER-USER -i custom0 -j ACCEPT'] }],
    [
      'a DNAT without a bridge',
      { nat: ['-A DOCKER -p tcp -m tcp --dport 8082 -j DNAT --to-destination 172.21.0.2:80'] },
    ],
  ])('is undecided where the text shows only %s', (_, beside) => {
    const { verdict, undecided } = judge('nat', MASQUERADE, { beside });
    expect(verdict).toEqual(foreign);
    expect(undecided).toMatchObject([
      { family: 'ipv4', table: 'nat', chain: 'POSTROUTING', rule: MASQUERADE },
    ]);
    expect(undecided[0]?.reason).toContain('custom0');
  });

  test('the rules of one family corroborate those of the other', () => {
    const rule = '-A POSTROUTING -s fd00:1::/64 ! -o custom0 -j MASQUERADE';
    const owned = ownHost(hostOf({ filter: ['-A FORWARD -o custom0 -j DOCKER'] }, { nat: [rule] }));
    expect(verdictOn(owned, 'ipv6', 'nat', rule)).toEqual(masquerade);
  });

  test.each<[what: string, knowledge: Knowledge, verdict: Verdict, undecided: number]>([
    ['the Engine knows it', engine(networkOf('custom0', ['172.21.0.0/16'])), masquerade, 0],
    [
      'the Engine gives it the subnet in other words',
      engine(networkOf('custom0', ['172.21.7.1/16'])),
      masquerade,
      0,
    ],
    [
      'the Engine gives it both families',
      engine(networkOf('custom0', ['fd00::/64', '172.21.0.0/16'])),
      masquerade,
      0,
    ],
    ['the Engine gives it another subnet', engine(networkOf('custom0', ['172.22.0.0/16'])), foreign, 0],
    ['the Engine knows other bridges', engine(networkOf('other0', ['172.21.0.0/16'])), foreign, 0],
    ['the Engine knows none', engine(), foreign, 0],
    ['a baseline knew it', { networks: [networkOf('custom0', ['172.21.0.0/16'])] }, masquerade, 0],
    [
      'a baseline knew it with another subnet',
      { networks: [networkOf('custom0', ['172.22.0.0/16'])] },
      masquerade,
      0,
    ],
    ['a baseline did not know it', { networks: [networkOf('other0', [])] }, foreign, 1],
    [
      'the very rule was recorded',
      { recorded: (_family, _table, rule) => rule.text === MASQUERADE },
      masquerade,
      0,
    ],
    [
      'another rule was recorded',
      { recorded: (_family, _table, rule) => rule.text !== MASQUERADE },
      foreign,
      1,
    ],
  ])('is settled: %s', (_, knowledge, verdict, undecided) => {
    const judged = judge('nat', MASQUERADE, { knowledge });
    expect(judged.verdict).toEqual(verdict);
    expect(judged.undecided).toHaveLength(undecided);
  });

  test('the litter of a network that is gone is Docker’s by its name, whatever the Engine knows', () => {
    const rule = '-A POSTROUTING -s 172.30.0.0/16 ! -o br-0123456789ab -j MASQUERADE';
    expect(
      judge('nat', rule, { knowledge: engine(networkOf('docker0', ['172.17.0.0/16'])) }).verdict,
    ).toEqual(masquerade);
  });
});

describe('a network’s settings speak against a rule in Docker’s words', () => {
  const HOST_IPV4 = { 'com.docker.network.host_ipv4': '192.0.2.10' };
  const HOST_IPV6 = { 'com.docker.network.host_ipv6': '2001:db8::10' };
  const NO_MASQUERADE = { 'com.docker.network.bridge.enable_ip_masquerade': 'false' };
  const V4 = '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j';
  const V6 = '-A POSTROUTING -s fd00::/64 ! -o docker0 -j';
  const HAIRPIN = '-A POSTROUTING -o docker0 -m addrtype --src-type LOCAL -j';

  test.each<[rule: string, options: Readonly<Record<string, string>>, owner: 'docker' | 'foreign']>([
    [`${V4} MASQUERADE`, {}, 'docker'],
    [`${V4} MASQUERADE`, { 'com.docker.network.bridge.enable_ip_masquerade': 'true' }, 'docker'],
    [`${V4} MASQUERADE`, NO_MASQUERADE, 'foreign'],
    [`${V4} MASQUERADE`, { 'com.docker.network.bridge.enable_ip_masquerade': '0' }, 'foreign'],
    [`${V4} MASQUERADE`, HOST_IPV4, 'foreign'],
    [`${V4} MASQUERADE`, HOST_IPV6, 'docker'],
    [`${V4} SNAT --to-source 192.0.2.10`, HOST_IPV4, 'docker'],
    [`${V4} SNAT --to-source 192.0.2.11`, HOST_IPV4, 'foreign'],
    [`${V4} SNAT --to-source 192.0.2.10`, {}, 'foreign'],
    [`${V6} SNAT --to-source 2001:db8::10`, HOST_IPV6, 'docker'],
    [`${V6} MASQUERADE`, HOST_IPV4, 'docker'],
    [`${V6} MASQUERADE`, HOST_IPV6, 'foreign'],
    // The hairpin rule stands there even where masquerading is off.
    [`${HAIRPIN} MASQUERADE`, NO_MASQUERADE, 'docker'],
    [`${HAIRPIN} SNAT --to-source 192.0.2.10`, HOST_IPV4, 'docker'],
    [`${HAIRPIN} SNAT --to-source 192.0.2.10`, {}, 'foreign'],
  ])('%s with %j: %s', (rule, options, owner) => {
    const docker0 = networkOf('docker0', ['172.17.0.0/16', 'fd00::/64'], options);
    const family = rule.includes('fd00') ? 'ipv6' : 'ipv4';
    expect(judge('nat', rule, { family, knowledge: engine(docker0) }).verdict.owner).toBe(owner);
  });

  test.each<[options: Readonly<Record<string, string>>, owner: 'docker' | 'foreign']>([
    [{ 'com.docker.network.bridge.trusted_host_interfaces': 'eth1' }, 'docker'],
    [{ 'com.docker.network.bridge.trusted_host_interfaces': 'eth0:eth1' }, 'docker'],
    [{ 'com.docker.network.bridge.trusted_host_interfaces': 'eth0' }, 'foreign'],
    [{}, 'foreign'],
  ])('raw ACCEPT for eth1 with %j: %s', (options, owner) => {
    const rule = '-A PREROUTING -d 172.17.0.2/32 -i eth1 -j ACCEPT';
    const beside = { raw: ['-A PREROUTING -d 172.17.0.2/32 ! -i docker0 -j DROP'] };
    const knowledge = engine(
      networkOf('other0', ['172.18.0.0/16']),
      networkOf('docker0', ['172.17.0.0/16'], options),
    );
    expect(judge('raw', rule, { beside, knowledge }).verdict.owner).toBe(owner);
  });
});

describe('rules of single bridges in FORWARD belong to Engines before 28', () => {
  const ICC = '-A FORWARD -i docker0 -o docker0 -j ACCEPT';

  test.each<[what: string, beside: readonly string[], owner: 'docker' | 'foreign']>([
    ['alone', [], 'docker'],
    [
      'beside the jumps of 20.10',
      ['-A FORWARD -j DOCKER-USER', '-A FORWARD -j DOCKER-ISOLATION-STAGE-1'],
      'docker',
    ],
    ['beside the jump of 28', ['-A FORWARD -j DOCKER-FORWARD'], 'foreign'],
    [
      'left over from an upgrade',
      ['-A FORWARD -j DOCKER-FORWARD', '-A FORWARD -o docker0 -j DOCKER'],
      'docker',
    ],
    [
      'beside what another bridge left over',
      ['-A FORWARD -j DOCKER-FORWARD', '-A FORWARD -o docker_gwbridge -j DOCKER'],
      'foreign',
    ],
  ])('%s: %s', (_, filter, owner) => {
    expect(judge('filter', ICC, { beside: { filter } }).verdict.owner).toBe(owner);
  });

  test.each<[what: string, beside: readonly string[], owner: 'docker' | 'foreign']>([
    ['with 28.0.0’s sets', ['-A FORWARD -m set --match-set docker-ext-bridges-v4 dst -j DOCKER'], 'docker'],
    ['without them', ['-A FORWARD -o docker0 -j DOCKER'], 'foreign'],
  ])('-i docker0 -j ACCEPT %s: %s, and not worth a doubt', (_, filter, owner) => {
    const { verdict, undecided } = judge('filter', '-A FORWARD -i docker0 -j ACCEPT', { beside: { filter } });
    expect(verdict.owner).toBe(owner);
    expect(undecided).toEqual([]);
  });
});

describe('rules of single endpoints need a rule that shows the endpoint', () => {
  // prettier-ignore
  test.each<[table: string, rule: string, beside: RulesByTable]>([
    ['nat', '-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.2/32 -p tcp -m tcp --dport 80 -j MASQUERADE', { nat: ['-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.3:80'] }],
    ['nat', '-A POSTROUTING -s 172.17.0.2/32 -d 172.17.0.3/32 -p tcp -m tcp --dport 80 -j MASQUERADE', { nat: ['-A DOCKER -p tcp -m tcp --dport 8080 -j DNAT --to-destination 172.17.0.2:80'] }],
    ['raw', '-A PREROUTING -d 172.17.0.2/32 -i eth1 -j ACCEPT', { raw: ['-A PREROUTING -d 172.17.0.2/32 ! -i eth0 -j DROP'] }],
    ['raw', '-A PREROUTING -d 127.0.0.1/32 ! -i lo -p tcp -m tcp --dport 9001 -j DROP', { nat: ['-A DOCKER -p tcp -m tcp --dport 9001 -j DNAT --to-destination 172.17.0.2:80'] }],
    ['raw', '-A PREROUTING -d 127.0.0.1/32 ! -i lo -p udp -m udp --dport 9001 -j DROP', { nat: ['-A DOCKER -d 127.0.0.1/32 -p tcp -m tcp --dport 9001 -j DNAT --to-destination 172.17.0.2:80'] }],
    ['mangle', '-A POSTROUTING -p sctp -m sctp --sport 80 -j CHECKSUM --checksum-fill', { nat: ['-A DOCKER -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80'] }],
    ['mangle', '-A POSTROUTING -p sctp -m sctp --sport 9899 -j CHECKSUM --checksum-fill', { nat: ['-A DOCKER -p sctp -m sctp --dport 9899 -j DNAT --to-destination 172.17.0.2:3868'] }],
  ])('%s %s beside %j', (table, rule, beside) => {
    expect(judge(table, rule, { beside }).verdict.owner).toBe('foreign');
  });
});
