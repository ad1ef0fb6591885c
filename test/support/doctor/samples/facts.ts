import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Facts } from '../../../../src/doctor/facts/facts.ts';
import { parseSave } from '../../../../src/firewall/iptables/text/parse.ts';

const FOLDER = path.resolve(import.meta.dirname, '../../../fixtures/engine-28.5-plain');
const save = (family: string): string => readFileSync(path.join(FOLDER, `${family}.save`), 'latin1');
const rules = { ipv4: parseSave(save('ipv4')).ruleset, ipv6: parseSave(save('ipv6')).ruleset };

/** Facts of a host with one container, its rules recorded from a real Engine, and an address in every corner. */
export const FACTS: Facts = {
  engine: {
    answered: true,
    version: '28.5.2',
    socket: '/run/docker.sock',
    liveRestore: false,
    firewallBackend: 'iptables',
    userlandProxy: true,
    facts: {},
    log: ['level=warning msg="rule -s 172.17.0.2/32 caf\u00c3\u00a9 \u001b[2J refused by edge-03"'],
  },
  drift: {
    rules: 2,
    baseline: undefined,
    findings: [
      {
        kind: 'missing',
        severity: 'outage',
        family: 'ipv4',
        table: 'nat',
        chain: 'POSTROUTING',
        rule: '-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
        consequence: 'containers of 172.17.0.0/16 reach nothing outside',
      },
    ],
  },
  owned: undefined,
  variant: 'nft',
  leftovers: [],
  netState: {
    rulesets: [{ variant: 'nft', rules }],
    sets: new Map([
      [
        'blocked',
        { name: 'blocked', type: 'hash:ip', family: 'ipv4', members: ['203.0.113.9', '203.0.113.0/24'] },
      ],
    ]),
    natives: [
      {
        table: 'inet own',
        text: 'table inet own {\n  set s { elements = { 198.51.100.1, 2001:db8::5 } }\n}\n',
      },
    ],
    links: [
      {
        name: 'eth0',
        index: 2,
        peerIndex: 0,
        kind: '',
        master: '',
        up: true,
        carrier: true,
        mtu: 1500,
        mac: '52:54:00:ab:cd:ef',
        portState: '',
        addresses: [{ family: 'ipv4', address: '192.0.2.10', length: 24, scope: 'global' }],
      },
    ],
    routes: [
      {
        family: 'ipv4',
        table: 'main',
        type: 'unicast',
        to: '0.0.0.0/0',
        via: '192.0.2.1',
        dev: 'eth0',
        metric: 100,
        prefSource: '192.0.2.10',
        flags: [],
      },
    ],
    routeRules: [
      { family: 'ipv4', priority: 100, table: 'vpn', fields: { src: '172.17.0.0', srclen: '16' } },
    ],
    sysctls: new Map([['ipv4/ip_forward', '1']]),
  },
  networks: [],
  containers: [
    {
      id: '1c9d0a2b3c4d',
      name: 'web',
      state: 'running',
      status: 'Up 3 minutes',
      networkMode: 'bridge',
      attachments: [
        {
          network: 'bridge',
          networkId: '5f2a9c81d0e4',
          ipv4: '172.17.0.2',
          ipv6: '',
          gateway: '172.17.0.1',
          gateway6: '',
          mac: '02:42:ac:11:00:02',
        },
      ],
      requestedPorts: [{ proto: 'tcp', port: 80, hostIp: '', hostPort: 8080 }],
      exposed: [],
      inside: {
        netns: '/proc/4711/ns/net',
        links: [],
        routes: [],
        listeners: [{ proto: 'tcp', address: '172.17.0.2', port: 80 }],
        resolvers: ['192.0.2.53'],
        ownRules: [{ variant: 'nft', rules }],
        sysctls: new Map([['ipv4/ip_forward', '0']]),
      },
    },
  ],
  ports: [],
  conntrack: { count: 4120, max: 262_144 },
  conntrackDrops: 0,
  listeners: [{ proto: 'tcp', address: '192.0.2.10', port: 22 }],
  proxies: [
    { proto: 'tcp', hostIp: '0.0.0.0', hostPort: 8080, containerIp: '172.17.0.2', containerPort: 80 },
  ],
  managers: ['ufw'],
};
