import { describe, expect, test } from 'vitest';
import { ownHost } from '../../../../../src/firewall/iptables/ownership/ownership.ts';
import { hostOf, type RulesByTable } from '../../../../support/text.ts';
import { judge, verdictOn } from './verdict.ts';

describe("a user's rule in one of Docker's own chains stays the user's, and is named", () => {
  // prettier-ignore
  test.each<[table: string, rule: string, beside?: RulesByTable]>([
    // Advice of the time before DOCKER-USER.
    ['filter', '-A DOCKER ! -s 198.51.100.0/24 -i eth0 -j DROP'],
    ['filter', '-A DOCKER -i eth0 -p tcp -m tcp --dport 80 -j DROP'],
    ['filter', '-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -m comment --comment x -j ACCEPT'],
    ['filter', '-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o br-0123456789ab -p tcp -m tcp --dport 80 -j ACCEPT'],
    ['filter', '-A DOCKER -d 172.17.0.2/32 ! -i docker0 -o docker0 -p tcp -m udp --dport 80 -j ACCEPT'],
    ['filter', '-A DOCKER -d 172.17.0.0/24 ! -i docker0 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT'],
    ['filter', '-A DOCKER -j LOG --log-prefix "docker "'],
    ['filter', '-A DOCKER -j DOCKER-USER'],
    ['filter', '-A DOCKER -s 198.51.100.7/32 -j DOCKER-BRIDGE'],
    ['filter', '-A DOCKER -j f2b-docker'],
    ['filter', '-A DOCKER-FORWARD -i eth0 -o docker0 -j ACCEPT'],
    ['filter', '-A DOCKER-FORWARD -i wg0 -j ACCEPT'],
    ['filter', '-A DOCKER-FORWARD -i wg0 -o wg0 -j ACCEPT'],
    ['filter', '-A DOCKER-FORWARD -j DOCKER-USER'],
    ['filter', '-A DOCKER-FORWARD -j ACCEPT'],
    ['filter', '-A DOCKER-ISOLATION-STAGE-1 -i docker0 -o br-0123456789ab -j RETURN'],
    ['filter', '-A DOCKER-ISOLATION-STAGE-1 -o wg0 -j RETURN'],
    ['filter', '-A DOCKER-ISOLATION-STAGE-1 ! -s 172.20.0.0/16 -i docker0 -j DROP'],
    ['filter', '-A DOCKER-ISOLATION-STAGE-1 ! -s 172.20.0.0/16 ! -i eth0 -o docker0 -j DROP'],
    ['filter', '-A DOCKER-ISOLATION-STAGE-2 -i docker0 -o br-0123456789ab -j ACCEPT'],
    ['filter', '-A DOCKER-INGRESS -s 198.51.100.7/32 -j DROP'],
    ['filter', '-A DOCKER-CT -j ACCEPT'],
    ['filter', '-A DOCKER-OVERLAY -j f2b-docker'],
    ['nat', '-A DOCKER -i wg0 -j RETURN'],
    ['nat', '-A DOCKER -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080'],
    ['nat', '-A DOCKER -s 10.0.0.0/8 -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80'],
    ['nat', '-A DOCKER -p tcp -m tcp --dport 80 -j DNAT --to-destination 172.17.0.2:80 --random'],
    ['nat', '-A DOCKER-INGRESS -p tcp -m tcp --dport 80 -j ACCEPT'],
  ])('%s %s', (table, rule, beside = {}) => {
    const { verdict, undecided } = judge(table, rule, { beside });
    expect(verdict).toEqual({ owner: 'foreign' });
    expect(undecided).toMatchObject([{ family: 'ipv4', table, chain: rule.split(' ')[1], rule }]);
  });

  test('also where the Engine was asked: Docker will delete it all the same', () => {
    const rule = '-A DOCKER-FORWARD -i wg0 -j ACCEPT';
    const { undecided } = judge('filter', rule, { knowledge: { networks: [], settled: true } });
    expect(undecided).toHaveLength(1);
  });
});

describe("DOCKER-USER is Docker's chain with the user's content", () => {
  test.each([
    '-A DOCKER-USER -i eth0 ! -s 198.51.100.0/24 -j DROP',
    '-A DOCKER-USER -j ufw-user-forward',
    '-A DOCKER-USER -j RETURN -s 10.0.0.0/8',
    '-A DOCKER-USER -s 10.0.0.0/8 -j RETURN',
    '-A DOCKER-USER -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -d 172.16.0.0/12 -j ufw-docker-logging-deny',
    '-A DOCKER-USER -m comment --comment "mine" -j RETURN',
    '-A DOCKER-USER -g f2b-docker',
    '-A DOCKER-USER -i docker0 -o docker0 -j ACCEPT',
  ])('%s', (rule) => {
    const { verdict, undecided } = judge('filter', rule);
    expect(verdict).toEqual({ owner: 'shared', level: 'daemon' });
    expect(undecided).toEqual([]);
  });

  test('the chain is shared even when it is empty', () => {
    const { families } = ownHost(hostOf({ filter: ['-A FORWARD -j DOCKER-USER'] }));
    expect(families.ipv4.get('filter')?.get('DOCKER-USER')).toMatchObject({
      owner: 'shared',
      level: 'daemon',
      rules: [],
    });
  });

  test('of several RETURNs the last one is Docker’s: one before it is the user’s, who ends the chain there', () => {
    const own = '-A DOCKER-USER -s 10.0.0.0/8 -j DROP';
    const again = '-A DOCKER-USER -j RETURN';
    const { families } = ownHost(hostOf({ filter: ['-A FORWARD -j DOCKER-USER', again, own, again] }));
    const rules = families.ipv4.get('filter')?.get('DOCKER-USER')?.rules;
    expect(rules?.map(({ owner }) => owner)).toEqual(['shared', 'shared', 'docker']);
  });

  test('a chain of that name in another table is nobody’s we know', () => {
    const { verdict } = judge('nat', '-A DOCKER-USER -j RETURN', {
      beside: { nat: ['-A PREROUTING -j DOCKER-USER'] },
    });
    expect(verdict).toEqual({ owner: 'foreign' });
  });
});

describe('a chain of an Engine newer than this program', () => {
  const reached = ['-A FORWARD -j DOCKER-FORWARD', '-A DOCKER-FORWARD -j DOCKER-NEW'];
  const own = (rules: readonly string[]) => ownHost(hostOf({ filter: rules }));

  test.each<[what: string, rules: readonly string[]]>([
    ['reached from DOCKER-FORWARD', [...reached, '-A DOCKER-NEW -i docker0 -j ACCEPT']],
    [
      'reached over another new one',
      [...reached, '-A DOCKER-NEW -i docker0 -j DOCKER-NEWER', '-A DOCKER-NEWER -j DROP'],
    ],
    [
      'reached under a condition no Engine we know writes',
      ['-A DOCKER-FORWARD -m mark --mark 0x5 -j DOCKER-NEW', '-A DOCKER-NEW -j DROP'],
    ],
  ])('%s is Docker’s, and marked as new', (_, rules) => {
    const { families, undecided } = own(rules);
    const chains = families.ipv4.get('filter');
    expect(chains?.get('DOCKER-NEW')).toMatchObject({ owner: 'docker', level: 'daemon', unknown: true });
    expect(chains?.get('DOCKER-NEW')?.rules.map(({ owner }) => owner)).toEqual(['docker']);
    expect(chains?.get('DOCKER-NEWER')?.unknown ?? true).toBe(true);
    expect(chains?.get('DOCKER-FORWARD')?.unknown ?? false).toBe(false);
    expect(undecided).toEqual([]);
  });

  test('the jump that leads to it is Docker’s too', () => {
    expect(verdictOn(own(reached), 'ipv4', 'filter', '-A DOCKER-FORWARD -j DOCKER-NEW')).toEqual({
      owner: 'docker',
      level: 'daemon',
    });
  });

  test.each([
    '-A DOCKER-NEW -m comment --comment "mine" -j ACCEPT',
    '-A DOCKER-NEW -m multiport -p tcp --dports 80,443 -j ACCEPT',
    '-A DOCKER-NEW -j REJECT --reject-with icmp-port-unreachable',
    '-A DOCKER-NEW -j LOG',
    '-A DOCKER-NEW -m limit --limit 1/sec -j ACCEPT',
  ])('what no Engine ever writes is foreign there too: %s', (rule) => {
    const owned = own([...reached, rule]);
    expect(verdictOn(owned, 'ipv4', 'filter', rule)).toEqual({ owner: 'foreign' });
    expect(owned.undecided).toMatchObject([{ chain: 'DOCKER-NEW', rule }]);
  });

  test.each<[what: string, table: string, rules: readonly string[]]>([
    ['nothing leads to it', 'filter', ['-A DOCKER-NEW -j DROP', '-A DOCKER -j RETURN']],
    ['a user leads to it', 'filter', ['-A INPUT -j DOCKER-NEW', '-A DOCKER-NEW -j DROP']],
    [
      'DOCKER-USER leads to it, whose content is the user’s',
      'filter',
      ['-A DOCKER-USER -j DOCKER-NEW', '-A DOCKER-NEW -j DROP'],
    ],
    [
      'a goto leads to it, which no Engine writes',
      'filter',
      ['-A DOCKER -g DOCKER-NEW', '-A DOCKER-NEW -j DROP'],
    ],
    [
      'a rule with a comment leads to it',
      'filter',
      ['-A DOCKER -m comment --comment x -j DOCKER-NEW', '-A DOCKER-NEW -j DROP'],
    ],
    [
      'its table holds none of Docker’s chains',
      'mangle',
      ['-A FORWARD -j DOCKER-NEW', '-A DOCKER-NEW -j DROP'],
    ],
  ])('is foreign and undecided where %s', (_, table, rules) => {
    const { families, undecided } = ownHost(hostOf({ [table]: rules }));
    expect(families.ipv4.get(table)?.get('DOCKER-NEW')).toBeUndefined();
    expect(undecided.filter(({ rule }) => rule === undefined)).toMatchObject([
      { family: 'ipv4', table, chain: 'DOCKER-NEW' },
    ]);
  });

  test.each(['DOCKER_OUTPUT', 'DOCKERD', 'docker-new', 'DOCKER1', 'MY-DOCKER'])(
    '%s is no such name',
    (chain) => {
      const rules = [`-A DOCKER -j ${chain}`, `-A ${chain} -j DROP`];
      const { families, undecided } = own(rules);
      expect(families.ipv4.get('filter')?.get(chain)).toBeUndefined();
      expect(undecided).toMatchObject([{ chain: 'DOCKER', rule: rules[0] }]);
    },
  );
});

describe('overlay networks of Engines up to 23 on ancient kernels', () => {
  const rules = [
    '-A FORWARD -j DOCKER-OVERLAY',
    '-A DOCKER-OVERLAY -o br-0123456789ab -j 0123456789ab',
    '-A 0123456789ab -j DROP',
  ];

  test('a network’s chain is Docker’s, but nothing new', () => {
    const { families, undecided } = ownHost(hostOf({ filter: rules }));
    const chains = [...(families.ipv4.get('filter')?.values() ?? [])].filter(
      ({ owner }) => owner === 'docker',
    );
    expect(chains.map(({ name, level, unknown }) => [name, level, unknown])).toEqual([
      ['DOCKER-OVERLAY', 'overlay', false],
      ['0123456789ab', 'overlay', false],
    ]);
    expect(chains.flatMap((chain) => chain.rules.map(({ level }) => level))).toEqual(['overlay', 'overlay']);
    expect(undecided).toEqual([]);
  });

  test('a chain of such a name that DOCKER-OVERLAY does not lead to is foreign', () => {
    const { families } = ownHost(
      hostOf({ filter: ['-A DOCKER -j 0123456789ab', '-A 0123456789ab -j DROP'] }),
    );
    expect(families.ipv4.get('filter')?.get('0123456789ab')).toBeUndefined();
  });
});
