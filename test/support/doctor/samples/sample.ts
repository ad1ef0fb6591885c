import type { Check, Diagnosis, TreeBridge } from '../../../../src/doctor/diagnosis.ts';
import { dropped, FOREIGN, named, outward, packet, through } from './paths.ts';

/** A check with nothing to say, but for what is given. */
export const check = (fields: Partial<Check> & Pick<Check, 'section' | 'code' | 'title'>): Check => ({
  about: '',
  verdict: 'ok',
  meaning: '',
  evidence: [],
  remedies: [],
  ...fields,
});

export const web: TreeBridge = {
  bridge: 'docker0',
  network: 'bridge',
  addresses: ['172.17.0.1/16'],
  state: 'up',
  ports: [
    {
      veth: 'veth1c9d0a2',
      state: 'forwarding',
      container: 'web',
      inside: 'eth0',
      addresses: ['172.17.0.2'],
      published: ['0.0.0.0:8080 → 80/tcp', '[::]:8080 → 80/tcp'],
    },
    {
      veth: 'veth77e01bc',
      state: 'forwarding',
      container: 'metrics',
      inside: 'eth0',
      addresses: ['172.17.0.3'],
      published: [],
    },
  ],
};

const shop: TreeBridge = {
  bridge: 'br-5f2a9c81d0e4',
  network: 'shop_backend',
  addresses: ['172.18.0.1/16', 'fd00:5f2a::1/64'],
  state: 'up',
  ports: [
    {
      veth: 'veth9a8b7c6',
      state: 'forwarding',
      container: 'shop_db_1',
      inside: 'eth0',
      addresses: ['172.18.0.2', 'fd00:5f2a::2'],
      published: ['127.0.0.1:5432 → 5432/tcp'],
    },
  ],
};

export const SETTLED: readonly Check[] = [
  check({ section: 'docker', code: 'engine', title: 'Engine 28.5.2 answers on /run/docker.sock' }),
  check({
    section: 'docker',
    code: 'both-variants',
    title: 'Docker writes its rules with iptables (nft)',
  }),
  check({ section: 'host', code: 'host', title: 'IPv4 and IPv6 forwarding are on' }),
  check({ section: 'host', code: 'host', title: 'conntrack holds 4,120 of 262,144 connections' }),
  check({ section: 'links', code: 'bridge-down', about: 'docker0', title: 'docker0 is up' }),
  check({ section: 'links', code: 'bridge-down', about: 'br-5f2a9c81d0e4', title: 'br-5f2a9c81d0e4 is up' }),
  check({ section: 'container', code: 'service', about: 'web', title: 'web listens on 0.0.0.0:80/tcp' }),
  check({
    section: 'container',
    code: 'service',
    about: 'shop_db_1',
    title: 'shop_db_1 listens on 5432/tcp',
  }),
];

/** A host on which all is well. */
export const HEALTHY: Diagnosis = {
  target: { kind: 'host' },
  subjects: [],
  from: '',
  uplinks: [{ name: 'eth0', addresses: ['192.0.2.10', '2001:db8::10'] }],
  verdict: 'ok',
  causes: [],
  checks: [
    ...SETTLED,
    check({ section: 'rules', code: 'rules', title: "all 31 rules of Docker's are in place" }),
    check({ section: 'path', code: 'paths', about: 'web', title: 'web:8080 is reached from outside' }),
  ],
  paths: [
    named({ name: 'outside → 192.0.2.10:8080/tcp → web:80', path: through }),
    named({ name: 'web → outside', kind: 'outbound', path: outward(true) }),
  ],
  tree: [web, shop],
  engine: '28.5.2',
  firewallBackend: 'iptables',
  variant: 'nft',
};

const LOST = check({
  section: 'rules',
  code: 'rules-lost',
  verdict: 'fail',
  title: "nat POSTROUTING has lost Docker's 2 rules",
  meaning: 'No container reaches anything outside: its packets leave with a private source address.',
  evidence: [
    'missing: -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE',
    'missing: -A POSTROUTING -s 172.18.0.0/16 ! -o br-5f2a9c81d0e4 -j MASQUERADE',
    'ufw was reloaded at 02:51, baseline 20261120T101500Z has both',
  ],
  remedies: [
    { what: "Restore Docker's rules", commands: ['rulesguard restore'] },
    { what: 'Or have dockerd write them anew; containers restart', commands: ['systemctl restart docker'] },
  ],
  impairs: 'all',
});

const STOPPED = check({
  section: 'path',
  code: 'rule-stops',
  about: '0.0.0.0:8080/tcp',
  verdict: 'fail',
  title: 'a rule that is not Docker’s drops what comes to web:8080',
  meaning: 'Nobody outside reaches web; it stands before Docker’s own rules, so those are never asked.',
  evidence: [
    `filter FORWARD, rule 1: ${FOREIGN.text.slice('-A FORWARD '.length)}`,
    'it took 4182 packets, 12 of them in the last second',
  ],
  remedies: [
    {
      what: 'Take the rule out, and out of the file that loads it',
      commands: ['iptables -D FORWARD 1'],
    },
    {
      what: 'Or let web through before it',
      commands: [
        'iptables -I FORWARD -d 172.17.0.2/32 -o docker0 -p tcp -m tcp --dport 80 -j ACCEPT',
        'rulesguard snapshot',
      ],
    },
  ],
  impairs: ['web'],
});

/** The night's incident: POSTROUTING is flushed, and a foreign rule drops what comes to web. */
export const BROKEN: Diagnosis = {
  ...HEALTHY,
  target: { kind: 'container', name: 'web' },
  verdict: 'fail',
  causes: [LOST, STOPPED],
  checks: [
    ...SETTLED,
    check({
      section: 'host',
      code: 'both-variants',
      verdict: 'warn',
      title: 'ufw is active, and no hook of rulesguard is in it',
      meaning: 'Each reload of ufw may cost Docker’s rules.',
      evidence: ['ufw status: active'],
      remedies: [{ what: 'Put the hook in', commands: ['rulesguard hook install ufw'] }],
    }),
    check({
      section: 'container',
      code: 'no-resolver',
      about: 'web',
      verdict: 'unknown',
      title: 'web’s resolv.conf could not be read',
      meaning: 'Whether it asks the right name server is not known.',
      evidence: ['/proc/4711/root/etc/resolv.conf: Permission denied'],
    }),
    LOST,
    STOPPED,
    check({
      section: 'path',
      code: 'not-masqueraded',
      about: 'web',
      verdict: 'fail',
      title: 'web reaches nothing outside',
      evidence: ['leaves eth0 as 172.17.0.2'],
    }),
  ],
  paths: [
    named({ name: 'outside → 192.0.2.10:8080/tcp → web:80', verdict: 'fail', path: dropped }),
    named({
      name: 'web → outside',
      kind: 'outbound',
      verdict: 'fail',
      path: outward(false),
      flaw: 'leaves with its private address 172.17.0.2: no answer finds back',
    }),
    named({ name: 'metrics → web:80', kind: 'same-network', path: through }),
    named({
      name: 'shop_db_1 → web:80',
      kind: 'other-network',
      shouldPass: false,
      path: {
        ...dropped,
        packet: packet({ inInterface: 'br-5f2a9c81d0e4', source: '172.18.0.2', destination: '172.17.0.2' }),
      },
    }),
  ],
};

/** Nothing answers: nothing is known to be broken, and nothing to be well. */
export const DARK: Diagnosis = {
  ...HEALTHY,
  verdict: 'unknown',
  checks: [
    check({
      section: 'docker',
      code: 'engine-down',
      verdict: 'unknown',
      title: 'no Engine answers on /run/docker.sock',
      meaning: 'Which containers and ports there should be is not known.',
      evidence: ['connect /run/docker.sock: ECONNREFUSED'],
      remedies: [{ what: 'See why it does not run', commands: ['systemctl status docker'] }],
    }),
  ],
  paths: [],
  tree: [],
  engine: '',
  firewallBackend: '',
};
